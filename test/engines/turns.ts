// How long tasks waited beyond their turn: from the first claim of a task that comes after (lower priority, or a later
// place in the same one) until their own. A backlog on a slow machine is nobody's fault; being stepped over is.

import type { TaskRecord } from '../../src/core/record.ts'

/** A task as it was claimed, on a monotonic clock in ms. */
export interface Taken {
  readonly task: TaskRecord
  /** When it had become claimable. */
  readonly since: number
  readonly at: number
}

/** Tasks that were stepped over for longer than `most` ms, with how long. */
export function steppedOver(taken: readonly Taken[], most: number): [id: string, waited: number][] {
  return taken.flatMap((one): [string, number][] => {
    const after = taken.filter((other) => comesAfter(other, one) && other.at > one.since && other.at < one.at)
    const first = Math.min(...after.map(({ at }) => at))
    return one.at - first > most ? [[one.task.id, Math.round(one.at - first)]] : []
  })
}

/** Claimable at the same time, `other` would be the later one. */
function comesAfter(other: Taken, one: Taken): boolean {
  const rank = one.task.priority - other.task.priority
  return rank > 0 || (rank === 0 && (other.task.place ?? 0) > (one.task.place ?? 0))
}
