// What is the same wherever a task ends or goes away: its final fields, its unique key, its tombstone.
// Used by settle, claim, sweep and act, so that no way to an end forgets a part of it.

import { DEFAULTS } from '../../core/limits.ts'
import type { Keep, Reason } from '../../core/record.ts'
import { DELETED } from './feed.ts'
import type { Unit } from './unit.ts'
import { CANCELLED, codeOfOutcome } from '../sql/words.ts'

/** What is known of a waiting task that ends. */
export interface WaitingTask {
  readonly seq: number
  readonly id: string
  readonly type: string
  readonly queue: string
  readonly attempt: number
  readonly keep: Keep
  readonly uniqueKey: string | null
  readonly uniqueUntil: number | null
}

const CANCEL = `UPDATE windlass_states SET state = 5, outcome = ?, reason = ?, finished_at = ?, kept = ?, due_id = NULL
  WHERE seq = ?`
const FREE_KEY = 'DELETE FROM windlass_unique_keys WHERE key = ? AND seq = ?'
const BURY = 'INSERT OR REPLACE INTO windlass_tombstones (id, digest, until) VALUES (?, ?, ?)'
const REMOVE = [
  'DELETE FROM windlass_states WHERE seq = ?',
  'DELETE FROM windlass_tasks WHERE seq = ?',
  'DELETE FROM windlass_attempts WHERE seq = ?',
  'DELETE FROM windlass_logs WHERE seq = ?',
] as const
const BURIED = `SELECT t.id, s.type, s.queue, s.attempt, t.digest, t.unique_key FROM windlass_states s
  JOIN windlass_tasks t ON t.seq = s.seq WHERE s.seq = ?`

/** Cancels a waiting task, because somebody asked or because its time is over. */
export function cancelWaiting(
  unit: Unit,
  task: WaitingTask,
  reason: Extract<Reason, 'cancelled' | 'expired'>,
): void {
  const outcome = codeOfOutcome(reason === 'expired' ? 'expire' : 'cancel')
  unit.connection.run(CANCEL, outcome, reason, unit.now, task.keep.dead, task.seq)
  if (task.uniqueUntil === null) freeKey(unit, task.uniqueKey, task.seq)
  unit.feed.tell(task.id, task.type, task.queue, CANCELLED, task.attempt)
  unit.hints.note('change', task.queue)
}

/** Frees a key that the task holds; not one that lapsed and was taken by another. */
export function freeKey(unit: Unit, key: string | null, seq: number): void {
  if (key !== null) unit.connection.run(FREE_KEY, key, seq)
}

/** Takes a finished task away with all that belongs to it; its id stays taken for a while. */
export function bury(unit: Unit, seq: number): void {
  const { connection } = unit
  const row = connection.get(BURIED, seq)
  if (row === undefined) return
  const [id, type, queue, attempt, digest, key] = row as [
    string,
    string,
    string,
    number,
    string,
    string | null,
  ]
  freeKey(unit, key, seq)
  connection.run(BURY, id, digest, unit.now + DEFAULTS.tombstone)
  for (const sql of REMOVE) connection.run(sql, seq)
  unit.feed.tell(id, type, queue, DELETED, attempt)
  unit.hints.note('change', queue)
}
