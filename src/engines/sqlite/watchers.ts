// Who wants to hear of changes, and telling them: after the commit, outside every transaction.
// Promises that a watcher that throws harms nobody.

import type { Hint } from '../../core/hot-verbs.ts'

export class Watchers {
  readonly #listeners = new Set<(hint: Hint) => void>()

  /** Answers the way to stop it. */
  watch(listener: (hint: Hint) => void): () => void {
    // Each watch is its own entry, so that stopping one of two with the same listener stops one.
    const entry = (hint: Hint): void => listener(hint)
    this.#listeners.add(entry)
    return () => {
      this.#listeners.delete(entry)
    }
  }

  tell(hints: readonly Hint[]): void {
    if (this.#listeners.size === 0) return
    queueMicrotask(() => {
      for (const hint of hints) for (const listener of this.#listeners) tellOne(listener, hint)
    })
  }

  close(): void {
    this.#listeners.clear()
  }
}

function tellOne(listener: (hint: Hint) => void, hint: Hint): void {
  try {
    listener(hint)
  } catch {
    // A hint may be lost: the listener's own error is its own business.
  }
}
