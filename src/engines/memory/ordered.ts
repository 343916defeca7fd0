// A sorted set in chunks: the ordered structures behind claims, promotion, expiry and retention.
// Promises that adding, removing and taking the first cost about the square root of the size at most, and that
// no stale entry ever remains. Leaves what is compared to its owner, who must take an item out before it changes.

const CHUNK = 512

/** Items `T`, ordered by their part `K`. No two items may compare as equal. */
export class Ordered<T extends K, K = T> {
  readonly #compare: (left: K, right: K) => number
  readonly #chunks: T[][] = []
  #size = 0

  constructor(compare: (left: K, right: K) => number) {
    this.#compare = compare
  }

  get size(): number {
    return this.#size
  }

  first(): T | undefined {
    return this.#chunks[0]?.[0]
  }

  /** The first items for which `holds`, at most `count`, as a list of their own: the set may change meanwhile. */
  head(count: number, holds: (item: T) => boolean): T[] {
    const found: T[] = []
    for (const item of this) {
      if (found.length >= count || !holds(item)) break
      found.push(item)
    }
    return found
  }

  add(item: T): void {
    const at = Math.min(this.#chunkOf(item), this.#chunks.length - 1)
    const chunk = this.#chunks[at]
    this.#size++
    if (chunk === undefined) {
      this.#chunks.push([item])
      return
    }
    chunk.splice(this.#positionIn(chunk, item), 0, item)
    if (chunk.length > CHUNK) this.#chunks.splice(at + 1, 0, chunk.splice(CHUNK / 2))
  }

  /** Answers whether it was there. */
  delete(item: T): boolean {
    const at = this.#chunkOf(item)
    const chunk = this.#chunks[at]
    if (chunk === undefined) return false
    const position = this.#positionIn(chunk, item)
    if (chunk[position] !== item) return false
    chunk.splice(position, 1)
    this.#size--
    if (chunk.length === 0) this.#chunks.splice(at, 1)
    return true
  }

  /** How many items come before `key`. */
  rank(key: K): number {
    const at = this.#chunkOf(key)
    const chunk = this.#chunks[at]
    const inside = chunk === undefined ? 0 : this.#positionIn(chunk, key)
    return this.#chunks.slice(0, at).reduce((sum, one) => sum + one.length, inside)
  }

  /** All items in order. The set must not change meanwhile. */
  *[Symbol.iterator](): Generator<T> {
    for (const chunk of this.#chunks) yield* chunk
  }

  /** Items in falling order, from the last one before `key` on; null: from the last. Must not change meanwhile. */
  *falling(key: K | null): Generator<T> {
    let at = key === null ? this.#chunks.length - 1 : Math.min(this.#chunkOf(key), this.#chunks.length - 1)
    for (; at >= 0; at--) {
      const chunk = this.#chunks[at] ?? []
      const end = key === null ? chunk.length : this.#positionIn(chunk, key)
      for (let i = end - 1; i >= 0; i--) {
        const item = chunk[i]
        if (item !== undefined) yield item
      }
    }
  }

  /** The first chunk whose last item is not before `key`; the number of chunks if there is none. */
  #chunkOf(key: K): number {
    let low = 0
    let high = this.#chunks.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const last = this.#chunks[middle]?.at(-1)
      if (last !== undefined && this.#compare(last, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }

  /** The first position whose item is not before `key`. */
  #positionIn(chunk: readonly T[], key: K): number {
    let low = 0
    let high = chunk.length
    while (low < high) {
      const middle = (low + high) >>> 1
      const item = chunk[middle]
      if (item !== undefined && this.#compare(item, key) < 0) low = middle + 1
      else high = middle
    }
    return low
  }
}
