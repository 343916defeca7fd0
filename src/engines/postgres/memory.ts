// What one engine remembers of the store between calls: only what stays true once it was committed (lanes and kinds
// that are registered, tasks that this engine claimed), or what is a hint and is forgotten soon (claim bounds).

import { Bounds } from '../sql/bounds.ts'

/** What a settlement needs of a task that this engine claimed; true as long as the token is. */
export interface ClaimedTask {
  /** Where the row was after the claim: elsewhere if it was touched since, then the row is looked up by its id. */
  readonly tid: string
  readonly token: string
  readonly queue: string
  readonly type: string
  readonly attempt: number
  readonly keep: number
}

const CLAIMED = 20_000
const REGISTERED = 100_000
/** A task that is to run again at once may be committed this much later than its time says, in ms. */
const LATE = 1_000
/** Different lists of queues that are remembered. */
const LISTS = 1_000

export class Memory {
  /** Lanes (queue and rank) and kinds (queue and type) that are known to be registered. */
  readonly registered = new Set<string>()
  readonly bounds = new Bounds()
  /** By task id. Bounded: the oldest make way. */
  readonly #claimed = new Map<string, ClaimedTask>()
  /** Finished tasks as last counted. */
  counted: { readonly count: number; readonly at: number } | null = null

  /** Up to when nothing is scheduled, by the queues that were asked for; used where the bounds are. */
  readonly #noneDue = new Map<string, number>()

  /** Nothing is scheduled in these queues up to this time. */
  nothingDue(queues: readonly string[] | null, at: number): void {
    if (this.#noneDue.size >= LISTS) this.#noneDue.clear()
    this.#noneDue.set(JSON.stringify(queues), at - LATE)
  }

  /** The time up to which nothing was scheduled; 0 if that is not known, or the clock was set back. */
  dueAfter(queues: readonly string[] | null, now: number | null): number {
    const at = this.#noneDue.get(JSON.stringify(queues)) ?? 0
    return now !== null && now < at ? 0 : at
  }

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
