// Start and stop, written once: start twice is one start, stop before start and stop twice are legal, a stop that
// comes during the start waits for it, a failed start can be tried again.

import { WindlassError } from '../core/errors.ts'

/** A part with a life. Owners implement `onStart` and `onStop`. */
export abstract class Service {
  #started: Promise<void> | null = null
  #stopped: Promise<void> | null = null

  protected abstract onStart(): Promise<void>
  protected abstract onStop(): Promise<void>

  /** True from a successful start until the stop begins. */
  get running(): boolean {
    return this.#started !== null && this.#stopped === null
  }

  /** Starts once; a failed start leaves the part stopped and may be repeated. */
  start(): Promise<void> {
    if (this.#stopped !== null)
      return Promise.reject(new WindlassError('refused', 'this part was stopped; make a new one'))
    this.#started ??= this.onStart().catch((error: unknown) => {
      this.#started = null
      throw error
    })
    return this.#started
  }

  /** Stops once; later calls answer the same promise. */
  stop(): Promise<void> {
    this.#stopped ??= this.#end()
    return this.#stopped
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
