// What the reference model remembers: plain rows in a map, scanned and sorted on every question.
// Promises to be too simple to be wrong in the way an engine may be: no index, no I/O, no code of any engine.
// Leaves what each verb does to model.ts and cold-model.ts.

import type { NewTask, Outcome, When } from '../../core/hot-verbs.ts'
import { isFinal } from '../../core/record.ts'
import type { AttemptRecord, LogLine, SessionRecord, TaskRecord, TaskState } from '../../core/record.ts'

/** Records of the contract are read-only; those of the model are changed where they stand. */
type Open<T> = { -readonly [K in keyof T]: T[K] }

export interface ModelRow {
  readonly task: Open<TaskRecord>
  /** Token and outcome of the last settlement that was applied. */
  settled: { readonly claim: string; readonly mark: string } | null
  /** Name of the session that ran it last. */
  worker: string | null
  /** Rises with each claim. */
  turn: number
  /** Ended attempts, oldest first. */
  readonly ended: AttemptRecord[]
  readonly logs: LogLine[]
}

/** A change as the feed tells it, without its cursor. */
export interface ModelChange {
  readonly at: number
  readonly id: string
  readonly type: string
  readonly queue: string
  readonly state: TaskState | 'deleted'
  readonly attempt: number
}

export type ModelSession = Open<SessionRecord>

/** Two outcomes are the same when these are. */
export function sameMark({ kind, to, delay, reason, result, error }: Outcome): string {
  return JSON.stringify([kind, to, delay, reason, result, error?.message ?? null])
}

/** Byte-wise order of two names. */
function compareNames(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right))
}

/** The rows and what can be asked of them without changing any. */
export class ModelState {
  now = 1_700_000_000_000
  lastSweep = Number.NEGATIVE_INFINITY
  places = 0
  turns = 0
  readonly rows = new Map<string, ModelRow>()
  readonly graves = new Map<string, { readonly digest: string; readonly until: number }>()
  readonly sessions = new Map<string, ModelSession>()
  readonly pausedQueues = new Set<string>()
  readonly changes: ModelChange[] = []

  isLive(session: string | null): boolean {
    return session !== null && this.sessions.get(session)?.state === 'live'
  }

  tasks(state?: TaskState): ModelRow[] {
    return [...this.rows.values()].filter(({ task }) => state === undefined || task.state === state)
  }

  /** The row that holds a unique key now. */
  holderOf(key: string): ModelRow | undefined {
    return this.tasks().find(({ task }) => {
      if (task.uniqueKey !== key) return false
      return task.uniqueUntil === null ? !isFinal(task.state) : this.now < task.uniqueUntil
    })
  }

  /** Time until the first scheduled task of these is due. */
  dueIn(covers: (queue: string) => boolean): number | null {
    const times = this.tasks('scheduled').flatMap(({ task }) => (covers(task.queue) ? [task.runAt] : []))
    return times.length === 0 ? null : Math.max(0, Math.min(...times) - this.now)
  }

  /** Makes due tasks ready, in the order of their due times. */
  promote(covers: (queue: string) => boolean): number {
    const due = this.tasks('scheduled')
      .filter(({ task }) => covers(task.queue) && task.runAt <= this.now)
      .toSorted((a, b) => a.task.runAt - b.task.runAt || compareNames(a.task.id, b.task.id))
    for (const { task } of due) Object.assign(task, { state: 'ready', place: ++this.places })
    return due.length
  }

  /** Ready tasks in the order in which they would be taken. */
  ready(covers: (queue: string) => boolean): ModelRow[] {
    return this.tasks('ready')
      .filter(({ task }) => covers(task.queue))
      .toSorted((a, b) => b.task.priority - a.task.priority || (a.task.place ?? 0) - (b.task.place ?? 0))
  }

  /** Moves a task to another state and tells so. */
  move(row: ModelRow, state: TaskState, fields: Partial<TaskRecord>): void {
    Object.assign(row.task, fields, { state })
    if (isFinal(state)) row.task.finishedAt = this.now
    this.tell(row.task, state)
  }

  isExpired({ task }: ModelRow): boolean {
    return task.expiresAt !== null && task.expiresAt <= this.now
  }

  expire(row: ModelRow): void {
    this.move(row, 'cancelled', { reason: 'expired', outcome: 'expire' })
  }

  bury({ task }: ModelRow): void {
    this.rows.delete(task.id)
    this.graves.set(task.id, { digest: task.digest, until: this.now + 48 * 3_600_000 })
    this.tell(task, 'deleted')
  }

  tell({ id, type, queue, attempt }: TaskRecord, state: TaskState | 'deleted'): void {
    this.changes.push({ at: this.now, id, type, queue, state, attempt })
  }

  /** The instant that a caller's time means. */
  instant(when: When): number {
    return 'at' in when ? when.at : this.now + when.after
  }

  create(item: NewTask): ModelRow {
    const { due, expires, unique, minted: _, ...spec } = item
    const runAt = this.instant(due)
    const ready = runAt <= this.now
    const counters = { attempt: 0, failures: 0, crashes: 0, losses: 0, releases: 0, snoozes: 0 }
    const times = { startedAt: null, finishedAt: null, deadlineAt: null, cancelRequestedAt: null }
    const blank = { claim: null, session: null, outcome: null, reason: null, result: null, error: null }
    const task: Open<TaskRecord> = {
      ...spec,
      ...counters,
      ...times,
      ...blank,
      state: ready ? 'ready' : 'scheduled',
      place: ready ? ++this.places : null,
      createdAt: this.now,
      runAt,
      expiresAt: expires === null ? null : this.instant(expires),
      uniqueKey: unique?.key ?? null,
      uniqueUntil: unique?.for == null ? null : this.now + unique.for,
      progress: null,
    }
    const row: ModelRow = { task, settled: null, worker: null, turn: 0, ended: [], logs: [] }
    this.rows.set(item.id, row)
    this.tell(row.task, row.task.state)
    return row
  }
}
