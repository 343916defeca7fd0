// Who wants to hear of changes, and telling them: after the commit, outside every transaction.
// Promises that a watcher that throws harms nobody. Hears of other processes only while somebody watches.

import type { Hint } from '../../core/hot-verbs.ts'

/** Hears of the commits of others. */
export interface OthersWatch {
  start(): void
  stop(): void
}

export class Watchers {
  readonly #listeners = new Set<(hint: Hint) => void>()
  readonly #others: OthersWatch

  constructor(others: OthersWatch) {
    this.#others = others
  }

  /** Answers the way to stop it. */
  watch(listener: (hint: Hint) => void): () => void {
    // Each watch is its own entry, so that stopping one of two with the same listener stops one.
    const entry = (hint: Hint): void => listener(hint)
    this.#listeners.add(entry)
    this.#others.start()
    return () => {
      this.#listeners.delete(entry)
      if (this.#listeners.size === 0) this.#others.stop()
    }
  }

  close(): void {
    this.#listeners.clear()
    this.#others.stop()
  }

  tell(hints: readonly Hint[]): void {
    if (this.#listeners.size === 0 || hints.length === 0) return
    queueMicrotask(() => {
      for (const hint of hints) for (const listener of this.#listeners) tellOne(listener, hint)
    })
  }
}

function tellOne(listener: (hint: Hint) => void, hint: Hint): void {
  try {
    listener(hint)
  } catch {
    // A hint may be lost: the listener's own error is its own business.
  }
}
