// When is there nothing left to do? For a worker that is to end by itself: nothing of a known type is ready in its
// unpaused queues and nothing runs here; on demand nothing is scheduled either. Asks the claimer first and the store
// only when tasks wait for their time.

import type { Cancel } from '../base/clock.ts'
import { QUEUE_DOCUMENT, readQueueSettings } from '../core/queue-settings.ts'
import type { Claimer } from './claimer.ts'
import type { WorkerSettings } from './options.ts'

const PAGE = 1_000

export interface EmptinessPorts {
  readonly settings: WorkerSettings
  readonly claimer: () => Claimer
  /** Attempts and endings that this process still has. */
  readonly busy: () => number
}

export class Emptiness {
  readonly #ports: EmptinessPorts
  #waiters: { readonly all: boolean; readonly resolve: () => void }[] = []
  #timer: Cancel | null = null
  #looking = false
  /** Something ended that may have brought tasks of which nobody told, as a transaction of a handler's does. */
  #stale = false

  constructor(ports: EmptinessPorts) {
    this.#ports = ports
  }

  /** Resolves when there is nothing left, or when the worker has stopped. */
  wait(all: boolean): Promise<void> {
    return new Promise((resolve) => {
      this.#waiters.push({ all, resolve })
      this.#ports.claimer().wake()
      this.look()
    })
  }

  /** Something ended: what the store said before is not believed any more. */
  ended(): void {
    this.#stale = true
    this.look()
  }

  /** Is that all? */
  look(): void {
    if (this.#waiters.length === 0 || this.#looking || this.#ports.busy() > 0) return
    const { settings } = this.#ports
    const claimer = this.#ports.claimer()
    if (settings.types.size > 0 && (this.#stale || !claimer.foundNothing)) {
      this.#stale = false
      claimer.wake()
      return
    }
    this.#looking = true
    void this.#decide().finally(() => {
      this.#looking = false
    })
  }

  stop(): void {
    this.#timer?.()
    for (const { resolve } of this.#waiters.splice(0)) resolve()
  }

  async #decide(): Promise<void> {
    this.#resolve(false)
    if (this.#waiters.length === 0) return
    const { settings } = this.#ports
    const claimer = this.#ports.claimer()
    try {
      if (claimer.nextDueIn === null || !(await this.#someScheduled())) return this.#resolve(true)
    } catch (error) {
      settings.log.debug('looking for scheduled tasks failed', { error })
    }
    // Paused queues and other workers change without a word: look again.
    this.#timer?.()
    this.#timer = settings.clock.timer(1_000, () => this.#ports.claimer().wake(), true)
  }

  #resolve(all: boolean): void {
    const ready = this.#waiters.filter((one) => all || !one.all)
    this.#waiters = this.#waiters.filter((one) => !ready.includes(one))
    for (const { resolve } of ready) resolve()
  }

  /** Is a task of a known type scheduled in a queue of ours that is not paused? */
  async #someScheduled(): Promise<boolean> {
    const { engine, types, queues } = this.#ports.settings
    const documents = await engine.documents.list(QUEUE_DOCUMENT, null, PAGE)
    const paused = new Set(
      documents.filter(({ body }) => readQueueSettings(body).paused).map(({ key }) => key),
    )
    const names = queues === null ? null : new Set(queues.map(({ name }) => name))
    for (const type of types.keys()) {
      for (let cursor: string | null = null; ;) {
        const page = await engine.records.find({ states: ['scheduled'], type, limit: PAGE, cursor })
        if (page.tasks.some(({ queue }) => !paused.has(queue) && (names?.has(queue) ?? true))) return true
        cursor = page.next
        if (cursor === null) break
      }
    }
    return false
  }
}
