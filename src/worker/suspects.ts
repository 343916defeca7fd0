// Tasks that a process died of once already and that can run in a process of their own: a few at a time, since each
// costs a process and they may come by the hundred when a worker with many tasks was killed. The others wait in order.

import type { Attempt } from './attempt.ts'

/** Suspects that run at the same time. */
const MOST = 4
/** Shortest wait that is worth handing a task back for. */
const PATIENCE = 1_000

export class Suspects {
  readonly waiting: Attempt[] = []
  readonly #running = new Set<Attempt>()

  add(attempt: Attempt): void {
    this.waiting.push(attempt)
  }

  /** Takes it out of the line; false: it does not wait. */
  remove(attempt: Attempt): boolean {
    const at = this.waiting.indexOf(attempt)
    if (at >= 0) this.waiting.splice(at, 1)
    return at >= 0
  }

  /** The next one, when there is room for it: to be started, or to be handed back because its wait ate its deadline. */
  next(now: number): { readonly attempt: Attempt; readonly start: boolean } | null {
    if (this.#running.size >= MOST) return null
    const attempt = this.waiting.shift()
    if (attempt === undefined) return null
    const { timeout } = attempt.task
    const start = timeout === null || now - attempt.claimedAt <= Math.max(PATIENCE, timeout / 10)
    if (start) this.#running.add(attempt)
    return { attempt, start }
  }

  ended(attempt: Attempt): void {
    this.#running.delete(attempt)
  }
}
