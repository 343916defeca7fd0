// Attempts and log lines of tasks, as they are read and written: bounded, oldest first.
// An attempt is told by the task's own row while it runs and where it made the task final; the others, and those
// whose ending says more than the row can hold, have a row of their own. No attempt is told twice.

import { LIMITS } from '../../core/limits.ts'
import type { AttemptRecord, KeptError, LogLine, Reason } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { marks, type SqlSession, type Value } from './session.ts'
import type { Row, TaskRow } from './task-row.ts'
import { isFinalCode, outcomeOf, RUNNING } from './words.ts'

const LIST = `SELECT attempt, session, started_at, ended_at, outcome, reason, error, warnings
  FROM @attempts WHERE task = ? ORDER BY attempt DESC LIMIT ?`
const LOGS = 'SELECT n, at, level, message FROM @logs WHERE task = ? AND n > ? ORDER BY n LIMIT ?'
const ADD_LOGS = 'INSERT INTO @logs (task, n, at, level, message) VALUES '
const TRIM_LOGS = 'DELETE FROM @logs WHERE task = ? AND n <= ?'
/** Lines written by one statement. */
const CHUNK = 500

/** Who a session's number stands for. */
export interface WorkerName {
  readonly session: string
  readonly name: string
}

/** All attempts of a task that are kept, oldest first. */
export async function attemptsOf(
  session: SqlSession,
  row: TaskRow,
  workerOf: (n: number | null) => Promise<WorkerName | null>,
): Promise<AttemptRecord[]> {
  const rows = await session.all(LIST, [row.id, LIMITS.attempts])
  const kept = await Promise.all(rows.toReversed().map((one) => attemptOf(one, workerOf)))
  const { state, attempt } = row
  if (attempt === 0 || kept.at(-1)?.attempt === attempt || !(state === RUNNING || isFinalCode(state)))
    return kept
  const ended =
    state === RUNNING ? [null, null, null, null] : [row.finishedAt, row.outcome, row.reason, row.error]
  const last = await attemptOf([attempt, row.session, row.startedAt ?? 0, ...ended, null], workerOf)
  return [...kept, last].slice(-LIMITS.attempts)
}

async function attemptOf(
  row: Row,
  workerOf: (n: number | null) => Promise<WorkerName | null>,
): Promise<AttemptRecord> {
  const worker = await workerOf(row[1] as number | null)
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

/** Appends log lines of several tasks, whose rows are locked; the oldest ones make way. */
export async function keepLogs(
  session: SqlSession,
  logs: readonly { readonly task: string; readonly lines: readonly LogLine[] }[],
): Promise<void> {
  if (logs.length === 0) return
  const tasks = [...new Set(logs.map(({ task }) => task))]
  const last = await session.all(
    `SELECT task, max(n) FROM @logs WHERE task IN (${marks(tasks.length)}) GROUP BY task`,
    tasks,
  )
  const numbers = new Map(last.map(([task, n]) => [task as string, n as number]))
  const values = logs.flatMap(({ task, lines }) =>
    lines.map(({ at, level, message }): Value[] => {
      const n = (numbers.get(task) ?? 0) + 1
      numbers.set(task, n)
      return [task, n, at, level, message]
    }),
  )
  for (let i = 0; i < values.length; i += CHUNK) {
    const chunk = values.slice(i, i + CHUNK)
    await session.run(ADD_LOGS + chunk.map(() => '(?, ?, ?, ?, ?)').join(', '), chunk.flat())
  }
  for (const [task, n] of numbers)
    if (n > LIMITS.logLines) await session.run(TRIM_LOGS, [task, n - LIMITS.logLines])
}

/** A page of log lines behind a cursor. */
export async function readLogs(
  session: SqlSession,
  task: string,
  after: string | null,
  limit: number,
): Promise<{ lines: LogLine[]; next: string | null }> {
  const from = after === null ? 0 : Number(partsOf(after, ['number'])[0])
  const wanted = Math.min(limit, LIMITS.page)
  const rows = await session.all(LOGS, [task, from, wanted + 1])
  const page = rows.slice(0, wanted)
  const last = page.at(-1)
  return {
    lines: page.map(([, at, level, message]) => ({
      at: at as number,
      level: level as LogLine['level'],
      message: message as string,
    })),
    next: last !== undefined && rows.length > page.length ? cursorOf([last[0] as number]) : null,
  }
}
