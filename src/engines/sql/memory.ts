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

/** Claimed tasks of one generation; two are remembered. */
const CLAIMED = 10_000
const REGISTERED = 100_000

export class SqlMemory<K extends ClaimedTask> {
  /** What is known to be registered, by a key of its own kind. */
  readonly registered = new Set<string>()
  readonly bounds = new Bounds()
  counted: CountedTasks | null = null
  /** By task id. The elder generation makes way as a whole: to find the oldest entry of a map takes longer and longer. */
  #claimed = new Map<string, K>()
  #elder = new Map<string, K>()

  register(key: string): void {
    if (this.registered.size >= REGISTERED) this.registered.clear()
    this.registered.add(key)
  }

  claimed(id: string): K | undefined {
    return this.#claimed.get(id) ?? this.#elder.get(id)
  }

  forget(id: string): void {
    this.#claimed.delete(id)
    this.#elder.delete(id)
  }

  rememberClaimed(id: string, task: K): void {
    if (this.#claimed.size >= CLAIMED) {
      this.#elder = this.#claimed
      this.#claimed = new Map()
    }
    this.#claimed.set(id, task)
  }
}
