// Start and stop, written once: start twice is one start, stop before start and stop twice are legal, a stop that
// comes during the start waits for it, a failed start can be tried again. What a failed start began is for `onStart` to
// end: `onStop` is called after a successful start only, and once.

import { WindlassError } from '../core/errors.ts'

/** A part with a life. Owners implement `onStart` and `onStop`. */
export abstract class Service {
  #started: Promise<void> | null = null
  #stopped: Promise<void> | null = null
  #up = false

  protected abstract onStart(): Promise<void>
  protected abstract onStop(): Promise<void>

  /** True from a successful start until the stop begins. */
  get running(): boolean {
    return this.#up && this.#stopped === null
  }

  /** Starts once; a failed start leaves the part stopped and may be repeated. */
  start(): Promise<void> {
    if (this.#stopped !== null)
      return Promise.reject(
        new WindlassError('refused', 'this part was stopped', { hint: 'Make a new one and start that.' }),
      )
    if (this.#started === null) {
      const begun = this.#begin()
      this.#started = begun
      begun.catch(() => {
        this.#started = null
      })
    }
    return this.#started
  }

  /** Stops once; later calls answer the same promise. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end()
    return this.#stopped
  }

  async #begin(): Promise<void> {
    await this.onStart()
    this.#up = true
  }

  async #end(): Promise<void> {
    const started = this.#started
    if (started === null) return
    const ok = await started.then(
      () => true,
      () => false,
    )
    if (ok) await this.onStop()
  }
}
