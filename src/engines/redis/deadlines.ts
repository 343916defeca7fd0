// Which calls wait for an answer, and until when: one timer for all of them, armed again when it rings, so that most calls
// set none. After some idleness setting and clearing one takes a tenth of a round trip.

/** A call that waits. */
export interface Deadline {
  /** Monotonic time. */
  readonly until: number
  /** Called once, when that has come and it still waits. */
  readonly late: () => void
}

export class Deadlines {
  readonly #waiting = new Set<Deadline>()
  #timer: NodeJS.Timeout | null = null
  #rings = Number.POSITIVE_INFINITY

  add(deadline: Deadline): void {
    this.#waiting.add(deadline)
    if (deadline.until < this.#rings) this.#arm(deadline.until)
  }

  /** It is answered. */
  remove(deadline: Deadline): void {
    this.#waiting.delete(deadline)
  }

  #arm(at: number): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#rings = at
    // Whoever waits has a connection, which keeps the process alive.
    this.#timer = setTimeout(() => this.#ring(), Math.max(1, at - performance.now())).unref()
  }

  #ring(): void {
    this.#timer = null
    this.#rings = Number.POSITIVE_INFINITY
    const now = performance.now()
    let next = Number.POSITIVE_INFINITY
    for (const deadline of this.#waiting) {
      if (deadline.until > now) next = Math.min(next, deadline.until)
      else {
        this.#waiting.delete(deadline)
        deadline.late()
      }
    }
    if (next < this.#rings) this.#arm(next)
  }
}
