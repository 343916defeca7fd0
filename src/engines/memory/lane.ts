// A lane: the tasks of one queue in the orders that claims and promotion need, and how many are in each state.
// Promises that `ready` and `scheduled` hold exactly the tasks of those states. Leaves who enters and leaves, and
// all rules, to its callers.

import { TASK_STATES, type TaskRecord, type TaskState } from '../../core/record.ts'
import { compareBytes } from './byte-order.ts'
import { Ordered } from './ordered.ts'
import type { Row } from './row.ts'

export type ClaimKey = { readonly task: Pick<TaskRecord, 'priority' | 'place'> }
export type DueKey = { readonly task: Pick<TaskRecord, 'runAt' | 'id'> }

/** Claim order: priority falling, then place rising. */
export function byClaim(left: ClaimKey, right: ClaimKey): number {
  return right.task.priority - left.task.priority || (left.task.place ?? 0) - (right.task.place ?? 0)
}

/** Promotion order: due time, then id. */
export function byDue(left: DueKey, right: DueKey): number {
  return left.task.runAt - right.task.runAt || compareBytes(left.task.id, right.task.id)
}

export class Lane {
  readonly queue: string
  readonly ready = new Ordered<Row, ClaimKey>(byClaim)
  readonly scheduled = new Ordered<Row, DueKey>(byDue)
  readonly counts = Object.fromEntries(TASK_STATES.map((state) => [state, 0])) as Record<TaskState, number>

  constructor(queue: string) {
    this.queue = queue
  }

  get isEmpty(): boolean {
    return TASK_STATES.every((state) => this.counts[state] === 0)
  }

  enter(row: Row): void {
    this.counts[row.task.state]++
    if (row.task.state === 'ready') this.ready.add(row)
    if (row.task.state === 'scheduled') this.scheduled.add(row)
  }

  leave(row: Row): void {
    this.counts[row.task.state]--
    if (row.task.state === 'ready') this.ready.delete(row)
    if (row.task.state === 'scheduled') this.scheduled.delete(row)
  }
}
