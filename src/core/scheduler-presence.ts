// How schedulers show that they live: a document each, rewritten every few seconds, whose time is engine time. Nothing
// rests on it but what people are told: ticks fire once whoever is listed here.

import type { DocumentRecord } from './record.ts'

/** The kind of these documents; their keys are drawn at each start. */
export const SCHEDULER_DOCUMENT = 'scheduler'

/** How often a scheduler shows itself, and after what silence it counts as dead, in ms. */
export const PRESENCE_EVERY = 10_000
export const PRESENCE_ENDS = 30_000

export interface SchedulerPresence {
  readonly host: string
  readonly pid: number
}

/** Engine time at which it was last seen is the document's own. */
export function writePresence(presence: SchedulerPresence): string {
  return JSON.stringify(presence)
}

/** Reads a body; what cannot be read has an unknown host. */
export function readPresence({ body }: Pick<DocumentRecord, 'body'>): SchedulerPresence {
  try {
    const value: unknown = JSON.parse(body)
    const { host, pid } = value as Readonly<Record<keyof SchedulerPresence, unknown>>
    if (typeof host === 'string' && typeof pid === 'number') return { host, pid }
  } catch {
    // Of another version: it lives all the same.
  }
  return { host: 'unknown', pid: 0 }
}
