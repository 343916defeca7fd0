// Which ticks of a schedule fire now: those that are planned and not fired yet, judged by how late they are. Pure.
// Promises that every tick is either fired or told as skipped, and a bound on both. Leaves whether the task before has
// ended (overlap) to the scheduler, which can look.

import { WindlassError } from './errors.ts'
import { show } from './duration.ts'
import { newestTicks, nextTick, ticksBetween, type Rule } from './schedule-rule.ts'

/**
 * What becomes of missed ticks, that is of those that are later than the grace time: `skip` none fires, `once` one tick
 * fires for all that are open, `all:n` the newest n fire (`all` is `all:100`).
 */
export type Missed = 'skip' | 'once' | 'all' | `all:${number}`

/** As it is stored: how many missed ticks fire; -1: one for all that are open. */
export interface MissedRule {
  readonly grace: number
  readonly missed: number
}

/** Ticks that are skipped: the first and the last of them, and how many; null: more than were counted. */
export interface Skipped {
  readonly from: number
  readonly to: number
  readonly count: number | null
}

export interface Choice {
  /** The oldest first. */
  readonly fire: readonly number[]
  readonly skipped: Skipped | null
  /** It had been held back. */
  readonly held: boolean
}

const ONCE = -1
const MOST_MISSED = 1_000
/** Open ticks that are looked at one by one. */
const COUNTED = 2_000

/** @throws WindlassError `invalid_schedule` */
export function readMissed(value: unknown): number {
  if (value === 'skip') return 0
  if (value === 'once') return ONCE
  const match = typeof value === 'string' ? /^all(?::(\d{1,6}))?$/.exec(value) : null
  const count = match === null ? Number.NaN : Number(match[1] ?? 100)
  if (count >= 1 && count <= MOST_MISSED) return count
  throw new WindlassError(
    'invalid_schedule',
    `missed is skip, once, all or all:n with n from 1 to ${MOST_MISSED}, not ${show(value)}`,
  )
}

/** The word for it. */
export function missedWord(missed: number): Missed {
  if (missed === ONCE) return 'once'
  return missed === 0 ? 'skip' : `all:${missed}`
}

/**
 * Judges the open ticks of a schedule that is due.
 * @param dueAt what the store says: the oldest open tick, or a time between ticks until which the schedule was held
 *   back; then the newest tick fires for all that are open, however late it is
 */
export function chooseTicks(rule: Rule, dueAt: number, now: number, { grace, missed }: MissedRule): Choice {
  const { ticks, from, all, held } = openTicks(rule, dueAt, now)
  const late = ticks.filter((tick) => now - tick > grace).length
  const least = all ? 0 : 1
  const one = held || (missed === ONCE && (late > 0 || !all))
  const index = one ? ticks.length - 1 : Math.max(least, missed === ONCE ? 0 : late - missed)
  const to = ticks[index - 1]
  const skipped = to === undefined ? null : { from, to, count: all ? index : null }
  return { fire: ticks.slice(Math.max(0, index)), skipped, held }
}

interface Open {
  /** The newest of them. */
  readonly ticks: readonly number[]
  /** The oldest one. */
  readonly from: number
  /** `ticks` has them all. */
  readonly all: boolean
  readonly held: boolean
}

function openTicks(rule: Rule, dueAt: number, now: number): Open {
  const held = nextTick(rule, dueAt - 1) !== dueAt
  const from = held ? (newestTicks(rule, 0, dueAt, 1)[0] ?? dueAt) : dueAt
  const counted = ticksBetween(rule, from, now, COUNTED)
  const all = counted.length < COUNTED
  return { ticks: all ? counted : newestTicks(rule, from, now, COUNTED), from, all, held }
}
