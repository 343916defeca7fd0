// The cold verb groups of the contract: records, schedules, documents, journal (the hot ones are in engine.ts).
// The same rules hold: arrays in and out, refusals are data, an empty array does no I/O, every list has a cursor.

import type {
  AttemptRecord,
  DocumentRecord,
  JournalEntry,
  LogLine,
  ScheduleRecord,
  SessionRecord,
  TaskRecord,
  TaskState,
} from './record.ts'
import type { EnqueueReply, NewTask } from './hot-verbs.ts'

// ── records ─────────────────────────────────────────────────────────────────────────────────────────────────

export interface TaskFilter {
  readonly states?: readonly TaskState[]
  readonly queue?: string
  readonly type?: string
  readonly tag?: string
  /** Matches id, type, unique key, tags, payload, error message: case-insensitive, over the newest rows. */
  readonly text?: string
  readonly group?: string
  readonly parentId?: string
  readonly createdFrom?: number
  readonly createdTo?: number
  readonly limit: number
  readonly cursor: string | null
}

export interface TaskPage {
  /** Newest first. */
  readonly tasks: readonly TaskRecord[]
  readonly next: string | null
  /** The search stopped at its row limit: older tasks were not looked at. */
  readonly partial: boolean
  readonly scanned: number
}

export type Action =
  | { readonly verb: 'cancel'; readonly id: string }
  /** dead or cancelled → ready, counters cleared, attempt goes on. */
  | { readonly verb: 'requeue'; readonly id: string }
  | { readonly verb: 'delete'; readonly id: string }
  | { readonly verb: 'reprioritise'; readonly id: string; readonly priority: number }

export interface ActionReply {
  /** `requested`: a running task was told to stop. `held`: its unique key belongs to the task `holder`. */
  readonly outcome: 'done' | 'requested' | 'refused' | 'not_found' | 'held'
  readonly state: TaskState | null
  readonly holder: string | null
}

export interface QueueStats {
  readonly queue: string
  readonly paused: boolean
  readonly counts: Readonly<Record<TaskState, number>>
  /** States whose count is an estimate, because it is over the exact limit. */
  readonly estimated: readonly TaskState[]
  /** Age of the ready task that has waited longest; null: none. */
  readonly oldest: number | null
  /** Live sessions that take from it. */
  readonly workers: number
}

/** One change of one task. Cursors rise; a reader that remembers the last one misses nothing that is kept. */
export interface Change {
  readonly cursor: number
  readonly at: number
  readonly id: string
  readonly type: string
  readonly queue: string
  readonly state: TaskState | 'deleted'
  readonly attempt: number
}

export interface ChangePage {
  readonly changes: readonly Change[]
  /** Pass it as the next `since`. */
  readonly cursor: number
  /** Changes after `since` were already dropped: read the records anew. */
  readonly gap: boolean
}

export interface Records {
  get(ids: readonly string[]): Promise<(TaskRecord | null)[]>
  find(filter: TaskFilter): Promise<TaskPage>
  act(actions: readonly Action[]): Promise<ActionReply[]>
  /** Of these queues, or of every queue that has a task, settings or a session. */
  stats(queues: readonly string[] | null): Promise<QueueStats[]>
  sessions(filter: {
    readonly state: 'live' | 'dead' | null
    readonly host: string | null
  }): Promise<SessionRecord[]>
  /** Place of ready tasks among those of their queue that would be claimed before; counted to `LIMITS.exactCount`. */
  ahead(ids: readonly string[]): Promise<(number | null)[]>
  /** `since` −1: only the newest cursor. */
  changes(since: number, limit: number): Promise<ChangePage>
}

// ── schedules, documents, journal ───────────────────────────────────────────────────────────────────────────

export interface SchedulePut {
  readonly name: string
  /** 0: must not exist; else the version that is replaced. */
  readonly version: number
  readonly body: string
  readonly paused: boolean
  readonly dueAt: number | null
}

export interface Firing {
  readonly name: string
  readonly version: number
  /** The due time that was read: the tick fires only if it still stands. */
  readonly dueAt: number
  readonly nextDueAt: number | null
  readonly tasks: readonly NewTask[]
  readonly journal: readonly JournalEntry[]
}

/** `version` is the new one, or after a conflict the one that stands (0: none). */
export type PutReply = { readonly status: 'put' | 'conflict'; readonly version: number }
export type RemoveReply = { readonly status: 'removed' | 'conflict' | 'not_found' }

export interface Schedules {
  put(items: readonly SchedulePut[]): Promise<PutReply[]>
  list(names: readonly string[] | null): Promise<ScheduleRecord[]>
  remove(items: readonly { readonly name: string; readonly version: number }[]): Promise<RemoveReply[]>
  due(limit: number): Promise<{ readonly now: number; readonly schedules: readonly ScheduleRecord[] }>
  fire(
    items: readonly Firing[],
  ): Promise<{ readonly status: 'fired' | 'stale'; readonly tasks: EnqueueReply[] }[]>
}

export interface DocumentPut {
  readonly kind: string
  readonly key: string
  readonly version: number
  readonly body: string
}

/** Documents of kind `queue` are the queues' settings: see core/queue-settings.ts. Claim obeys them at once. */
export interface Documents {
  get(keys: readonly { readonly kind: string; readonly key: string }[]): Promise<(DocumentRecord | null)[]>
  list(kind: string, after: string | null, limit: number): Promise<DocumentRecord[]>
  put(items: readonly DocumentPut[]): Promise<PutReply[]>
  remove(
    items: readonly { readonly kind: string; readonly key: string; readonly version: number }[],
  ): Promise<RemoveReply[]>
}

export interface JournalQuery {
  readonly stream: string
  readonly key: string | null
  readonly from: number | null
  readonly to: number | null
  readonly limit: number
  readonly cursor: string | null
}

export interface Journal {
  append(entries: readonly JournalEntry[]): Promise<void>
  /** Newest first. */
  read(
    query: JournalQuery,
  ): Promise<{ readonly entries: readonly JournalEntry[]; readonly next: string | null }>
  /** Attempts of each task, oldest first, the running or last one from the task itself. */
  attempts(ids: readonly string[]): Promise<AttemptRecord[][]>
  logs(
    id: string,
    after: string | null,
    limit: number,
  ): Promise<{ readonly lines: readonly LogLine[]; readonly next: string | null }>
  /** Drops entries of a stream that are older than `before`; answers how many. */
  prune(stream: string, before: number, limit: number): Promise<number>
}
