// What the log says of every attempt: that it begins, and that its processing finished, with its time and its outcome.
// Promises each of them at level debug, and at level info as many a second as people can read; what is beyond that is
// told as a sum. Costs nothing where the level is above. Why a task runs again is said by ending-words.ts.

import type { Cancel, Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { OutcomeKind, Reason } from '../core/record.ts'
import type { Attempt } from './attempt.ts'

/** Attempts a second that are told one by one at level info: more than anybody reads, and a percent of a core. */
const MOST = 100
const SECOND = 1_000

export class AttemptLines {
  readonly #clock: Clock
  readonly #log: Log
  readonly #info: boolean
  readonly #debug: boolean
  #since = Number.NEGATIVE_INFINITY
  #told = 0
  #untold = 0
  #sum: Cancel | null = null

  constructor({ clock, log }: { readonly clock: Clock; readonly log: Log }) {
    this.#clock = clock
    this.#log = log
    this.#info = log.enabled?.('info') ?? true
    this.#debug = log.enabled?.('debug') ?? true
  }

  /** Its handler is called, here or in a child. */
  begins(attempt: Attempt): void {
    if (!this.#info) return
    if (attempt.startedAt - this.#since >= SECOND) {
      this.#since = attempt.startedAt
      this.#told = 0
    }
    attempt.told = this.#told++ < MOST ? 'info' : this.#debug ? 'debug' : 'sum'
    if (attempt.told !== 'sum') this.#log[attempt.told]('task begins', fieldsOf(attempt))
  }

  /** Its outcome is fixed. */
  ended(attempt: Attempt): void {
    if (attempt.told !== null && attempt.told !== 'sum') attempt.endedAt = this.#clock.mono()
  }

  /** The store took its outcome. */
  finished(attempt: Attempt, outcome: OutcomeKind, reason: Reason | null): void {
    // Handed back before it could begin: there is a line of its own for that.
    if (attempt.told === null) return
    if (attempt.told === 'sum') return this.#count()
    this.#log[attempt.told]('task processing finished', {
      ...fieldsOf(attempt),
      duration_ms: Math.round(attempt.endedAt - attempt.startedAt),
      outcome,
      ...(reason === null ? {} : { reason }),
    })
  }

  /** Says the sum of what was not told one by one. */
  stop(): void {
    this.#sum?.()
    this.#sum = null
    if (this.#untold === 0) return
    const count = this.#untold
    this.#untold = 0
    this.#log.info(`${count} more tasks finished in the last second`, { count })
  }

  #count(): void {
    this.#untold++
    this.#sum ??= this.#clock.timer(SECOND, () => this.stop())
  }
}

function fieldsOf({ task }: Attempt): object {
  return { task: task.id, type: task.type, queue: task.queue, attempt: task.attempt }
}
