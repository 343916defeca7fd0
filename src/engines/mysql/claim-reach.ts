// Which rows a claim takes hold of: those of one queue at once; of several queues as many of each as are wanted, which
// is looked at before. What a bound may have hidden is looked for without it where a claim comes back short.

import type { Row } from '../sql/task-row.ts'
import { boundOf, countsOf, lockOf, sharesOf, type LineBound } from './claim-statements.ts'
import type { Answer } from './connection.ts'
import type { Memory } from './memory.ts'
import type { Statement } from './statement.ts'
import type { Ask } from './store.ts'

export class Reach {
  readonly queues: readonly string[]
  readonly #ordered: boolean
  readonly #memory: Memory
  #bounds: ReadonlyMap<string, readonly LineBound[]>

  /**
   * @param queues none is paused
   * @param ordered one queue is emptied after the other; else all are one lane
   */
  constructor(memory: Memory, queues: readonly string[], ordered: boolean) {
    this.#memory = memory
    this.queues = queues
    this.#ordered = ordered
    const list = memory.bounds.usable() ? memory.bounds.list() : []
    this.#bounds = new Map(
      [...Map.groupBy(list, ({ queue }) => queue)].map(([queue, some]) => [queue, some.map(boundOf)]),
    )
  }

  boundsOf(queue: string): readonly LineBound[] {
    return this.#bounds.get(queue) ?? []
  }

  /** What goes with the first message; its answer is what take() begins with. */
  look(limit: number): Statement[] {
    const [queue, ...others] = this.queues
    if (queue === undefined) return []
    if (others.length === 0) return [lockOf(queue, this.boundsOf(queue), limit)]
    const counts = this.#ordered ? countsOf : sharesOf
    return [counts(this.queues, (name) => this.boundsOf(name), limit)]
  }

  /** Locked rows, at most so many. */
  async take(ask: Ask, looked: Answer | undefined, limit: number): Promise<readonly Row[]> {
    const rows = await this.#lock(ask, looked, limit)
    if (rows.length >= limit || this.#bounds.size === 0) return rows
    this.#memory.bounds.forget()
    this.#bounds = new Map()
    // The rows that are held already are answered once more, in their places among the others.
    const [again] = await ask(...this.look(limit))
    return this.#lock(ask, again, limit)
  }

  async #lock(ask: Ask, looked: Answer | undefined, limit: number): Promise<readonly Row[]> {
    if (this.queues.length <= 1) return looked?.rows ?? []
    let left = limit
    const locks: Statement[] = []
    for (const [which, count] of looked?.rows ?? []) {
      const queue = typeof which === 'number' ? (this.queues[which] ?? '') : (which as string)
      const share = Math.min(left, count as number)
      left -= share
      if (share > 0) locks.push(lockOf(queue, this.boundsOf(queue), share))
    }
    return locks.length === 0 ? [] : (await ask(...locks)).flatMap(({ rows }) => rows)
  }
}
