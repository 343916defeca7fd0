// Which rows a claim takes hold of: those of one queue at once; of several queues as many of each as are wanted, which
// is looked at before. Where a claim comes back short, because of a bound or of others who look at the same moment, it
// looks once more without bounds and at more rows than it wants, and steps over what others hold.

import type { Row } from '../sql/task-row.ts'
import { boundOf, countsOf, pickOf, sharesOf, type LineBound } from './claim-statements.ts'
import type { Answer } from './connection.ts'
import type { Memory } from './memory.ts'
import type { Statement } from './statement.ts'
import type { Ask } from './store.ts'

/** Rows that a second look looks at beyond the wanted ones: so many may be held by others. */
const WIDER = 1_000
/** So many times more where all of them are held. */
const GROWTH = 10

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
    if (others.length === 0) return [pickOf(queue, this.boundsOf(queue), limit)]
    const counts = this.#ordered ? countsOf : sharesOf
    return [counts(this.queues, (name) => this.boundsOf(name), limit)]
  }

  /** Locked rows, at most so many. */
  async take(ask: Ask, looked: Answer | undefined, limit: number): Promise<readonly Row[]> {
    const rows = await this.#hold(ask, looked, limit)
    if (rows.length >= limit || this.queues.length === 0) return rows
    if (this.#bounds.size > 0) this.#memory.bounds.forget()
    this.#bounds = new Map()
    for (let window = limit + WIDER; ; window *= GROWTH) {
      const { found, all } = await this.#lookAgain(ask, limit, window)
      if (found.length >= limit || all) return found
    }
  }

  /** The rows that are held already are answered once more, in their places among the others. */
  async #lookAgain(
    ask: Ask,
    limit: number,
    window: number,
  ): Promise<{ readonly found: readonly Row[]; readonly all: boolean }> {
    const [queue = '', ...others] = this.queues
    const counts = countsOf(this.queues, () => [], window)
    const look = others.length === 0 ? pickOf(queue, [], limit, window) : this.look(limit)[0]
    const [counted, looked] = await ask(counts, ...(look === undefined ? [] : [look]))
    const all = (counted?.rows ?? []).every(([, count]) => (count as number) < window)
    return { found: await this.#hold(ask, looked, limit, window), all }
  }

  async #hold(ask: Ask, looked: Answer | undefined, limit: number, window = 0): Promise<readonly Row[]> {
    if (this.queues.length <= 1) return looked?.rows ?? []
    let left = limit
    const picks: Statement[] = []
    for (const [which, count] of looked?.rows ?? []) {
      const queue = typeof which === 'number' ? (this.queues[which] ?? '') : (which as string)
      const share = Math.min(left, count as number)
      left -= share
      if (share > 0) picks.push(pickOf(queue, this.boundsOf(queue), share, Math.max(share, window)))
    }
    return picks.length === 0 ? [] : (await ask(...picks)).flatMap(({ rows }) => rows)
  }
}
