// Promotion: scheduled tasks that are due become ready, in the order (due, id), each with a new place.
// Used by claim and sweep. Promises a bound: a flood of due tasks is promoted over several calls.

import type { Lane } from './lane.ts'
import { byDue } from './lane.ts'
import type { MemoryStore } from './store.ts'

/** Promotes at most `perLane` due tasks of each lane and `limit` in all; answers how many. */
export function promote(
  store: MemoryStore,
  lanes: readonly Lane[],
  perLane: number,
  limit: number = Infinity,
): number {
  const due = lanes
    .flatMap((lane) => lane.scheduled.head(perLane, (row) => row.task.runAt <= store.now))
    .toSorted(byDue)
    .slice(0, limit)
  for (const row of due) {
    store.promote(row)
    store.hints.note('work', row.task.queue)
  }
  return due.length
}

/** Time until the earliest scheduled task of these lanes is due; 0 if one is due already, null without any. */
export function nextDueIn(store: MemoryStore, lanes: readonly Lane[]): number | null {
  const first = Math.min(...lanes.map((lane) => lane.scheduled.first()?.task.runAt ?? Infinity))
  return first === Infinity ? null : Math.max(0, first - store.now)
}
