// A clock that only moves when it is told to: engine time for stores under test, and the process's own time for
// parts that take a Clock. Promises that timers fire in the order of their times, each at its time. Tests of
// leases, schedules and retention move it instead of sleeping.

import type { Cancel, Clock } from '../base/clock.ts'

interface Timer {
  readonly at: number
  readonly callback: () => void
}

export class ManualClock implements Clock {
  readonly #start: number
  #elapsed = 0
  readonly #timers = new Set<Timer>()

  /** @param start milliseconds since the epoch; by default a Tuesday of 2026 */
  constructor(start: number = Date.UTC(2026, 5, 2, 8)) {
    this.#start = start
  }

  /** Engine time. Bound, so that it can be passed as the `now` of an engine. */
  readonly now = (): number => this.#start + this.#elapsed

  mono(): number {
    return this.#elapsed
  }

  wall(): number {
    return this.now()
  }

  timer(ms: number, callback: () => void): Cancel {
    const timer = { at: this.#elapsed + Math.max(0, ms), callback }
    this.#timers.add(timer)
    return () => {
      this.#timers.delete(timer)
    }
  }

  /** Moves on and fires what falls due, all at once. */
  advance(ms: number): void {
    const end = this.#elapsed + ms
    for (let timer = this.#nextBy(end); timer !== undefined; timer = this.#nextBy(end)) this.#fire(timer)
    this.#elapsed = end
  }

  /** Moves on like `advance`, and lets promises settle after each timer. */
  async pass(ms: number): Promise<void> {
    const end = this.#elapsed + ms
    await settled()
    for (let timer = this.#nextBy(end); timer !== undefined; timer = this.#nextBy(end)) {
      this.#fire(timer)
      await settled()
    }
    this.#elapsed = end
    await settled()
  }

  #fire(timer: Timer): void {
    this.#timers.delete(timer)
    this.#elapsed = Math.max(this.#elapsed, timer.at)
    timer.callback()
  }

  #nextBy(end: number): Timer | undefined {
    let next: Timer | undefined
    for (const timer of this.#timers) {
      if (timer.at <= end && (next === undefined || timer.at < next.at)) next = timer
    }
    return next
  }
}

/** A turn of the event loop: promises that can go on have gone on. */
function settled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
