// Promotion: scheduled tasks that are due become ready, in the order of due time and id, each with a new place.
// Used by claim and sweep. Promises a bound: a flood of due tasks is promoted over several calls.

import type { Unit } from './unit.ts'

// `due_id` is the id while a task is scheduled: so the index alone gives the order.
const DUE = `SELECT seq, queue, run_at, due_id FROM windlass_states WHERE state = 0 AND queue = ? AND run_at <= ?
  ORDER BY run_at, due_id LIMIT ?`
const PROMOTE = 'UPDATE windlass_states SET state = 1, place = ?, due_id = NULL WHERE seq = ?'

type DueRow = readonly [seq: number, queue: string, runAt: number, id: string]

/** Promotes at most `perQueue` due tasks of each queue and `limit` in all; answers how many. */
export function promote(
  unit: Unit,
  queues: readonly string[],
  perQueue: number,
  limit: number = Infinity,
): number {
  const { connection, now } = unit
  const due = queues.flatMap((queue) => connection.all(DUE, queue, now, perQueue) as unknown as DueRow[])
  const several = queues.length > 1 && due.length > 1
  const first = (several ? due.toSorted(byDue) : due).slice(0, limit)
  for (const [seq, queue] of first) {
    connection.run(PROMOTE, unit.draw(), seq)
    unit.hints.note('work', queue)
  }
  return first.length
}

function byDue([, , runAt, id]: DueRow, [, , otherRunAt, otherId]: DueRow): number {
  return runAt - otherRunAt || Buffer.compare(Buffer.from(id), Buffer.from(otherId))
}
