// Retention by bytes: how many of the oldest finished tasks have to go until the rest fits.
// Exact as long as all finished tasks were measured, which engines do while they are few; beyond that the bytes are
// estimated from both ends of the history, so that no sweep ever reads all of it. What is measured, and how, is the
// engines' business: payload and result, as bytes of UTF-8.

/** Up to this many finished tasks each one is measured. */
export const MEASURED_ALL = 1_000
/** Of more than that, this many of the oldest and as many of the newest. */
export const MEASURED_EACH = 500

/** Finished tasks by their bytes. */
export interface MeasuredHistory {
  /** All finished tasks, measured or not. */
  readonly count: number
  /** Bytes of the oldest ones, the oldest first; of all, when there are few. */
  readonly oldest: readonly number[]
  /** Bytes of the newest ones, none of which is among the oldest. */
  readonly newest: readonly number[]
}

/**
 * How many tasks are to be measured at each end of a history of `count` tasks.
 * @returns `newest` is 0 when the oldest are all
 */
export function measuresOf(count: number): { readonly oldest: number; readonly newest: number } {
  return count <= MEASURED_ALL
    ? { oldest: MEASURED_ALL, newest: 0 }
    : { oldest: MEASURED_EACH, newest: MEASURED_EACH }
}

/** One finished task: when it ended, its bytes, and what says who goes first of those that ended in one instant. */
export type Measure = readonly [finishedAt: number, bytes: number, key: number | string]

/** The bytes of the `most` oldest of measured tasks, the oldest first. */
export function oldestOf(measures: readonly Measure[], most: number): number[] {
  const oldest = measures.toSorted(compare).slice(0, most)
  return oldest.map(([, bytes]) => bytes)
}

/** The bytes of the `most` newest of measured tasks. */
export function newestOf(measures: readonly Measure[], most: number): number[] {
  const newest = measures.toSorted((left, right) => compare(right, left)).slice(0, most)
  return newest.map(([, bytes]) => bytes)
}

function compare([at, , key]: Measure, [otherAt, , otherKey]: Measure): number {
  return at - otherAt || (key < otherKey ? -1 : 1)
}

/**
 * How many of the oldest finished tasks are over `keepBytes`.
 * An estimate never asks for so many that fewer would be left than can be measured: the next sweep does that exactly.
 */
export function countOverBytes({ count, oldest, newest }: MeasuredHistory, keepBytes: number): number {
  const measured = oldest.length + newest.length
  const seen = sum(oldest) + sum(newest)
  const exact = measured >= count
  const mean = exact || measured === 0 ? 0 : seen / measured
  let excess = (exact ? seen : mean * count) - keepBytes
  let over = 0
  for (const bytes of oldest) {
    if (!(excess > 0)) return over
    excess -= bytes
    over++
  }
  if (!(excess > 0) || exact) return over
  return Math.max(over, Math.min(over + Math.ceil(excess / mean), count - MEASURED_ALL))
}

function sum(sizes: readonly number[]): number {
  return sizes.reduce((total, bytes) => total + bytes, 0)
}
