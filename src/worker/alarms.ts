// One timer for all attempts: each says when it wants to be looked at again, the earliest arms the timer. Attempts
// that end before their time cost nothing but a comparison. What an alarm means is the owner's business.

import type { Cancel, Clock } from '../base/clock.ts'
import type { Attempt } from './attempt.ts'

export class Alarms {
  readonly #clock: Clock
  readonly #attempts: Iterable<Attempt>
  readonly #ring: (attempt: Attempt, now: number) => void
  #armedAt = Number.POSITIVE_INFINITY
  #cancel: Cancel | null = null

  /** @param attempts looked through when the timer fires */
  constructor(clock: Clock, attempts: Iterable<Attempt>, ring: (attempt: Attempt, now: number) => void) {
    this.#clock = clock
    this.#attempts = attempts
    this.#ring = ring
  }

  /** Looks at the attempt at this monotonic time; replaces what was set before. */
  set(attempt: Attempt, at: number): void {
    attempt.alarmAt = at
    if (at < this.#armedAt) this.#arm(at)
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#armedAt = Number.POSITIVE_INFINITY
  }

  #arm(at: number): void {
    this.#cancel?.()
    this.#armedAt = at
    this.#cancel = this.#clock.timer(Math.max(0, at - this.#clock.mono()), () => this.#fire())
  }

  #fire(): void {
    this.#cancel = null
    this.#armedAt = Number.POSITIVE_INFINITY
    const now = this.#clock.mono()
    // Ringing may end attempts and start others; those that start now have their alarm later.
    for (const attempt of this.#attempts) {
      if (attempt.alarmAt > now) continue
      attempt.alarmAt = Number.POSITIVE_INFINITY
      this.#ring(attempt, now)
    }
    let next = Number.POSITIVE_INFINITY
    for (const attempt of this.#attempts) next = Math.min(next, attempt.alarmAt)
    if (next < this.#armedAt) this.#arm(next)
  }
}
