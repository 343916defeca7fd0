// What an engine remembers of its store between calls: only what stays true once it was committed (what is registered,
// tasks that this engine claimed), or what is a hint and is checked or forgotten soon. Everything is bounded.
// What an engine remembers beyond that is its own business.

import { Bounds } from './bounds.ts'

/** What a settlement needs of a task that this engine claimed; true as long as the token is. */
export interface ClaimedTask {
  readonly token: string
  readonly queue: string
  readonly type: string
  readonly attempt: number
  readonly keep: number
}

/** Finished tasks as last counted, and when by the clock of this process. */
export interface CountedTasks {
  readonly count: number
  readonly at: number
}

const CLAIMED = 20_000
const REGISTERED = 100_000

export class SqlMemory<K extends ClaimedTask> {
  /** What is known to be registered, by a key of its own kind. */
  readonly registered = new Set<string>()
  readonly bounds = new Bounds()
  counted: CountedTasks | null = null
  /** By task id. The oldest make way. */
  readonly #claimed = new Map<string, K>()

  register(key: string): void {
    if (this.registered.size >= REGISTERED) this.registered.clear()
    this.registered.add(key)
  }

  claimed(id: string): K | undefined {
    return this.#claimed.get(id)
  }

  forget(id: string): void {
    this.#claimed.delete(id)
  }

  rememberClaimed(id: string, task: K): void {
    this.#claimed.set(id, task)
    if (this.#claimed.size <= CLAIMED) return
    for (const oldest of this.#claimed.keys()) {
      this.#claimed.delete(oldest)
      break
    }
  }
}
