// What is the same wherever a task ends or goes away: the final fields, its unique key, its tombstone.
// Used by settle, claim, sweep and act, so that no way to an end forgets a part of it.

import { DEFAULTS } from '../../core/limits.ts'
import type { OutcomeKind, Reason, TaskRecord } from '../../core/record.ts'
import type { Row } from './row.ts'
import type { MemoryStore } from './store.ts'
import { freeKey, freeKeyAtEnd } from './uniques.ts'

/** Makes a task final. */
export function finish(
  store: MemoryStore,
  row: Row,
  state: 'succeeded' | 'dead' | 'cancelled',
  fields: Partial<TaskRecord>,
): void {
  store.change(row, { ...fields, state, finishedAt: store.now })
  freeKeyAtEnd(store, row)
  store.hints.note('change', row.task.queue)
}

/** Cancels a waiting task, because somebody asked or because its time is over. */
export function cancelWaiting(
  store: MemoryStore,
  row: Row,
  reason: Extract<Reason, 'cancelled' | 'expired'>,
  outcome: Extract<OutcomeKind, 'cancel' | 'expire'>,
): void {
  finish(store, row, 'cancelled', { reason, outcome })
}

/** Takes a finished task away; its id stays taken for a while. */
export function bury(store: MemoryStore, row: Row): void {
  const { id, digest } = row.task
  freeKey(store, row)
  store.remove(row)
  store.tombstones.set(id, { digest, until: store.now + DEFAULTS.tombstone })
}
