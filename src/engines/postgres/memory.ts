// What one engine remembers of the store between calls beside what every SQL engine does: where the tasks are that it
// claimed, lanes (queue and rank) and kinds (queue and type) that are registered, and up to when nothing is due, a hint.

import type { ClaimedTask as Claimed } from '../sql/claimed-tasks.ts'
import { SqlMemory } from '../sql/memory.ts'

export interface ClaimedTask extends Claimed {
  /** Where the row was after the claim: elsewhere if it was touched since, then the row is looked up by its id. */
  readonly tid: string
}

/** A task that is to run again at once may be committed this much later than its time says, in ms. */
const LATE = 1_000
/** Different lists of queues that are remembered. */
const LISTS = 1_000

export class Memory extends SqlMemory<ClaimedTask> {
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
}
