// Hints of one unit of work: gathered while it runs, told after its commit.

import type { Hint } from '../../core/hot-verbs.ts'

/** More queues than this are told as "unknown which". */
const NAMED = 20

export class HintNotes {
  readonly #noted = new Map<Hint['kind'], Set<string> | null>()

  note(kind: Hint['kind'], queue: string): void {
    const queues = this.#noted.get(kind)
    if (queues === undefined) this.#noted.set(kind, new Set([queue]))
    else if (queues !== null) {
      queues.add(queue)
      if (queues.size > NAMED) this.#noted.set(kind, null)
    }
  }

  /** Something changed that belongs to no queue. */
  noteAny(): void {
    this.#noted.set('any', null)
  }

  has(kind: Hint['kind']): boolean {
    return this.#noted.has(kind)
  }

  list(): Hint[] {
    return [...this.#noted].map(([kind, queues]) => ({ kind, queues: queues === null ? null : [...queues] }))
  }
}
