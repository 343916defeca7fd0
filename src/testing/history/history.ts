// What clients did and were told, as data: one entry per engine call, one per start and end of a handler.
// Promises nothing about truth: a history says what somebody saw, and the checker judges whether an engine that keeps
// the contract could have shown it. Leaves writing histories to recorder.ts and judging them to checker.ts.

import type {
  Beat,
  BeatReply,
  ClaimReply,
  ClaimRequest,
  EnqueueReply,
  NewSession,
  NewTask,
  SessionEnd,
  Settlement,
  SettleReply,
  SweepReply,
  SweepRequest,
} from '../../core/hot-verbs.ts'
import type { Action, ActionReply, DocumentPut, Firing, PutReply, QueueStats } from '../../core/cold-verbs.ts'
import type { TaskRecord } from '../../core/record.ts'

/** What is asked and answered by each verb that is recorded. */
export interface Verbs {
  enqueue: { asked: readonly NewTask[]; told: EnqueueReply[] }
  claim: { asked: readonly ClaimRequest[]; told: ClaimReply[] }
  settle: { asked: readonly Settlement[]; told: SettleReply[] }
  startSession: { asked: readonly NewSession[]; told: ('started' | 'exists')[] }
  heartbeat: { asked: readonly Beat[]; told: BeatReply[] }
  endSession: { asked: readonly SessionEnd[]; told: ('ended' | 'already' | 'absent')[] }
  sweep: { asked: readonly SweepRequest[]; told: SweepReply[] }
  act: { asked: readonly Action[]; told: ActionReply[] }
  fire: {
    asked: readonly Firing[]
    told: { readonly status: 'fired' | 'stale'; readonly tasks: EnqueueReply[] }[]
  }
  putDocument: { asked: readonly DocumentPut[]; told: PutReply[] }
}

export type Verb = keyof Verbs

/** `not_applied`: told that nothing changed. `unknown`: it may have happened, or may happen later. */
export type CallStatus = 'ok' | 'not_applied' | 'unknown'

/** One call. Positions number all events of a history in the order in which they were seen. */
export interface CallOf<V extends Verb> {
  readonly node: string
  readonly verb: V
  readonly invoked: number
  /** Infinity: no answer ever came. */
  readonly returned: number
  /** Engine time when it was asked and when the answer came. */
  readonly at: number
  readonly until: number
  /** The same by a clock that never jumps: the observer's own. */
  readonly sent: number
  readonly heard: number
  readonly status: CallStatus
  readonly asked: Verbs[V]['asked']
  /** Aligned with `asked`; null unless `ok`. */
  readonly told: Verbs[V]['told'] | null
}

export type Call = { [V in Verb]: CallOf<V> }[Verb]

/** A handler started or came to its end; a crash leaves a start without an end. */
export interface Run {
  readonly node: string
  readonly what: 'start' | 'end'
  readonly position: number
  readonly at: number
  readonly id: string
  readonly claim: string
  readonly attempt: number
}

/** What the store holds when everything is over. */
export interface Final {
  readonly now: number
  readonly tasks: readonly TaskRecord[]
  readonly stats: readonly QueueStats[]
  readonly paused: readonly string[]
}

export interface History {
  readonly calls: readonly Call[]
  readonly runs: readonly Run[]
  readonly final: Final
  /** Position from which on no fault fired; null: the run was not drained, so nothing is said about liveness. */
  readonly healed: number | null
  /** Engine time went back at least once: checks by stored times say less then. */
  readonly clockWentBack: boolean
}

/** A broken promise. */
export interface Violation {
  readonly check: string
  /** The task or session concerned. */
  readonly id: string
  readonly says: string
}
