// Hints of one store: gathered while a unit runs, told to every watcher after it.
// Promises that a watcher that throws harms nobody, and that a watcher is never called inside a unit.
// Nothing rests on a hint: claims and heartbeats also say when to come back.

import type { Hint } from '../../core/hot-verbs.ts'

/** What changed, by kind; a null among the queues: unknown which. */
type Pending = Map<Hint['kind'], Set<string | null>>

export class Hints {
  readonly #watchers = new Set<(hint: Hint) => void>()
  #pending: Pending = new Map()

  /** Answers the way to stop it. */
  watch(listener: (hint: Hint) => void): () => void {
    // Each watch is its own entry, so that stopping one of two with the same listener stops one.
    const entry = (hint: Hint) => listener(hint)
    this.#watchers.add(entry)
    return () => {
      this.#watchers.delete(entry)
    }
  }

  note(kind: Hint['kind'], queue: string | null): void {
    const queues = this.#pending.get(kind)
    if (queues === undefined) this.#pending.set(kind, new Set([queue]))
    else queues.add(queue)
  }

  /** Called when the unit is over. */
  send(): void {
    if (this.#pending.size === 0) return
    const pending = this.#pending
    this.#pending = new Map()
    if (this.#watchers.size > 0) queueMicrotask(() => this.#tell(pending))
  }

  #tell(pending: Pending): void {
    for (const [kind, queues] of pending) {
      const known = [...queues].filter((queue) => queue !== null)
      const hint: Hint = { kind, queues: known.length < queues.size ? null : known }
      for (const watcher of this.#watchers) {
        try {
          watcher(hint)
        } catch {
          // A hint may be lost: the watcher's own error is its own business.
        }
      }
    }
  }
}
