// Notices when the event loop stood still: a handler blocked it, or the whole process was paused. A tick twice a
// second; a gap between ticks tells afterwards, and an attempt that ends right after a standstill can ask at once.

import type { Cancel, Clock } from '../base/clock.ts'

const TICK = 500
/** A gap longer than this, beyond the tick itself, is worth telling. */
const NOTABLE = 1_000

export class LoopWatch {
  readonly #clock: Clock
  readonly #stood: (ms: number) => void
  #last = 0
  #cancel: Cancel | null = null

  /** @param stood called after a standstill, when the loop turns again */
  constructor(clock: Clock, stood: (ms: number) => void) {
    this.#clock = clock
    this.#stood = stood
  }

  start(): void {
    this.#last = this.#clock.mono()
    this.#arm()
  }

  stop(): void {
    this.#cancel?.()
    this.#cancel = null
  }

  /** Length of a standstill that the tick has not seen yet; 0: none. */
  get now(): number {
    if (this.#cancel === null) return 0
    const over = this.#clock.mono() - this.#last - TICK
    return over > NOTABLE ? over : 0
  }

  #arm(): void {
    this.#cancel = this.#clock.timer(TICK, () => {
      const stood = this.now
      this.#last = this.#clock.mono()
      this.#arm()
      if (stood > 0) this.#stood(stood)
    })
  }
}
