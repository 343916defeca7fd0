// A set of attempts that thousands pass through each second. A Set would do, but the tables that it outgrows and gives up
// hang together, and once one of them is old they keep every attempt that ever was in them until the next full
// collection, which took more time than all attempts together. Promises to forget an attempt with its removal.

import type { Attempt } from './attempt.ts'

export class Attempts implements Iterable<Attempt> {
  readonly #name: 'heldAt' | 'runningAt'
  readonly #places: (Attempt | null)[] = []
  readonly #free: number[] = []

  /** @param name where an attempt keeps its place in this set */
  constructor(name: 'heldAt' | 'runningAt') {
    this.#name = name
  }

  get size(): number {
    return this.#places.length - this.#free.length
  }

  add(attempt: Attempt): void {
    if (attempt[this.#name] >= 0) return
    const at = this.#free.pop() ?? this.#places.length
    this.#places[at] = attempt
    attempt[this.#name] = at
  }

  delete(attempt: Attempt): void {
    const at = attempt[this.#name]
    if (at < 0) return
    this.#places[at] = null
    this.#free.push(at)
    attempt[this.#name] = -1
  }

  /** In no order. Attempts may go and come meanwhile; those that come may be passed over. */
  *[Symbol.iterator](): Generator<Attempt, undefined> {
    for (const attempt of this.#places) if (attempt !== null) yield attempt
  }
}
