// The row of a task as a settlement looks at it, by name, and the guards that are read from it.

import type { Settlement } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { outcomeMark } from '../../core/outcome-mark.ts'
import type { Outcome } from '../../core/hot-verbs.ts'
import type { Unit } from './unit.ts'
import { RUNNING, SUCCEEDED } from '../sql/words.ts'

const READ = `SELECT s.seq, s.state, s.claim, s.attempt, s.session, s.started_at, s.deadline_at, s.cancel_at,
  s.mark, s.prior, s.queue, s.type, s.result, s.error, s.run_at, s.place, s.failures, s.crashes, s.losses,
  s.releases, s.snoozes, t.policy, t.policy_text, t.unique_key, t.unique_until
  FROM windlass_tasks t JOIN windlass_states s ON s.seq = t.seq WHERE t.id = ?`
const SESSION_LIVE = 'SELECT live FROM windlass_sessions WHERE n = ?'

export interface RunningRow {
  readonly id: string
  readonly seq: number
  readonly state: number
  readonly claim: string | null
  readonly attempt: number
  readonly session: number | null
  readonly startedAt: number
  readonly deadlineAt: number | null
  readonly cancelAt: number | null
  readonly mark: string | null
  readonly prior: string | null
  readonly queue: string
  readonly type: string
  readonly result: string | null
  readonly error: string | null
  readonly runAt: number
  readonly place: number | null
  /** failures, crashes, losses, releases, snoozes */
  readonly counters: readonly number[]
  readonly policy: number | null
  readonly policyText: string | null
  readonly uniqueKey: string | null
  readonly uniqueUntil: number | null
}

export function readRunning(unit: Unit, id: string): RunningRow | null {
  const row = unit.connection.get(READ, id)
  if (row === undefined) return null
  return {
    id,
    seq: row[0] as number,
    state: row[1] as number,
    claim: row[2] as string | null,
    attempt: row[3] as number,
    session: row[4] as number | null,
    startedAt: (row[5] as number | null) ?? 0,
    deadlineAt: row[6] as number | null,
    cancelAt: row[7] as number | null,
    mark: row[8] as string | null,
    prior: row[9] as string | null,
    queue: row[10] as string,
    type: row[11] as string,
    result: row[12] as string | null,
    error: row[13] as string | null,
    runAt: row[14] as number,
    place: row[15] as number | null,
    counters: row.slice(16, 21) as number[],
    policy: row[21] as number | null,
    policyText: row[22] as string | null,
    uniqueKey: row[23] as string | null,
    uniqueUntil: row[24] as number | null,
  }
}

/** Does the settlement's guard hold (CONTRACT rule 2)? */
export function guardHolds(unit: Unit, row: RunningRow, { claim, guard }: Settlement): boolean {
  if (row.state !== RUNNING || tokenOf(row) !== claim) return false
  switch (guard) {
    case 'claim':
      return true
    case 'rescue':
      return row.session === null || unit.connection.get(SESSION_LIVE, row.session)?.[0] !== 1
    case 'overdue':
      return row.deadlineAt !== null && row.deadlineAt <= unit.now
  }
}

/** Is this settlement the very one that was settled last? */
export function stands(row: RunningRow, { claim, outcome }: Settlement): boolean {
  const mark = outcomeMark(outcome)
  if (row.state === RUNNING) return row.prior === `${claim} ${mark}`
  return tokenOf(row) === claim && settledMark(row) === mark
}

/** The mark that is written for an outcome; none for a plain success, which its row tells. */
export function markToWrite(outcome: Outcome): string | null {
  return isPlainSuccess(outcome) ? null : outcomeMark(outcome)
}

function settledMark({ state, mark, result }: RunningRow): string | null {
  return mark === null && state === SUCCEEDED ? outcomeMark({ ...PLAIN_SUCCESS, result }) : mark
}

function tokenOf({ claim, attempt }: RunningRow): string | null {
  return claim === null ? null : claimToken(claim, attempt)
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
