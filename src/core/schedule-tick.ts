// What a tick becomes: its task, with an id that every scheduler computes alike, and its entry in the ledger of ticks.
// Pure. Promises that one tick of one name is one task, whoever fires it and however often.

import { hash } from 'node:crypto'

import type { NewTask } from './hot-verbs.ts'
import { mintId } from './ids.ts'
import { digestOfTask } from './new-task.ts'
import type { JournalEntry } from './record.ts'
import type { Schedule } from './schedule.ts'
import type { Skipped } from './schedule-ticks.ts'

/** The ledger is this stream of the journal; its keys are the names of schedules. */
export const TICK_STREAM = 'tick'

/** What became of ticks. Times are ms. */
export type TickEntry =
  | { readonly outcome: 'fired'; readonly tick: number; readonly task: string; readonly late: number }
  | ({
      readonly outcome: 'skipped'
      readonly reason: 'missed' | 'overlap'
      /** With `overlap`: the task that has not ended, where it is known. */
      readonly task: string | null
    } & Skipped)
  /** By hand. */
  | { readonly outcome: 'run'; readonly task: string }
  | { readonly outcome: 'failed'; readonly error: string }

/** The task of a tick. */
export function tickTask(name: string, schedule: Schedule, tick: number): NewTask {
  const planned = plannedTime(tick)
  const jitter = jitterOf(name, schedule.jitter, tick)
  const due = jitter === 0 ? { after: 0 } : { at: tick + jitter }
  return taskOf(name, schedule, { id: `${name}@${planned}`, planned, due, minted: false })
}

/** A task outside the plan, that of "run now". */
export function extraTask(name: string, schedule: Schedule, now: number): NewTask {
  return taskOf(name, schedule, { id: mintId(), planned: plannedTime(now), due: { after: 0 }, minted: true })
}

interface Occasion extends Pick<NewTask, 'id' | 'due' | 'minted'> {
  readonly planned: string
}

function taskOf(name: string, { task }: Schedule, { planned, ...own }: Occasion): NewTask {
  const meta = {
    ...(task.meta === null ? {} : (JSON.parse(task.meta) as object)),
    schedule: { name, tick: planned },
  }
  const fields = { ...task, ...own, meta: JSON.stringify(meta), unique: null }
  return {
    ...fields,
    group: null,
    parentId: null,
    rootId: own.id,
    traceContext: null,
    origin: `schedule:${name}`,
    digest: digestOfTask(fields, task.payload),
  }
}

/** ISO-8601 in UTC, without fractions that are zero. */
function plannedTime(ms: number): string {
  return new Date(ms).toISOString().replace('.000Z', 'Z')
}

/** 0 ≤ x < most, the same in every process. */
function jitterOf(name: string, most: number, tick: number): number {
  if (most === 0) return 0
  const share = Number.parseInt(hash('sha256', `${tick}@${name}`, 'hex').slice(0, 12), 16) / 2 ** 48
  return Math.floor(share * most)
}

/** An entry of the ledger. */
export function writeTick(name: string, at: number, entry: TickEntry): JournalEntry {
  return { stream: TICK_STREAM, key: name, at, body: JSON.stringify(entry) }
}

/** Reads an entry; null: this version did not write it. */
export function readTick(body: string): TickEntry | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && 'outcome' in value ? (value as TickEntry) : null
  } catch {
    return null
  }
}
