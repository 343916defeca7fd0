// Promotion: scheduled tasks that are due become ready, in the order of due time and id, each with a new place.

import type { Unit } from './unit.ts'

const DUE = `SELECT seq FROM windlass_states WHERE state = 0 AND queue = ? AND run_at <= ?
  ORDER BY run_at, due_id LIMIT ?`
const PROMOTE = 'UPDATE windlass_states SET state = 1, place = ?, due_id = NULL WHERE seq = ?'

/** Promotes at most `limit` due tasks of a queue; answers how many. */
export function promote(unit: Unit, queue: string, limit: number): number {
  const due = unit.connection.all(DUE, queue, unit.now, limit)
  for (const row of due) unit.connection.run(PROMOTE, unit.draw(), row[0] as number)
  if (due.length > 0) unit.hints.note('work', queue)
  return due.length
}
