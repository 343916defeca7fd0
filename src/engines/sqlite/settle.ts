// The verb settle: how a running attempt ends.
// Promises that the token alone guards a settlement and that nothing changes without it (CONTRACT rules 2, 8, 9).
// What an ending means was decided in core; here it is only written down.

import type { Outcome, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { keepAttempt, keepLogs } from './attempts.ts'
import { freeKey } from './endings.ts'
import { enqueue } from './enqueue.ts'
import {
  guardHolds,
  isPlainSuccess,
  markToWrite,
  readRunning,
  stands,
  type RunningRow,
} from './running-row.ts'
import type { Unit } from './unit.ts'
import {
  codeOfOutcome,
  codeOfState,
  isFinalCode,
  READY,
  stateOf,
  SUCCEEDED,
  type StateCode,
} from '../sql/words.ts'

// The common ending in one statement: the guard is in it, and `mark` null stands for just this ending.
const SUCCEED = `UPDATE windlass_states SET state = 3, outcome = 0, reason = NULL, error = NULL, result = ?,
  mark = NULL, finished_at = ?, kept = ?, deadline_at = NULL, cancel_at = NULL
  WHERE seq = ? AND state = 2 AND claim = ? AND attempt = ?`
const WRITE = `UPDATE windlass_states SET state = ?, outcome = ?, reason = ?, error = ?, result = ?, mark = ?,
  run_at = ?, place = ?, due_id = ?, finished_at = ?, kept = ?, failures = ?, crashes = ?, losses = ?,
  releases = ?, snoozes = ?, deadline_at = NULL, cancel_at = NULL WHERE seq = ?`

export function settle(unit: Unit, settlements: readonly Settlement[]): SettleReply[] {
  return settlements.map((settlement) => succeedClaimed(unit, settlement) ?? settleOne(unit, settlement))
}

/** The common case without reading the row: a plain success of a task that this engine claimed. Null: another case. */
function succeedClaimed(unit: Unit, settlement: Settlement): SettleReply | null {
  const { id, claim, outcome, guard } = settlement
  const known = unit.caches.claimed(id)
  if (known === undefined || guard !== 'claim' || !isPlainSuccess(outcome)) return null
  const { seq, queue, type, attempt, claimId, keep, uniqueKey } = known
  if (claimToken(claimId, attempt) !== claim || outcome.warnings.length > 0 || hasCharge(outcome)) return null
  const changed = unit.connection.run(SUCCEED, outcome.result, unit.now, keep, seq, claimId, attempt)
  if (changed === 0) return null
  freeKey(unit, uniqueKey, seq)
  unit.remember(() => unit.caches.forget(id))
  unit.feed.tell(id, type, queue, SUCCEEDED, attempt)
  unit.hints.note('change', queue)
  return applied(unit, seq, SUCCEEDED, settlement)
}

function hasCharge({ charge }: Outcome): boolean {
  for (const _ in charge) return true
  return false
}

function settleOne(unit: Unit, settlement: Settlement): SettleReply {
  const row = readRunning(unit, settlement.id)
  if (row === null) return { status: 'lost', state: null, followUps: [] }
  if (!guardHolds(unit, row, settlement)) {
    const status = stands(row, settlement) ? 'already' : 'lost'
    return { status, state: stateOf(row.state), followUps: [] }
  }
  const state = write(unit, row, settlement.outcome)
  unit.feed.tell(row.id, row.type, row.queue, state, row.attempt)
  return applied(unit, row.seq, state, settlement)
}

/** What is left to do after the row was changed. */
function applied(unit: Unit, seq: number, state: StateCode, { logs, followUps }: Settlement): SettleReply {
  keepLogs(unit, seq, logs)
  // After the ending: a follow-up may take the unique key that its parent has just freed.
  return { status: 'applied', state: stateOf(state), followUps: enqueue(unit, followUps) }
}

/** Writes the ending; answers the state that it led to. */
function write(unit: Unit, row: RunningRow, outcome: Outcome): StateCode {
  const wanted = codeOfState(outcome.to)
  const cancelled = row.cancelAt !== null && !isFinalCode(wanted)
  const state = cancelled ? codeOfState('cancelled') : wanted
  const told = cancelled ? ({ ...outcome, kind: 'cancel', reason: 'cancelled' } as const) : outcome
  const final = isFinalCode(state)
  const succeeded = state === SUCCEEDED
  const error = outcome.error === null ? row.error : JSON.stringify(outcome.error)
  // The row of a final task tells its last attempt, if it can: not warnings, and not that an old error is old.
  const says = outcome.warnings.length > 0 || (!succeeded && outcome.error === null && row.error !== null)
  if (!final || says) keepAttempt(unit, row, told)
  const waits = !final && state !== READY
  const { failures = 0, crashes = 0, losses = 0, releases = 0, snoozes = 0 } = outcome.charge
  const charges = [failures, crashes, losses, releases, snoozes]
  unit.connection.run(
    WRITE,
    state,
    codeOfOutcome(told.kind),
    succeeded ? null : told.reason,
    succeeded ? null : error,
    succeeded ? outcome.result : row.result,
    markToWrite(outcome),
    waits ? unit.now + outcome.delay : row.runAt,
    waits ? null : row.place,
    waits ? row.id : null,
    final ? unit.now : null,
    final ? keepOf(unit, row, succeeded) : null,
    ...row.counters.map((count, i) => count + (charges[i] ?? 0)),
    row.seq,
  )
  if (final && row.uniqueUntil === null) freeKey(unit, row.uniqueKey, row.seq)
  unit.remember(() => unit.caches.forget(row.id))
  unit.hints.note(final ? 'change' : waits ? 'due' : 'work', row.queue)
  return state
}

function keepOf(unit: Unit, { policy, policyText }: RunningRow, succeeded: boolean): number {
  const { keep } = unit.policy(policy, policyText)
  return succeeded ? keep.succeeded : keep.dead
}
