// Attempts and log lines of tasks: bounded, oldest first.
// An attempt is told by the task's own row while it runs and where it made the task final; the others, and those
// whose ending says more than the row can hold, have a row of their own. No attempt is told twice.

import { LIMITS } from '../../core/limits.ts'
import type { AttemptRecord, KeptError, LogLine, Reason } from '../../core/record.ts'
import type { Outcome } from '../../core/hot-verbs.ts'
import type { Row } from './connection.ts'
import type { Unit } from './unit.ts'
import type { View } from './view.ts'
import { codeOfOutcome, isFinalCode, outcomeOf, RUNNING } from '../sql/words.ts'

const KEEP = `INSERT OR REPLACE INTO windlass_attempts
  (seq, attempt, session, started_at, ended_at, outcome, reason, error, warnings) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)`
const TRIM = 'DELETE FROM windlass_attempts WHERE seq = ? AND attempt <= ?'
// From the row of a final task, unless that attempt has a row of its own.
const KEEP_LAST = `INSERT OR IGNORE INTO windlass_attempts
  SELECT seq, attempt, session, coalesce(started_at, 0), coalesce(finished_at, 0), coalesce(outcome, 0), reason,
    error, NULL FROM windlass_states WHERE seq = ? AND attempt > 0`
const OF_TASK = `SELECT s.seq, s.state, s.attempt, s.session, s.started_at, s.finished_at, s.outcome, s.reason,
  s.error FROM windlass_tasks t JOIN windlass_states s ON s.seq = t.seq WHERE t.id = ?`
const LIST = `SELECT attempt, session, started_at, ended_at, outcome, reason, error, warnings
  FROM windlass_attempts WHERE seq = ? ORDER BY attempt DESC LIMIT ?`
const LAST_LOG = 'SELECT n FROM windlass_logs WHERE seq = ? ORDER BY n DESC LIMIT 1'
const ADD_LOG = 'INSERT INTO windlass_logs (seq, n, at, level, message) VALUES (?, ?, ?, ?, ?)'
const TRIM_LOGS = 'DELETE FROM windlass_logs WHERE seq = ? AND n <= ?'
const LOGS = `SELECT l.n, l.at, l.level, l.message FROM windlass_tasks t JOIN windlass_logs l ON l.seq = t.seq
  WHERE t.id = ? AND l.n > ? ORDER BY l.n LIMIT ?`

/** What is kept of an attempt that ended. */
export interface EndedAttempt {
  readonly seq: number
  readonly attempt: number
  readonly session: number | null
  readonly startedAt: number
}

/** Gives an ended attempt a row of its own. */
export function keepAttempt(
  unit: Unit,
  { seq, attempt, session, startedAt }: EndedAttempt,
  { kind, reason, error, warnings }: Pick<Outcome, 'kind' | 'reason' | 'error' | 'warnings'>,
): void {
  unit.connection.run(
    KEEP,
    seq,
    attempt,
    session,
    startedAt,
    unit.now,
    codeOfOutcome(kind),
    reason,
    error === null ? null : JSON.stringify(error),
    warnings.length === 0 ? null : JSON.stringify(warnings),
  )
  if (attempt > LIMITS.attempts) unit.connection.run(TRIM, seq, attempt - LIMITS.attempts)
}

/** Gives the attempt that a final row tells a row of its own, before the task goes on. */
export function keepLastAttempt(unit: Unit, seq: number): void {
  unit.connection.run(KEEP_LAST, seq)
}

/** All attempts of a task that are kept, oldest first. */
export function attemptsOf(view: View, id: string): AttemptRecord[] {
  const row = view.connection.get(OF_TASK, id)
  if (row === undefined) return []
  const kept = view.connection
    .all(LIST, row[0] as number, LIMITS.attempts)
    .toReversed()
    .map((one) => attemptOf(view, one))
  const state = row[1] as number
  const attempt = row[2] as number
  const told = kept.at(-1)?.attempt === attempt
  if (attempt === 0 || told || !(state === RUNNING || isFinalCode(state))) return kept
  const running = state === RUNNING
  const last = attemptOf(view, [
    attempt,
    row[3] ?? null,
    row[4] ?? 0,
    running ? null : (row[5] ?? null),
    running ? null : (row[6] ?? null),
    running ? null : (row[7] ?? null),
    running ? null : (row[8] ?? null),
    null,
  ])
  return [...kept, last].slice(-LIMITS.attempts)
}

function attemptOf(view: View, row: Row): AttemptRecord {
  const worker = view.worker(row[1] as number | null)
  return {
    attempt: row[0] as number,
    session: worker?.session ?? null,
    worker: worker?.name ?? null,
    startedAt: row[2] as number,
    endedAt: row[3] as number | null,
    outcome: outcomeOf(row[4] as number | null),
    reason: row[5] as Reason | null,
    error: typeof row[6] === 'string' ? (JSON.parse(row[6]) as KeptError) : null,
    warnings: typeof row[7] === 'string' ? (JSON.parse(row[7]) as string[]) : [],
  }
}

/** Appends log lines; the oldest ones make way. */
export function keepLogs(unit: Unit, seq: number, lines: readonly LogLine[]): void {
  if (lines.length === 0) return
  const { connection } = unit
  let n = Number(connection.get(LAST_LOG, seq)?.[0] ?? 0)
  for (const { at, level, message } of lines) connection.run(ADD_LOG, seq, ++n, at, level, message)
  if (n > LIMITS.logLines) connection.run(TRIM_LOGS, seq, n - LIMITS.logLines)
}

/** Log lines behind the line `after`, with their numbers. */
export function readLogs(
  view: View,
  id: string,
  after: number,
  limit: number,
): { readonly n: number; readonly line: LogLine }[] {
  return view.connection.all(LOGS, id, after, limit).map(([n, at, level, message]) => ({
    n: n as number,
    line: { at: at as number, level: level as LogLine['level'], message: message as string },
  }))
}
