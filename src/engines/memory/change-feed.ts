// The changes feed: every change of a task's state in the order in which it happened, with rising cursors.
// Promises that no kept change is skipped and that a reader who fell behind what is kept is told so. Who drops
// old changes, and when, is the sweep's business.

import type { Change, ChangePage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'

export class ChangeFeed {
  readonly #keep: number
  #changes: Change[] = []
  #newest = 0

  /** @param keep changes that trim() leaves */
  constructor(keep: number) {
    this.#keep = keep
  }

  tell(task: TaskRecord, state: Change['state'], at: number): void {
    const { id, type, queue, attempt } = task
    this.#changes.push({ cursor: ++this.#newest, at, id, type, queue, state, attempt })
  }

  read(since: number, limit: number): ChangePage {
    if (since < 0) return { changes: [], cursor: this.#newest, gap: false }
    const dropped = this.#newest - this.#changes.length
    const start = Math.max(0, since - dropped)
    const changes = this.#changes.slice(start, start + Math.min(limit, LIMITS.page))
    return { changes, cursor: changes.at(-1)?.cursor ?? Math.max(since, dropped), gap: since < dropped }
  }

  /** Drops the oldest changes over the limit. */
  trim(): void {
    if (this.#changes.length > this.#keep) this.#changes = this.#changes.slice(-this.#keep)
  }
}
