// What a caller may say when enqueueing. Units: bare numbers are milliseconds (see duration.ts).

import type { Duration } from './duration.ts'
import type { CallerTransaction } from './engine.ts'
import type { RetryOption } from './retry.ts'

export interface EnqueueOptions {
  /** The caller's own id (1–128 bytes); the same id and content again is `existing`, other content throws. */
  readonly id?: string
  readonly queue?: string
  /** 0–10, larger runs first. */
  readonly priority?: number
  /** Due after this long. Not together with `runAt`. */
  readonly delay?: Duration
  /** Due at this time: a Date, an ISO-8601 text (UTC unless it has an offset), or milliseconds since the epoch. */
  readonly runAt?: Date | string | number
  /** Not started by then (a duration from now, or a Date), it becomes cancelled with reason `expired`. */
  readonly expires?: Duration | Date
  readonly retry?: RetryOption
  /** Longest run of an attempt; `false`: none. */
  readonly timeout?: Duration | false
  readonly keep?: { readonly succeeded?: Duration; readonly dead?: Duration }
  /** One task per key until it is final, or with `for` until that long after the enqueue. */
  readonly unique?: string | { readonly key: string; readonly for?: Duration }
  readonly tags?: readonly string[]
  /** Small JSON object of the caller, kept beside the payload (8 KiB). */
  readonly meta?: object
  readonly group?: string
  readonly traceContext?: string
  /** Enqueue inside this transaction of the caller's own driver. */
  readonly tx?: CallerTransaction
  /**
   * With `tx`: workers are told at the commit, where the engine can do that, and not only by their next look, which
   * comes within a second. Costs a message in the transaction. Without `tx` workers are told anyway. Default false.
   */
  readonly notify?: boolean
}
