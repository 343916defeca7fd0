// What one engine remembers of the store between calls: only what stays true once it was committed (kinds that are
// registered, tasks that this engine claimed), or what is a hint and is checked or forgotten soon (queues, bounds).

import { Bounds } from '../sql/bounds.ts'

/** What a settlement needs of a task that this engine claimed; true as long as the token is. */
export interface ClaimedTask {
  readonly token: string
  readonly queue: string
  readonly type: string
  readonly attempt: number
  readonly keep: number
}

/** Queues as a claim needs them; checked by each claim. */
export interface KnownQueues {
  /** Of all kinds, paused ones as well. */
  readonly all: readonly string[]
  /** How many kinds there were: kinds are only ever added. */
  readonly kinds: number
  readonly paused: readonly string[]
}

const CLAIMED = 20_000
const REGISTERED = 100_000

export class Memory {
  /** Kinds (queue and type) that are known to be registered. */
  readonly registered = new Set<string>()
  readonly bounds = new Bounds()
  queues: KnownQueues = { all: [], kinds: 0, paused: [] }
  /** By task id. Bounded: the oldest make way. */
  readonly #claimed = new Map<string, ClaimedTask>()
  /** Finished tasks as last counted. */
  counted: { readonly count: number; readonly at: number } | null = null

  register(key: string): void {
    if (this.registered.size >= REGISTERED) this.registered.clear()
    this.registered.add(key)
  }

  claimed(id: string): ClaimedTask | undefined {
    return this.#claimed.get(id)
  }

  forget(id: string): void {
    this.#claimed.delete(id)
  }

  rememberClaimed(id: string, task: ClaimedTask): void {
    this.#claimed.set(id, task)
    if (this.#claimed.size <= CLAIMED) return
    for (const oldest of this.#claimed.keys()) {
      this.#claimed.delete(oldest)
      break
    }
  }
}
