// How often the ends of tasks are told: the first at once, those that follow within some milliseconds together, after
// that time. Under load each call would otherwise wake everybody who waits for a result.

/** Between two hints of ends, in ms. */
const SPACING = 5

export class EndHints {
  readonly #tell: () => void
  #last = 0
  #timer: NodeJS.Timeout | null = null

  /** @param tell tells of ends somewhere */
  constructor(tell: () => void) {
    this.#tell = tell
  }

  /** True for a call that is to say nothing of the ends it makes, for that is done later. */
  hold(): boolean {
    const since = performance.now() - this.#last
    if (since >= SPACING && this.#timer === null) {
      this.#last = performance.now()
      return false
    }
    this.#timer ??= setTimeout(() => {
      this.#timer = null
      this.#last = performance.now()
      this.#tell()
    }, SPACING).unref()
    return true
  }

  close(): void {
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
  }
}
