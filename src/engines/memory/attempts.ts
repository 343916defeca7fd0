// What a task tells of its attempts and its log lines: bounded, oldest first.
// The running attempt and the one that made a task final are told by the task itself, the others by its journal;
// no attempt is told twice. Leaves when an attempt ends to settle.ts.

import type { Outcome } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AttemptRecord, LogLine } from '../../core/record.ts'
import { cursorOf, numberFrom } from '../../core/cursor.ts'
import type { Row } from './row.ts'

/** The attempt that runs now. Outcome, reason and error on its row still belong to the attempt before. */
function runningAttempt(row: Row): AttemptRecord {
  return {
    attempt: row.task.attempt,
    session: row.task.session,
    worker: row.worker,
    startedAt: row.task.startedAt ?? 0,
    endedAt: null,
    outcome: null,
    reason: null,
    error: null,
    warnings: [],
  }
}

/** The running attempt as it is told after its end. */
export function endedAttempt(
  row: Row,
  outcome: Pick<Outcome, 'kind' | 'reason' | 'error' | 'warnings'>,
  at: number,
): AttemptRecord {
  const { kind, reason, error, warnings } = outcome
  return { ...runningAttempt(row), endedAt: at, outcome: kind, reason, error, warnings: [...warnings] }
}

/** Puts an ended attempt of a task that goes on into its journal. */
export function keepAttempt(row: Row, attempt: AttemptRecord): void {
  row.past = [...row.past, attempt].slice(-LIMITS.attempts)
}

/** All that is kept, oldest first. */
export function attemptsOf(row: Row): AttemptRecord[] {
  const now = row.task.state === 'running' ? runningAttempt(row) : row.last
  return now === null ? [...row.past] : [...row.past, now].slice(-LIMITS.attempts)
}

/** Appends log lines; the oldest ones make way. */
export function keepLogs(row: Row, lines: readonly LogLine[]): void {
  if (lines.length === 0) return
  const start = (row.logs.at(-1)?.number ?? 0) + 1
  const added = lines.map((line, i) => ({ number: start + i, line: { ...line } }))
  row.logs = [...row.logs, ...added].slice(-LIMITS.logLines)
}

/** A page of log lines, oldest first, after a cursor. */
export function readLogs(
  row: Row,
  after: string | null,
  limit: number,
): { lines: LogLine[]; next: string | null } {
  const from = after === null ? 0 : numberFrom(after)
  const rest = row.logs.filter((one) => one.number > from)
  const page = rest.slice(0, Math.min(limit, LIMITS.page))
  const last = page.at(-1)
  return {
    lines: page.map((one) => one.line),
    next: last !== undefined && rest.length > page.length ? cursorOf([last.number]) : null,
  }
}
