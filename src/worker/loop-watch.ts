// Notices when the event loop stood still: a handler blocked it, or the whole process was paused. A tick twice a
// second; a gap between ticks tells afterwards, and an attempt that ends right after a standstill can ask at once.
// What blocked it is said where another thread looked (stall-board.ts).

import type { Cancel, Clock } from '../base/clock.ts'
import { formatDuration } from '../core/duration.ts'
import type { StallBoard } from './stall-board.ts'

const TICK = 500
/** A gap longer than this, beyond the tick itself, is worth telling. */
const NOTABLE = 1_000

export class LoopWatch {
  readonly #clock: Clock
  readonly #stood: (words: string) => void
  readonly #board: StallBoard | null
  #last = 0
  #cancel: Cancel | null = null

  /**
   * @param stood called after a standstill, when the loop turns again, with the warning for what ran meanwhile
   * @param board where another thread may say what blocked it
   */
  constructor(clock: Clock, stood: (words: string) => void, board: StallBoard | null = null) {
    this.#clock = clock
    this.#stood = stood
    this.#board = board
  }

  start(): void {
    this.#last = this.#clock.mono()
    this.#board?.turned()
    this.#arm()
  }

  stop(): void {
    this.#board?.clear()
    this.#cancel?.()
    this.#cancel = null
  }

  /** The warning for a standstill that the tick has not seen yet; null: there is none. */
  get words(): string | null {
    if (this.#cancel === null) return null
    const over = this.#clock.mono() - this.#last - TICK
    if (over <= NOTABLE) return null
    const stack = this.#board?.stack ?? null
    const words = `the event loop stood still for ${formatDuration(over)} while this ran`
    if (stack === null) return `${words}: a handler blocked it, or the process was paused`
    return `${words}, blocked by\n${stack}`
  }

  #arm(): void {
    this.#cancel = this.#clock.timer(TICK, () => {
      const { words } = this
      this.#last = this.#clock.mono()
      this.#board?.turned()
      this.#arm()
      if (words !== null) this.#stood(words)
    })
  }
}
