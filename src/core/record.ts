// The words of the store: what a task, a session, a schedule, a document and a journal entry look like.
// Plain data only, the same on every engine; times are engine time in whole milliseconds since the epoch.
// How records change is the contract's business (engine.ts), why they change is decide.ts.

/** Any JSON value. */
export type Json = null | boolean | number | string | Json[] | { [key: string]: Json }

/** The states of a task. A retry that waits is `scheduled` with `attempt > 0`. */
export type TaskState = 'scheduled' | 'ready' | 'running' | 'succeeded' | 'dead' | 'cancelled'

/** Every state, in the order of a task's life. */
export const TASK_STATES: readonly TaskState[] = [
  'scheduled',
  'ready',
  'running',
  'succeeded',
  'dead',
  'cancelled',
]

/** True for the states that a task never leaves by itself. */
export function isFinal(state: TaskState): boolean {
  return state === 'succeeded' || state === 'dead' || state === 'cancelled'
}

/** What an attempt, or a rescue, came to. The first six are settled by workers, the others by a rescue. */
export type OutcomeKind =
  | 'succeed'
  | 'retry'
  | 'die'
  | 'cancel'
  | 'snooze'
  | 'release'
  | 'crash'
  | 'loss'
  | 'deadline'
  | 'expire'

/** Why a final task is final, or why a waiting one waits again. Stable words, shown to users. */
export type Reason =
  | 'expired'
  | 'cancelled'
  | 'poison'
  | 'lost'
  | 'fatal'
  | 'failed'
  | 'retries_exhausted'
  | 'invalid_payload'
  | 'invalid_result'
  | 'timeout'
  | 'unknown_type'
  | 'unknown_codec'
  | 'unknown_version'
  | 'child_failed'
  | 'drained'
  | 'bystander'
  | 'unclaimed'

/** Counters of one task. `failures` is the retry budget; see CONTRACT rule 7. */
export interface Counters {
  readonly failures: number
  readonly crashes: number
  readonly losses: number
  readonly releases: number
}

/** An error as it is kept: bounded, without secrets, with its chain of causes. */
export interface KeptError {
  readonly code: string | null
  readonly name: string
  readonly message: string
  readonly stack: string | null
  readonly causes: readonly { readonly name: string; readonly message: string }[]
}

/** Progress of a running task as last reported. */
export interface Progress {
  readonly percent: number
  readonly message: string | null
  readonly at: number
}

/** How long a finished task is kept, in milliseconds from its end. */
export interface Keep {
  readonly succeeded: number
  readonly dead: number
}

/** Retry policy in its data form (it is stored on the row). `retries` counts after the first run. */
export type RetryPolicy =
  | { readonly kind: 'fixed'; readonly retries: number; readonly delay: number }
  | { readonly kind: 'list'; readonly retries: number; readonly delays: readonly number[] }
  | {
      readonly kind: 'exponential'
      readonly retries: number
      readonly base: number
      readonly factor: number
      readonly cap: number
      readonly jitter: number
    }

/** When a rescued task runs again, and when it is given up. Stored on the row beside the retry policy. */
export interface CrashPolicy {
  /** Crash number at which a task becomes dead(`poison`). Default 3. */
  readonly crashes: number
  /** Loss number at which a task becomes dead(`lost`). Default 10. */
  readonly losses: number
  /** Waits before the run after the first, second, … crash or loss; the last one repeats. Default 0, 10, 60 s. */
  readonly delays: readonly number[]
}

/** Where a task came from and what it belongs to; opaque to the engine except for equality. */
export interface Lineage {
  readonly group: string | null
  readonly parentId: string | null
  readonly rootId: string | null
  readonly traceContext: string | null
  /** Who made it: `client`, `cli`, `schedule:<name>`, `task:<id>`, `api`, … */
  readonly origin: string | null
}

/** The parts of a task that its enqueue fixes. */
export interface TaskSpec extends Lineage {
  readonly id: string
  readonly type: string
  readonly queue: string
  readonly priority: number
  /** JSON text after the codec, byte for byte what the caller's input was. */
  readonly payload: string
  readonly payloadVersion: number
  /** Name of the codec that wrote payload and result; null: plain JSON text. */
  readonly codec: string | null
  readonly retry: RetryPolicy
  readonly crash: CrashPolicy
  /** Longest run of one attempt in ms; null: none. */
  readonly timeout: number | null
  readonly keep: Keep
  readonly tags: readonly string[]
  /** Small JSON object of the caller, as text; null: none. */
  readonly meta: string | null
  /** Digest of the fields that CONTRACT rule 16 compares. */
  readonly digest: string
}

/** A task as the store holds it. */
export interface TaskRecord extends TaskSpec, Counters {
  readonly state: TaskState
  /** The rising number drawn when the task became ready; null while it is scheduled. */
  readonly place: number | null
  readonly createdAt: number
  /** When it is, was or will be due. */
  readonly runAt: number
  /** Not started until then, it is cancelled with reason `expired`; null: never. */
  readonly expiresAt: number | null
  readonly startedAt: number | null
  readonly finishedAt: number | null
  readonly attempt: number
  readonly snoozes: number
  /** Token of the running attempt, else null. */
  readonly claim: string | null
  /** Session that runs it, or ran it last. */
  readonly session: string | null
  readonly deadlineAt: number | null
  readonly cancelRequestedAt: number | null
  readonly uniqueKey: string | null
  /** The unique key holds until then even if the task is final; null: until final. */
  readonly uniqueUntil: number | null
  /** How the last attempt ended; null before the first ending. */
  readonly outcome: OutcomeKind | null
  readonly reason: Reason | null
  /** JSON text after the codec, null until succeeded. */
  readonly result: string | null
  readonly error: KeptError | null
  readonly progress: Progress | null
}

/** One ended (or running) attempt, as the journal tells it. */
export interface AttemptRecord {
  readonly attempt: number
  readonly session: string | null
  readonly worker: string | null
  readonly startedAt: number
  readonly endedAt: number | null
  readonly outcome: OutcomeKind | null
  readonly reason: Reason | null
  readonly error: KeptError | null
  /** Findings that are no errors: a swallowed error, a stall. */
  readonly warnings: readonly string[]
}

/** One log line of a task. */
export interface LogLine {
  readonly at: number
  readonly level: 'debug' | 'info' | 'warn' | 'error'
  readonly message: string
}

/** Which process a session is: enough to tell, on the same host, whether it still lives. */
export interface ProcessIdentity {
  readonly host: string
  /** Changes with each boot of the host. */
  readonly bootId: string
  /** Process-id namespace: pids are compared only inside the same one. */
  readonly pidSpace: string
  readonly pid: number
  /** Start time of the process in the system's own unit: tells a reused pid from the old one. */
  readonly startTime: string
}

/** Why a session is dead. `missing`: there is no such row. */
export type DeathCause = 'stopped' | 'killed' | 'expired' | 'deadline' | 'missing'

/** A worker process as the store knows it. */
export interface SessionRecord extends ProcessIdentity {
  readonly id: string
  readonly name: string
  /** Queues it takes from; null: all. */
  readonly queues: readonly string[] | null
  /** Task types it can run. */
  readonly types: readonly string[]
  readonly concurrency: number
  readonly lease: number
  readonly state: 'live' | 'dead'
  readonly cause: DeathCause | null
  /** Tasks named as guilty of the death; null: unknown. */
  readonly culprits: readonly string[] | null
  /** Free slots are not taken any more: it drains. */
  readonly draining: boolean
  readonly beat: number
  readonly startedAt: number
  readonly seenAt: number
  readonly expiresAt: number
  readonly endedAt: number | null
}

/** A small versioned JSON document: queue settings, limits, endpoints, keys. */
export interface DocumentRecord {
  readonly kind: string
  readonly key: string
  readonly version: number
  readonly body: string
  readonly updatedAt: number
}

/** A recurring rule. The body is the scheduler's; the engine compares `version` and `dueAt` only. */
export interface ScheduleRecord {
  readonly name: string
  readonly version: number
  readonly body: string
  readonly paused: boolean
  /** Next planned tick; null: none. */
  readonly dueAt: number | null
  readonly lastFiredAt: number | null
  readonly updatedAt: number
}

/** An entry of an append-only stream: `audit`, `tick`, `rollup`, `delivery`, `alert`. */
export interface JournalEntry {
  readonly stream: string
  readonly key: string
  readonly at: number
  readonly body: string
}
