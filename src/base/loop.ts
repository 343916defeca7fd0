// A job that runs again and again, one run at a time: at least every `interval`, at once when woken. A wake-up
// during a run leads to one more run, so no hint is lost. Errors go to `onError` and back off with jitter; nothing that
// the job or `onError` throws ends the loop.

import { systemClock, type Cancel, type Clock } from './clock.ts'

export interface LoopOptions {
  /** Answers the wait until the next run in ms, `interval` at most; undefined: `interval`. */
  readonly run: () => Promise<number | undefined | void>
  /** In ms. */
  readonly interval: number
  readonly onError: (error: unknown, failures: number) => void
  readonly clock?: Clock
  /** Back-off after errors: from 100 ms doubling up to this, the half of it drawn. Default 5 s. */
  readonly maxBackoff?: number
  /** 0 ≤ x < 1; for the back-off. Default Math.random. */
  readonly random?: () => number
}

/** The loop. `start` returns at once; `stop` waits for the run that is under way, so the run must not wait for it. */
export class Loop {
  readonly #options: LoopOptions
  readonly #clock: Clock
  #cancel: Cancel | null = null
  #running: Promise<void> | null = null
  #again = false
  #stopped = true
  #failures = 0

  constructor(options: LoopOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Begins with a first run. A loop that was stopped may be started again; one that runs is left alone. */
  start(): void {
    if (!this.#stopped) return
    this.#stopped = false
    this.#failures = 0
    this.wake()
  }

  /** Runs now, or once more after the run under way. While errors back off it does not shorten the wait. */
  wake(): void {
    if (this.#stopped) return
    if (this.#running !== null) {
      this.#again = true
      return
    }
    if (this.#failures > 0 && this.#cancel !== null) return
    this.#go()
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#cancel?.()
    this.#cancel = null
    await this.#running
  }

  #go(): void {
    this.#cancel?.()
    this.#cancel = null
    this.#again = false
    this.#running = this.#once().then((wait) => {
      this.#running = null
      if (this.#stopped) return
      if (this.#again && this.#failures === 0) return this.#go()
      this.#cancel = this.#clock.timer(wait, () => this.#go())
    })
  }

  async #once(): Promise<number> {
    const { interval } = this.#options
    try {
      const wait = await this.#options.run()
      this.#failures = 0
      // Also what is no number: a timer would take it for "at once", for ever.
      return typeof wait === 'number' && wait < interval ? Math.max(0, wait) : interval
    } catch (error) {
      this.#failures++
      this.#tell(error)
      const most = this.#options.maxBackoff ?? 5_000
      const random = this.#options.random ?? Math.random
      return Math.min(most, 50 * 2 ** Math.min(this.#failures, 20)) * (0.5 + random() / 2)
    }
  }

  #tell(error: unknown): void {
    try {
      this.#options.onError(error, this.#failures)
    } catch {
      // Telling failed; going on matters more.
    }
  }
}
