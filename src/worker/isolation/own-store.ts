// The child's own way to the store, for one purpose: a transaction of the handler's cannot leave its thread or process,
// so what belongs into it is written from here. Opened when a handler first brings one; most children never do.
// Promises nothing beyond the engine's own words. The claim stays the worker's: only its token guards what is settled.

import type { Engine } from '../../core/engine.ts'

export class OwnStore {
  readonly #address: string
  #engine: Promise<Engine> | null = null

  constructor(address: string) {
    this.#address = address
  }

  readonly enqueue: Engine['enqueue'] = async (tasks, options) => (await this.#open()).enqueue(tasks, options)

  readonly settle: Engine['settle'] = async (settlements, options) =>
    (await this.#open()).settle(settlements, options)

  /** A failed opening is tried again by the next call. */
  #open(): Promise<Engine> {
    this.#engine ??= openStore(this.#address).catch((error: unknown) => {
      this.#engine = null
      throw error
    })
    return this.#engine
  }
}

/** Drivers are loaded when they are needed, and not by every child. */
async function openStore(address: string): Promise<Engine> {
  const { openEngine } = await import('../../engines/open.ts')
  return openEngine(address)
}
