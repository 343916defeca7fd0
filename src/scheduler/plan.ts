// From a schedule that is due to its firing: the tasks, the next due time and the entries of the ledger. Pure; what it
// plans becomes true only if the store still holds what was read (compare-and-set).
// Promises that a schedule which cannot be read does not stop the others, and bounded firings.

import type { Firing } from '../core/cold-verbs.ts'
import type { ScheduleRecord } from '../core/record.ts'
import { BUILT_IN_ORIGIN } from '../core/schedule-put.ts'
import { nextTick, type Rule } from '../core/schedule-rule.ts'
import { tickTask, writeTick, type TickEntry } from '../core/schedule-tick.ts'
import { chooseTicks, type Choice } from '../core/schedule-ticks.ts'
import { readSchedule, type Schedule } from '../core/schedule.ts'

/** Most tasks, and about most bytes of payloads, of one firing; ticks beyond it fire with the next look, at once. */
const MOST_TASKS = 100
const MOST_BYTES = 256 * 1024

/** A schedule that waits is looked at again after a tenth of the time that it waits already, within these bounds. */
const HOLD_LEAST = 1_000
const HOLD_MOST = 15_000
/** One that cannot be read or fired is tried again after this long. */
const FAILED_AGAIN = 60_000

/** A schedule that is due, read. */
export interface Due {
  readonly record: ScheduleRecord
  readonly dueAt: number
  readonly schedule: Schedule
}

/** Reads what is due; what cannot be read is put off. */
export function readDue(record: ScheduleRecord, now: number): Due | Firing {
  const dueAt = record.dueAt ?? now
  try {
    return { record, dueAt, schedule: readSchedule(record.body) }
  } catch (error) {
    return putOff({ name: record.name, version: record.version, dueAt }, now, error)
  }
}

/** Nothing fires, the ledger says why, and the schedule is tried again later. */
export function putOff(of: Pick<Firing, 'name' | 'version' | 'dueAt'>, now: number, error: unknown): Firing {
  const words = error instanceof Error ? error.message : String(error)
  const journal = [writeTick(of.name, now, { outcome: 'failed', error: words.slice(0, 500) })]
  const { name, version, dueAt } = of
  return { name, version, dueAt, nextDueAt: now + FAILED_AGAIN, tasks: [], journal }
}

/**
 * What fires of a schedule now; one that cannot be planned (its time zone is not known to this machine) is put off.
 * @param active a task of an earlier tick that has not ended; null: none, or it does not matter
 */
export function planFiring(due: Due, now: number, active: string | null): Firing {
  try {
    return plan(due, now, active)
  } catch (error) {
    const { record, dueAt } = due
    return putOff({ name: record.name, version: record.version, dueAt }, now, error)
  }
}

function plan({ record, dueAt, schedule }: Due, now: number, active: string | null): Firing {
  const { name, version } = record
  const choice = chooseTicks(schedule.rule, dueAt, now, schedule)
  const { fire, skipped, waits } = spare(choice, schedule, active)
  const most = Math.max(1, Math.min(MOST_TASKS, Math.floor(MOST_BYTES / schedule.task.payload.length)))
  const ticks = fire.slice(0, most)
  const builtIn = schedule.origin === BUILT_IN_ORIGIN
  const tasks = builtIn ? [] : ticks.map((tick) => tickTask(name, schedule, tick))
  const entries: TickEntry[] = [
    ...skipped,
    ...tasks.map(({ id }, i): TickEntry => {
      const tick = ticks[i] ?? now
      return { outcome: 'fired', tick, task: id, late: now - tick }
    }),
  ]
  const next = fire[most] ?? nextTick(schedule.rule, now)
  return {
    name,
    version,
    dueAt,
    nextDueAt: waits === null ? next : holdUntil(schedule.rule, now, waits),
    tasks,
    // Those of built-in ones would bury the others; nothing is lost with one that was missed.
    journal: builtIn ? [] : entries.map((entry) => writeTick(name, now, entry)),
  }
}

interface Spared {
  readonly fire: readonly number[]
  readonly skipped: readonly TickEntry[]
  /** The tick that waits for the end of an earlier task. */
  readonly waits: number | null
}

/** Leaves out what the overlap rule does not let fire. */
function spare(choice: Choice, { overlap }: Schedule, active: string | null): Spared {
  const reason = choice.held ? 'overlap' : 'missed'
  const { fire } = choice
  const missed: TickEntry[] =
    choice.skipped === null ? [] : [{ outcome: 'skipped', reason, task: active, ...choice.skipped }]
  const newest = fire.at(-1)
  if (overlap === 'allow' || newest === undefined) return { fire, skipped: missed, waits: null }
  // One at a time: of several the newest.
  const [from = newest] = fire
  const left = active !== null && overlap === 'skip' ? fire : fire.slice(0, -1)
  const to = left.at(-1)
  const over: TickEntry[] =
    to === undefined
      ? []
      : [{ outcome: 'skipped', reason: 'overlap', task: active, from, to, count: left.length }]
  return {
    fire: active === null ? [newest] : [],
    skipped: [...missed, ...over],
    waits: active !== null && overlap === 'queue' ? newest : null,
  }
}

/**
 * A time between ticks: by that it is known to be one until which the schedule was held back. It comes before the next
 * tick, so that no tick that is passed over goes untold.
 */
function holdUntil(rule: Rule, now: number, tick: number): number {
  const until = now + Math.min(HOLD_MOST, Math.max(HOLD_LEAST, Math.floor((now - tick) / 10)))
  return Math.min(until, (nextTick(rule, now) ?? Number.POSITIVE_INFINITY) - 1)
}
