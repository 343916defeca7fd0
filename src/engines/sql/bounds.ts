// From which place on each lane is read: a hint by which a claim steps over the dead rows that a long transaction of
// somebody else keeps at its head (CONTRACT rule 22). Late commits may lie below it, so at least ten claims in a
// second look further back, and each that comes back short goes without bounds. So do ten in a second as long as that
// costs little; what costs much is done as rarely as makes it a twentieth of the time.

const BACK_EVERY = 100
/** A claim that looked back is followed by so many times its own duration of others. */
const REST = 20
/** How long a bound is kept to look back from, in ms. */
const AGE = 300

interface Bound {
  readonly queue: string
  readonly rank: number
  readonly place: number
}

export class Bounds {
  readonly #bounds = new Map<string, Bound>()
  /** As they were between one and two times AGE ago, and at the last turn. */
  #old: Bound[] = []
  #recent: Bound[] = []
  #turnedAt = 0
  #unboundedAt = 0
  #backAt = 0
  /** How the last claim went, and what the last one of each kind took, in ms. */
  #mode: 'near' | 'back' | 'unbounded' = 'near'
  readonly #cost = { near: 0, back: 0, unbounded: 0 }

  /** May the next claim go with bounds? Saying no counts as an unbounded one. */
  usable(): boolean {
    const now = performance.now()
    this.#turn(now)
    if (this.#bounds.size === 0 || now - this.#unboundedAt >= this.#restAfter('unbounded')) {
      this.#unboundedAt = now
      this.#mode = 'unbounded'
      return false
    }
    const looksBack = now - Math.max(this.#backAt, this.#unboundedAt) >= this.#restAfter('back')
    if (looksBack) this.#backAt = now
    this.#mode = looksBack && this.#old.length > 0 ? 'back' : 'near'
    return true
  }

  /** The bounds for the claim that was just allowed. */
  list(): Bound[] {
    return this.#mode === 'back' ? this.#old : [...this.#bounds.values()]
  }

  /** What the claim that was just asked about took, in ms. */
  spent(ms: number): void {
    this.#cost[this.#mode] = ms
  }

  /** Everything up to this place was taken. */
  raise(queue: string, rank: number, place: number): void {
    const key = `${rank}/${queue}`
    const known = this.#bounds.get(key)
    if (known === undefined || known.place < place) this.#bounds.set(key, { queue, rank, place })
  }

  forget(): void {
    this.#bounds.clear()
    this.#old = []
    this.#recent = []
  }

  #restAfter(mode: 'back' | 'unbounded'): number {
    return Math.max(BACK_EVERY, REST * (this.#cost[mode] - this.#cost.near))
  }

  #turn(now: number): void {
    if (now - this.#turnedAt < AGE) return
    this.#turnedAt = now
    this.#old = this.#recent
    this.#recent = [...this.#bounds.values()]
  }
}
