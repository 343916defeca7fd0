// Hears of commits of other engines: those of this process by telling them directly, other processes by asking now and
// then, while somebody watches, which lines of the feed of changes are new (this server has no way to tell by itself).
// A hint may be late or lost; nothing rests on it.

import type { Hint } from '../../core/hot-verbs.ts'
import { hintsOf } from './news.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

export interface NeighboursOptions {
  /** Tells the watchers of this engine. */
  readonly tell: (hints: readonly Hint[]) => void
  readonly store: Store
}

/** Between two questions, in ms: one costs the server some 0.1 ms. */
const POLL = 100
/** After a question that failed. */
const RETRY = 1_000
/** Numbers that are looked at once more, because a unit may have drawn its number early and committed late. */
const LATE = 200

/** Engines of this process by store. */
const sameStore = new Map<string, Set<Neighbours>>()

export class Neighbours {
  readonly #options: NeighboursOptions
  readonly #key: string
  #timer: NodeJS.Timeout | null = null
  #running = false
  /** Which start this is: an answer to an earlier one goes on with nothing. */
  #turn = 0
  #seen = new Set<number>()
  #newest = -1

  /** @param place which server and namespace: engines of one process on the same store tell each other */
  constructor(place: string, options: NeighboursOptions) {
    this.#key = place
    this.#options = options
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#turn++
    const group = sameStore.get(this.#key) ?? new Set()
    sameStore.set(this.#key, group.add(this))
    this.#newest = -1
    this.#later(0)
  }

  stop(): void {
    this.#running = false
    if (this.#timer !== null) clearTimeout(this.#timer)
    this.#timer = null
    const group = sameStore.get(this.#key)
    group?.delete(this)
    if (group?.size === 0) sameStore.delete(this.#key)
  }

  /** This engine has committed: the others of this process are told. */
  committed(hints: readonly Hint[]): void {
    if (hints.length === 0) return
    for (const other of sameStore.get(this.#key) ?? []) if (other !== this) other.#options.tell(hints)
  }

  #later(ms: number): void {
    this.#timer = setTimeout(() => void this.#poll(), ms).unref()
  }

  async #poll(): Promise<void> {
    const turn = this.#turn
    let wait = POLL
    try {
      await this.#ask()
    } catch {
      // The server cannot be asked just now, or has no tables yet.
      wait = RETRY
    }
    if (this.#running && turn === this.#turn) this.#later(wait)
  }

  async #ask(): Promise<void> {
    const { store, tell } = this.#options
    if (this.#newest === -1) {
      const [answer] = await store.once(words('SELECT COALESCE(MAX(n), 0) FROM @fresh'))
      this.#newest = Number(answer?.rows[0]?.[0] ?? 0)
      // What happened before it could be heard.
      tell([{ kind: 'any', queues: null }])
      return
    }
    const [answer] = await store.once(
      sql`SELECT n, news FROM @fresh WHERE n > ${this.#newest - LATE} AND news > 0 ORDER BY n LIMIT ${5 * LATE}`,
    )
    let bits = 0
    for (const [n, news] of (answer?.rows ?? []) as [number, number][]) {
      if (this.#seen.has(n) || (this.#seen.size === 0 && n <= this.#newest)) continue
      bits |= news
      this.#seen.add(n)
      this.#newest = Math.max(this.#newest, n)
    }
    if (this.#seen.size > 4 * LATE)
      this.#seen = new Set([...this.#seen].filter((n) => n > this.#newest - LATE))
    if (bits !== 0 && this.#running) tell(hintsOf(bits))
  }
}
