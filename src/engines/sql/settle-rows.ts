// The verb settle on loaded rows: how a running attempt ends.
// Promises that the token alone guards a settlement and that nothing changes without it (CONTRACT rules 2, 8, 9).
// What an ending means was decided in core; here it is only written down.

import type { Outcome, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { outcomeMark } from '../../core/outcome-mark.ts'
import { enqueueRows } from './enqueue-rows.ts'
import { packCounters, tokenOf, unpackCounters, type TaskRow } from './task-row.ts'
import {
  CANCELLED,
  codeOfOutcome,
  codeOfState,
  isFinalCode,
  READY,
  RUNNING,
  stateOf,
  SUCCEEDED,
  type StateCode,
} from './words.ts'
import type { Entry, Workspace } from './workspace.ts'

/** Settles in array order. The rows, and what follow-ups need, were loaded. */
export function settleRows(space: Workspace, settlements: readonly Settlement[]): SettleReply[] {
  return settlements.map((settlement) => settleRow(space, settlement))
}

function settleRow(space: Workspace, settlement: Settlement): SettleReply {
  const entry = space.find(settlement.id)
  if (entry === null) return { status: 'lost', state: null, followUps: [] }
  const { row } = entry
  if (!guardHolds(space, row, settlement)) {
    const status = stands(row, settlement) ? 'already' : 'lost'
    return { status, state: stateOf(row.state), followUps: [] }
  }
  write(space, entry, settlement)
  space.feed.tell(row, row.state)
  space.keepLogs(row.id, settlement.logs)
  // After the ending: a follow-up may take the unique key that its parent has just freed.
  const followUps = enqueueRows(space, settlement.followUps)
  return { status: 'applied', state: stateOf(row.state), followUps }
}

function guardHolds(space: Workspace, row: TaskRow, { claim, guard }: Settlement): boolean {
  if (row.state !== RUNNING || tokenOf(row) !== claim) return false
  switch (guard) {
    case 'claim':
      return true
    case 'rescue':
      return row.session === null || !space.live.has(row.session)
    case 'overdue':
      return row.deadlineAt !== null && row.deadlineAt <= space.now
  }
}

/** Is this settlement the very one that was settled last? */
function stands(row: TaskRow, { claim, outcome }: Settlement): boolean {
  const mark = outcomeMark(outcome)
  if (row.settled !== null || row.state !== SUCCEEDED) return row.settled === `${claim} ${mark}`
  return tokenOf(row) === claim && mark === outcomeMark({ ...PLAIN_SUCCESS, result: row.result })
}

const PLAIN_SUCCESS: Outcome = {
  kind: 'succeed',
  to: 'succeeded',
  delay: 0,
  charge: {},
  reason: null,
  result: null,
  error: null,
  warnings: [],
}

/** A success that carries a result and nothing else that its mark depends on. */
export function isPlainSuccess({ kind, to, delay, reason, error }: Outcome): boolean {
  return kind === 'succeed' && to === 'succeeded' && delay === 0 && reason === null && error === null
}

function write(space: Workspace, entry: Entry, { claim, outcome }: Settlement): void {
  const { row } = entry
  const wanted = codeOfState(outcome.to)
  const cancelled = row.cancelAt !== null && !isFinalCode(wanted)
  const state: StateCode = cancelled ? CANCELLED : wanted
  const told = cancelled ? ({ ...outcome, kind: 'cancel', reason: 'cancelled' } as const) : outcome
  keepAttempt(space, row, told, state)
  charge(row, outcome)
  const succeeded = state === SUCCEEDED
  row.outcome = codeOfOutcome(told.kind)
  row.reason = succeeded ? null : told.reason
  row.error = succeeded ? null : outcome.error === null ? row.error : JSON.stringify(outcome.error)
  if (succeeded) row.result = outcome.result
  row.settled = succeeded && isPlainSuccess(outcome) ? null : `${claim} ${outcomeMark(outcome)}`
  row.deadlineAt = null
  row.cancelAt = null
  entry.changed = true
  if (state === SUCCEEDED || state === 4 || state === CANCELLED) {
    space.finish(entry, state)
    space.hints.note('change', row.queue)
    return
  }
  row.state = state
  row.back = state === READY ? 1 : 0
  if (state !== READY) {
    row.runAt = space.now + outcome.delay
    row.place = null
  }
  space.hints.note(state === READY ? 'work' : 'due', row.queue)
}

/** The row of a final task tells its last attempt, if it can: not warnings, and not that an old error is old. */
function keepAttempt(space: Workspace, row: TaskRow, told: Outcome, state: StateCode): void {
  const { kind, reason, error, warnings } = told
  const says = warnings.length > 0 || (state !== SUCCEEDED && error === null && row.error !== null)
  if (isFinalCode(state) && !says) return
  space.attempts.push({
    task: row.id,
    attempt: row.attempt,
    session: row.session,
    startedAt: row.startedAt ?? 0,
    endedAt: space.now,
    outcome: codeOfOutcome(kind),
    reason,
    error: error === null ? null : JSON.stringify(error),
    warnings: warnings.length === 0 ? null : JSON.stringify(warnings),
    replace: true,
  })
}

function charge(row: TaskRow, { charge: charged }: Outcome): void {
  const { failures = 0, crashes = 0, losses = 0, releases = 0, snoozes = 0 } = charged
  if (failures + crashes + losses + releases + snoozes === 0) return
  const added = [failures, crashes, losses, releases, snoozes]
  row.counters = packCounters(unpackCounters(row.counters).map((count, i) => count + (added[i] ?? 0)))
}
