// The operator's verbs: cancel, requeue, delete, reprioritise.
// Promises absolute target states, so that a repeated call harms nothing, and that a refusal changes nothing.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import { keepLastAttempt } from './attempts.ts'
import { bury, cancelWaiting } from './endings.ts'
import { holderOf, takeKey } from './enqueue.ts'
import { readRunning, type RunningRow } from './running-row.ts'
import type { Unit } from './unit.ts'
import { CANCELLED, DEAD, isFinalCode, READY, RUNNING, SCHEDULED, stateOf } from '../sql/words.ts'

// The first request stands: how long a task has been asked to stop must not start anew.
const REQUEST_CANCEL = 'UPDATE windlass_states SET cancel_at = coalesce(cancel_at, ?) WHERE seq = ?'
const REQUEUE = `UPDATE windlass_states SET state = 1, place = ?, run_at = ?, failures = 0, crashes = 0, losses = 0,
  releases = 0, snoozes = 0, reason = NULL, error = NULL, result = NULL, finished_at = NULL, kept = NULL,
  expires_at = NULL WHERE seq = ?`
const REPRIORITISE = 'UPDATE windlass_states SET rank = ?, place = ? WHERE seq = ?'

type Outcome = ActionReply['outcome']

export function act(unit: Unit, actions: readonly Action[]): ActionReply[] {
  return actions.map((action) => actOn(unit, action))
}

function actOn(unit: Unit, action: Action): ActionReply {
  const row = readRunning(unit, action.id)
  if (row === null) return { outcome: 'not_found', state: null, holder: null }
  switch (action.verb) {
    case 'cancel':
      return cancel(unit, row)
    case 'requeue':
      return requeue(unit, row)
    case 'delete':
      return remove(unit, row)
    case 'reprioritise':
      return reprioritise(unit, row, action.priority)
  }
}

function answer(outcome: Outcome, state: number, holder: string | null = null): ActionReply {
  return { outcome, state: stateOf(state), holder }
}

function cancel(unit: Unit, row: RunningRow): ActionReply {
  if (row.state === SCHEDULED || row.state === READY) {
    const { keep } = unit.policy(row.policy, row.policyText)
    cancelWaiting(unit, { ...row, keep }, 'cancelled')
    return answer('done', CANCELLED)
  }
  if (row.state === RUNNING) {
    unit.connection.run(REQUEST_CANCEL, unit.now, row.seq)
    unit.hints.note('cancel', row.queue)
    return answer('requested', RUNNING)
  }
  return answer(row.state === CANCELLED ? 'done' : 'refused', row.state)
}

function requeue(unit: Unit, row: RunningRow): ActionReply {
  const { seq, uniqueKey, uniqueUntil } = row
  if (row.state !== DEAD && row.state !== CANCELLED) return answer('refused', row.state)
  const wantsKey = uniqueKey !== null && (uniqueUntil === null || uniqueUntil > unit.now)
  const holder = wantsKey ? holderOf(unit, uniqueKey) : null
  if (holder !== null && holder.id !== row.id) return answer('held', row.state, holder.id)
  if (wantsKey) takeKey(unit, uniqueKey, seq, uniqueUntil)
  keepLastAttempt(unit, seq)
  unit.connection.run(REQUEUE, unit.draw(), unit.now, seq)
  unit.feed.tell(row.id, row.type, row.queue, READY, row.attempt)
  unit.hints.note('work', row.queue)
  return answer('done', READY)
}

function remove(unit: Unit, row: RunningRow): ActionReply {
  if (!isFinalCode(row.state)) return answer('refused', row.state)
  bury(unit, row.seq)
  return { outcome: 'done', state: null, holder: null }
}

function reprioritise(unit: Unit, row: RunningRow, priority: number): ActionReply {
  if (row.state !== SCHEDULED && row.state !== READY) return answer('refused', row.state)
  const place = row.state === READY ? unit.draw() : null
  unit.connection.run(REPRIORITISE, 0 - priority, place, row.seq)
  return answer('done', row.state)
}
