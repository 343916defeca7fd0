// A task as the memory engine keeps it: the record that readers see, and what only the engine needs to know.
// The record is never changed in place but replaced, so what was handed out stays as it was. Leaves the indexes
// over rows to store.ts.

import type { When, NewTask } from '../../core/hot-verbs.ts'
import type { AttemptRecord, LogLine, TaskRecord } from '../../core/record.ts'

export interface Row {
  task: TaskRecord
  /** Token of the last settled attempt, and the mark of its outcome: how a repeated settle is known. */
  settled: { readonly claim: string; readonly mark: string } | null
  /** Name of the session that runs it, or ran it last. */
  worker: string | null
  /** The attempt with which the task became final; null while it goes on. */
  last: AttemptRecord | null
  /** The ended attempts before, oldest first. */
  past: readonly AttemptRecord[]
  logs: readonly NumberedLine[]
}

/** A log line with its place among all lines of the task, also those that were dropped. */
export interface NumberedLine {
  readonly number: number
  readonly line: LogLine
}

/** The instant of engine time that a caller's time means. */
export function instantOf(when: When, now: number): number {
  return 'at' in when ? when.at : now + when.after
}

/** A new row, not yet indexed. `place` is null for one that is not due. */
export function newRow(from: NewTask, now: number, place: number | null): Row {
  const { due, expires, unique, minted: _minted, ...spec } = from
  const task: TaskRecord = {
    ...structuredClone(spec),
    state: place === null ? 'scheduled' : 'ready',
    place,
    createdAt: now,
    runAt: instantOf(due, now),
    expiresAt: expires === null ? null : instantOf(expires, now),
    startedAt: null,
    finishedAt: null,
    attempt: 0,
    failures: 0,
    crashes: 0,
    losses: 0,
    releases: 0,
    snoozes: 0,
    claim: null,
    session: null,
    deadlineAt: null,
    cancelRequestedAt: null,
    uniqueKey: unique?.key ?? null,
    uniqueUntil: unique === null || unique.for === null ? null : now + unique.for,
    outcome: null,
    reason: null,
    result: null,
    error: null,
    progress: null,
  }
  return { task, settled: null, worker: null, last: null, past: [], logs: [] }
}
