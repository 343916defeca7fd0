// The public shape of a task, its attempts and log lines: one JSON form for TypeScript, command line and HTTP (DESIGN
// §9). Payloads and results pass the codecs and the redactor here, so nothing is shown that was meant to be hidden.
// Times are ISO-8601 UTC, lengths of time are milliseconds in names that end in `_ms`.

import type { Codecs } from '../core/codec.ts'
import { WindlassError } from '../core/errors.ts'
import type { AttemptRecord, Json, KeptError, LogLine, TaskRecord, TaskState } from '../core/record.ts'
import type { Redactor } from '../core/redact.ts'

export interface TaskJson {
  readonly task_id: string
  readonly type: string
  readonly queue: string
  readonly priority: number
  readonly state: TaskState
  /** Why it is final, or waits again: `retries_exhausted`, `expired`, `poison`, … */
  readonly reason: string | null
  readonly attempt: number
  readonly failures: number
  readonly crashes: number
  readonly losses: number
  readonly retries_max: number
  readonly retries_left: number
  readonly payload: Json
  readonly progress: { readonly percent: number; readonly message: string | null; readonly at: string } | null
  readonly result: Json
  readonly error: KeptError | null
  readonly tags: readonly string[]
  readonly meta: Json
  readonly group: string | null
  readonly parent_id: string | null
  readonly unique_key: string | null
  readonly origin: string | null
  readonly cancel_requested: boolean
  readonly created_at: string
  readonly run_at: string
  readonly expires_at: string | null
  readonly started_at: string | null
  readonly finished_at: string | null
  /** From the last start to the end; null until it is final, and for a task that never started. */
  readonly duration_ms: number | null
  /** Why payload or result cannot be shown; only then. */
  readonly unreadable?: string
}

export interface AttemptJson {
  readonly attempt: number
  readonly worker: string | null
  readonly session: string | null
  readonly started_at: string
  readonly ended_at: string | null
  readonly outcome: string | null
  readonly reason: string | null
  readonly error: KeptError | null
  readonly warnings: readonly string[]
}

/** A task with its attempts, oldest first. */
export interface TaskDetailJson extends TaskJson {
  readonly attempts: readonly AttemptJson[]
}

export interface LogLineJson {
  readonly at: string
  readonly level: LogLine['level']
  readonly message: string
}

/** What is needed to show what is stored. */
export interface Lens {
  readonly codecs: Codecs
  readonly redact: Redactor
}

/** The public form of a task. Never throws: what cannot be decoded is told in `unreadable`. */
export function taskJson(task: TaskRecord, lens: Lens): TaskJson {
  const texts = decodeTexts(task, lens)
  return {
    task_id: task.id,
    type: task.type,
    queue: task.queue,
    priority: task.priority,
    state: task.state,
    reason: task.reason,
    attempt: task.attempt,
    failures: task.failures,
    crashes: task.crashes,
    losses: task.losses,
    retries_max: task.retry.retries,
    retries_left: Math.max(0, task.retry.retries - task.failures),
    payload: texts.payload,
    progress: task.progress === null ? null : { ...task.progress, at: iso(task.progress.at) },
    result: texts.result,
    error: task.error,
    tags: task.tags,
    meta: task.meta === null ? null : shown(task.meta, lens),
    group: task.group,
    parent_id: task.parentId,
    unique_key: task.uniqueKey,
    origin: task.origin,
    cancel_requested: task.cancelRequestedAt !== null,
    created_at: iso(task.createdAt),
    run_at: iso(task.runAt),
    expires_at: isoOrNull(task.expiresAt),
    started_at: isoOrNull(task.startedAt),
    finished_at: isoOrNull(task.finishedAt),
    duration_ms: durationOf(task),
    ...(texts.problem === null ? {} : { unreadable: texts.problem }),
  }
}

/** The public form of an attempt. */
export function attemptJson(attempt: AttemptRecord): AttemptJson {
  const { startedAt, endedAt, ...rest } = attempt
  return {
    attempt: rest.attempt,
    worker: rest.worker,
    session: rest.session,
    started_at: iso(startedAt),
    ended_at: isoOrNull(endedAt),
    outcome: rest.outcome,
    reason: rest.reason,
    error: rest.error,
    warnings: rest.warnings,
  }
}

/** The public form of a log line. */
export function logLineJson(line: LogLine): LogLineJson {
  return { at: iso(line.at), level: line.level, message: line.message }
}

export function iso(ms: number): string {
  return new Date(ms).toISOString()
}

/** Null stays null. */
export function isoOrNull(ms: number | null): string | null {
  return ms === null ? null : iso(ms)
}

function durationOf(task: TaskRecord): number | null {
  return task.startedAt === null || task.finishedAt === null
    ? null
    : Math.max(0, task.finishedAt - task.startedAt)
}

function decodeTexts(task: TaskRecord, lens: Lens): { payload: Json; result: Json; problem: string | null } {
  try {
    const open = (text: string | null): Json =>
      text === null ? null : shown(lens.codecs.decode(text, task.codec), lens)
    return { payload: open(task.payload), result: open(task.result), problem: null }
  } catch (error) {
    const problem = error instanceof WindlassError ? error.message : 'what is stored cannot be decoded'
    return { payload: null, result: null, problem }
  }
}

/** JSON text as it may be shown. */
export function shown(text: string, lens: Lens): Json {
  return lens.redact(JSON.parse(text) as Json)
}
