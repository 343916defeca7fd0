// What a worker and a child (a thread or a process that runs one task at a time) say to each other, and what a child
// is told when it starts. Plain data, structured-cloned. Promises that anything else that comes over the channel, for
// user code may send too, is told apart. Who sends what is in remote.ts and child.ts.

import type { Ending } from '../../core/decide.ts'
import type { ErrorCode } from '../../core/errors.ts'
import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'
import type { Enqueuer } from '../../core/new-task.ts'
import type { LogLine, Progress, TaskRecord } from '../../core/record.ts'
import type { StopWhy } from '../attempt.ts'

/** Where a child finds the code of the task types. */
export interface TaskSource {
  /** Path of the config file; null: there is none, `tasks` and `root` say it all. */
  readonly config: string | null
  /** Globs of files that export task types. */
  readonly tasks: readonly string[]
  readonly root: string
}

/** Given to a child when it is made. */
export interface ChildStart {
  readonly source: TaskSource
  readonly payloadBytes: number
  readonly redact: readonly string[]
  readonly defaults: NonNullable<Enqueuer['defaults']> | null
  /** How long after the abort signal the child is killed. */
  readonly grace: number
  /** URL of the store, for transactions of handlers; null: only the worker's process can reach it. */
  readonly address: string | null
}

export type ToChild =
  | {
      readonly kind: 'run'
      readonly task: TaskRecord
      /** How long ago it was claimed, in ms. */
      readonly age: number
    }
  | { readonly kind: 'tell'; readonly why: StopWhy; readonly code: ErrorCode; readonly message: string }
  /** One of the two is null. */
  | {
      readonly kind: 'enqueued'
      readonly call: number
      readonly reply: EnqueueReply | null
      readonly failure: EnqueueFailure | null
    }

/** Why the store did not take a task of `ctx.enqueue`. */
export interface EnqueueFailure {
  readonly code: ErrorCode
  readonly message: string
  readonly applied: 'no' | 'unknown' | null
}

export type FromChild =
  /** It has loaded the task types. */
  | { readonly kind: 'ready' }
  /** It could not. */
  | { readonly kind: 'failed'; readonly message: string }
  | { readonly kind: 'begun' }
  | { readonly kind: 'notes'; readonly progress: Progress | null; readonly logs: readonly LogLine[] }
  | {
      readonly kind: 'log'
      readonly level: LogLine['level']
      readonly message: string
      readonly fields: object
    }
  | { readonly kind: 'enqueue'; readonly call: number; readonly task: NewTask }
  /** Its success is in a transaction of the handler's, which may be committed from now on. */
  | { readonly kind: 'completed' }
  /** The handler ended; `over`: its clean-ups too. */
  | {
      readonly kind: 'ended'
      readonly ending: Ending | null
      readonly followUps: readonly NewTask[]
      readonly over: boolean
    }

const MARK = 'windlassChild'

/** The message as it goes over a channel that user code may use too. */
export function wrap(message: ToChild | FromChild): object {
  return { [MARK]: message }
}

/** What the worker wrapped, or null for anything else. */
export function readToChild(value: unknown): ToChild | null {
  return unwrap(value) as ToChild | null
}

/** What a child wrapped, or null for anything else. */
export function readFromChild(value: unknown): FromChild | null {
  return unwrap(value) as FromChild | null
}

function unwrap(value: unknown): unknown {
  return typeof value === 'object' && value !== null && MARK in value ? value[MARK] : null
}
