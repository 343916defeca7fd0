// The hot verbs of the contract, as data: what is asked and what is answered (the verbs are in engine.ts).
// Refusals are data; times that come from a caller are durations, times that are stored are engine time.

import type {
  Counters,
  DeathCause,
  KeptError,
  LogLine,
  OutcomeKind,
  ProcessIdentity,
  Progress,
  Reason,
  TaskRecord,
  TaskSpec,
  TaskState,
} from './record.ts'

/** A time as the caller gave it: a duration from engine now, or an instant of engine time. */
export type When = { readonly after: number } | { readonly at: number }

/** A task to be enqueued. Times stay as given; the engine computes `runAt`, `expiresAt` and `uniqueUntil`. */
export interface NewTask extends TaskSpec {
  readonly due: When
  readonly expires: When | null
  readonly unique: { readonly key: string; readonly for: number | null } | null
  /** True only on the very first send of an id that was minted in this call: it may skip look-ups of old ids. */
  readonly minted: boolean
}

export type EnqueueReply =
  | { readonly outcome: 'created' | 'existing'; readonly id: string; readonly state: TaskState }
  /** The unique key is held by the task `id`. */
  | { readonly outcome: 'duplicate'; readonly id: string; readonly state: TaskState }
  /** The id is taken by a task (or by the tombstone of one) with other content. */
  | { readonly outcome: 'conflict'; readonly id: string; readonly state: TaskState | null }

export interface ClaimRequest {
  readonly session: string
  /** Random 128-bit id drawn by the worker; asked again with the same one, the same tasks come back. */
  readonly claimId: string
  /** Taken in this order, each by priority then place; null: all queues as one lane. */
  readonly queues: readonly string[] | null
  readonly limit: number
}

export interface ClaimReply {
  /** False: the session is not live; nothing was taken. */
  readonly live: boolean
  /** In the order in which they should start. Token of each: `<claimId>.<attempt>`. */
  readonly tasks: readonly TaskRecord[]
  /** More is ready (or newly due) than was taken. */
  readonly more: boolean
  /** Milliseconds until the next task of these queues falls due; null: none is scheduled. */
  readonly nextDueIn: number | null
}

/** What an attempt came to, decided by core. The engine does as told. */
export interface Outcome {
  readonly kind: OutcomeKind
  /** Final, or `scheduled` after `delay` with a new place, or `ready` at its old place (release without delay). */
  readonly to: 'succeeded' | 'dead' | 'cancelled' | 'scheduled' | 'ready'
  readonly delay: number
  /** Added to the counters. */
  readonly charge: Partial<Counters> & { readonly snoozes?: number }
  readonly reason: Reason | null
  readonly result: string | null
  readonly error: KeptError | null
  readonly warnings: readonly string[]
}

export interface Settlement {
  readonly id: string
  readonly claim: string
  /** `claim`: the token alone guards. `rescue`: the token, and its session is not live. `overdue`: the token, and its deadline has passed. */
  readonly guard: 'claim' | 'rescue' | 'overdue'
  readonly outcome: Outcome
  /** Enqueued in the same atomic unit, only if this settlement is applied. */
  readonly followUps: readonly NewTask[]
  /** Log lines of the attempt that were not reported yet. */
  readonly logs: readonly LogLine[]
}

/** `lost`: the token is not (or no longer) the valid one, nothing changed. `already`: this very outcome stands. */
export interface SettleReply {
  readonly status: 'applied' | 'already' | 'lost'
  readonly state: TaskState | null
  /** Aligned with the settlement's follow-ups; empty unless applied. */
  readonly followUps: readonly EnqueueReply[]
}

/** A task and the token under which it is held. */
export interface Held {
  readonly id: string
  readonly claim: string
}

export interface Beat {
  readonly session: string
  /** False: only ask, renew nothing, write nothing. */
  readonly renew: boolean
  /** `hash` is heldHash() of core/held.ts. `list` is sent when the last answer said `mismatch`. */
  readonly held: { readonly count: number; readonly hash: number; readonly list: readonly Held[] | null }
  /** Tasks claimed less than this long ago are not called unclaimed. */
  readonly unclaimedAfter: number
  readonly draining: boolean
}

export interface BeatReply {
  /** `gone`: dead or absent; draw a new session, abort what the old one runs. */
  readonly status: 'live' | 'gone'
  readonly now: number
  /** Count or hash differ: beat again with the list. */
  readonly mismatch: boolean
  /** Held, and not ours any more. Only with a list. */
  readonly lost: readonly Held[]
  /** Running under this session and not held. Only with a list. */
  readonly unclaimed: readonly Held[]
  readonly cancels: readonly Held[]
  readonly paused: readonly string[]
  /** Milliseconds until any task falls due; null: none is scheduled. */
  readonly nextDueIn: number | null
}

export interface NewSession extends ProcessIdentity {
  readonly id: string
  readonly name: string
  readonly queues: readonly string[] | null
  readonly types: readonly string[]
  readonly concurrency: number
  readonly lease: number
}

export interface SessionEnd {
  readonly session: string
  readonly cause: Exclude<DeathCause, 'missing' | 'expired'>
  readonly culprits: readonly string[] | null
}

/** What a running attempt tells: fenced by the token, may be lost, changes no state. */
export interface Report {
  readonly id: string
  readonly claim: string
  readonly progress: Progress | null
  readonly logs: readonly LogLine[]
}

export type ReportReply = { readonly status: 'ok' | 'cancel' | 'lost' }

export interface SweepRequest {
  /** Who sweeps; null: a process without a session, which may never declare death. */
  readonly session: string | null
  /** Take the turn only if the last one is this long ago; 0: always. */
  readonly every: number
  /** This process may declare sessions dead by time (CONTRACT rule 6). */
  readonly declare: boolean
  /** The clock jumped: set every live lease to engine now + lease, declare nothing. */
  readonly extend: boolean
  /** Added to a deadline before a task of a living session counts as overdue. */
  readonly grace: number
  readonly limit: number
  /** Page of orphans and overdue tasks to go on with; null: the first. */
  readonly cursor: string | null
  /** Finished tasks kept at most. */
  readonly keepCount: number
  /** Bytes of payloads and results of finished tasks kept at most, by estimate where they are many; null: no bound. */
  readonly keepBytes: number | null
}

/** A running task that nobody runs, with what is known of the death. */
export interface Orphan {
  readonly task: TaskRecord
  readonly cause: DeathCause
  readonly culprits: readonly string[] | null
}

export interface SweepReply {
  /** False: another process has the turn, nothing was done. */
  readonly turn: boolean
  readonly orphans: readonly Orphan[]
  /** Tasks of living sessions past deadline + grace. */
  readonly overdue: readonly TaskRecord[]
  readonly declaredDead: readonly string[]
  readonly expired: number
  readonly promoted: number
  readonly purged: number
  /** More orphans or overdue tasks wait behind this cursor; null: none. */
  readonly cursor: string | null
}

/** Something may have changed. A hint may be late, lost or wrong; nothing rests on it. */
export interface Hint {
  /** `any`: the engine cannot tell. */
  readonly kind: 'work' | 'due' | 'cancel' | 'change' | 'any'
  /** Queues concerned; null: unknown. */
  readonly queues: readonly string[] | null
}
