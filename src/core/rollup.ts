// Roll-ups: what came of tasks, told by each worker now and then as an entry of the journal, so that a rate over a time
// costs as much as there were workers and not as there were tasks. A worker that is killed leaves out its last one.

import type { JournalEntry } from './record.ts'

/** The stream of the journal; its keys are names of workers. */
export const ROLLUP_STREAM = 'rollup'

/** How often a worker tells, in ms; nothing while no task ended. */
export const ROLLUP_EVERY = 30_000

/** How long they are kept, in ms. */
export const ROLLUP_KEEP = 86_400_000

/** Tasks that reached their end since the entry before. */
export interface Rollup {
  readonly succeeded: number
  readonly dead: number
}

/** An entry. */
export function writeRollup(worker: string, at: number, rollup: Rollup): JournalEntry {
  return { stream: ROLLUP_STREAM, key: worker, at, body: JSON.stringify(rollup) }
}

/** Reads an entry; what another version wrote counts nothing. */
export function readRollup(body: string): Rollup {
  try {
    const { succeeded, dead } = JSON.parse(body) as Readonly<Record<keyof Rollup, unknown>>
    if (typeof succeeded === 'number' && typeof dead === 'number') return { succeeded, dead }
  } catch {
    // No JSON: not ours.
  }
  return { succeeded: 0, dead: 0 }
}
