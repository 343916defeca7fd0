// From which place on each lane is read: a hint by which a claim steps over the dead rows that a long transaction of
// somebody else keeps at its head (CONTRACT rule 22). Late commits may lie below it, so at least ten claims in a
// second, and each that comes back short, go without it.

const UNBOUNDED_EVERY = 100

interface Bound {
  readonly queue: string
  readonly rank: number
  readonly place: number
}

export class Bounds {
  readonly #bounds = new Map<string, Bound>()
  #unboundedAt = 0

  /** May the next claim go with bounds? Saying no counts as an unbounded one. */
  usable(): boolean {
    const now = performance.now()
    if (this.#bounds.size > 0 && now - this.#unboundedAt < UNBOUNDED_EVERY) return true
    this.#unboundedAt = now
    return false
  }

  list(): Bound[] {
    return [...this.#bounds.values()]
  }

  /** Everything up to this place was taken. */
  raise(queue: string, rank: number, place: number): void {
    const key = `${rank}/${queue}`
    const known = this.#bounds.get(key)
    if (known === undefined || known.place < place) this.#bounds.set(key, { queue, rank, place })
  }

  forget(): void {
    this.#bounds.clear()
  }
}
