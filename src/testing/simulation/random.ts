// Seeded random numbers: the same seed gives the same numbers on every machine (xoshiro128**, seeded by splitmix).

export class Random {
  readonly #state: Uint32Array

  constructor(seed: number) {
    let mixed = seed | 0
    this.#state = Uint32Array.from({ length: 4 }, () => {
      mixed = (mixed + 0x9e3779b9) | 0
      let word = Math.imul(mixed ^ (mixed >>> 16), 0x85ebca6b)
      word = Math.imul(word ^ (word >>> 13), 0xc2b2ae35)
      return word ^ (word >>> 16)
    })
  }

  /** 0 ≤ x < 1. Bound, so that it can stand in for Math.random. */
  readonly next = (): number => {
    const state = this.#state
    const [a = 0, b = 0, c = 0, d = 0] = state
    const scrambled = Math.imul(rotate(Math.imul(b, 5), 7), 9) >>> 0
    const third = c ^ a
    const fourth = d ^ b
    state[1] = b ^ third
    state[0] = a ^ fourth
    state[2] = third ^ (b << 9)
    state[3] = rotate(fourth, 11)
    return scrambled / 2 ** 32
  }

  /** A whole number, 0 ≤ n < `below`. */
  below(below: number): number {
    return Math.floor(this.next() * below)
  }

  /** A number, not whole, between the two. */
  between(least: number, most: number): number {
    return least + this.next() * (most - least)
  }

  /** True so often, 0 to 1. */
  chance(share: number): boolean {
    return this.next() < share
  }

  /** One of them. */
  pick<const T>(list: readonly [T, ...T[]]): T {
    return list[this.below(list.length)] ?? list[0]
  }

  /** One of any list, or undefined when it is empty. */
  oneOf<T>(list: readonly T[]): T | undefined {
    return list[this.below(list.length)]
  }

  /** Numbers of its own for one part, so that another part drawing more changes nothing here. */
  fork(): Random {
    return new Random(this.below(2 ** 32))
  }
}

function rotate(word: number, by: number): number {
  return (word << by) | (word >>> (32 - by))
}
