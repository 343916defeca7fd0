// What an engine remembers of its store between calls: only what stays true once it was committed (what is registered,
// tasks that this engine claimed), or what is a hint and is checked or forgotten soon. Everything is bounded.
// What an engine remembers beyond that is its own business.

import { Bounds } from './bounds.ts'
import { ClaimedTasks, type ClaimedTask } from './claimed-tasks.ts'

/** Finished tasks as last counted, and when by the clock of this process. */
export interface CountedTasks {
  readonly count: number
  readonly at: number
}

const REGISTERED = 100_000

export class SqlMemory<K extends ClaimedTask> {
  /** What is known to be registered, by a key of its own kind. */
  readonly registered = new Set<string>()
  readonly bounds = new Bounds()
  readonly claimed = new ClaimedTasks<K>()
  counted: CountedTasks | null = null

  register(key: string): void {
    if (this.registered.size >= REGISTERED) this.registered.clear()
    this.registered.add(key)
  }
}
