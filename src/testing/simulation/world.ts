// Virtual time: one queue of events, the earliest first. After each event every promise that can go on goes on, before
// the next event happens. Promises that a run depends on its seed alone: while a world turns, Math.random, the bytes of
// node:crypto and setImmediate are its own. Nothing sleeps; a minute costs as much as what happens in it.

import crypto from 'node:crypto'
import { syncBuiltinESMExports } from 'node:module'

import type { Random } from './random.ts'

interface Event {
  readonly at: number
  /** Order of events of one instant. */
  readonly turn: number
  readonly action: () => void
  off: boolean
}

/** Real turns of the event loop are taken so rarely: they cost more than an event. */
const BREATH = 2_000
/** So much in one instant is a loop that no time will end. */
const CROWD = 10_000

export class World {
  /** Milliseconds since the beginning. */
  now = 0
  /** Events so far. */
  events = 0
  readonly #random: Random
  readonly #heap: Event[] = []
  #turns = 0
  /** Events of this instant. */
  #crowd = 0
  #immediates: { run: () => void; off: boolean }[] = []

  constructor(random: Random) {
    this.#random = random
  }

  /** Lets something happen in `ms`; answers the way to call it off. */
  after(ms: number, action: () => void): () => void {
    const event: Event = { at: this.now + Math.max(0, ms), turn: this.#turns++, action, off: false }
    this.#push(event)
    return () => {
      event.off = true
    }
  }

  /** Turns until that time, or until `done` says so; it is asked after each event. */
  async run(until: number, done: () => boolean = () => false): Promise<void> {
    const leave = this.#enter()
    try {
      await this.#settle()
      while (!done()) {
        const event = this.#heap[0]
        if (event === undefined || event.at > until) break
        this.#pop()
        if (event.off) continue
        this.#crowd = event.at > this.now ? 0 : this.#crowd + 1
        if (this.#crowd > CROWD) throw new Error(`something runs in circles at ${this.now} ms`)
        this.now = event.at
        this.events++
        event.action()
        await this.#settle()
        if (this.events % BREATH === 0) await breathe()
      }
      if (!done()) this.now = Math.max(this.now, until)
    } finally {
      leave()
    }
  }

  /** Promises first, then immediates, until neither is left. */
  async #settle(): Promise<void> {
    await quiet()
    for (let rounds = 0; this.#immediates.length > 0; rounds++) {
      if (rounds > CROWD) throw new Error(`something runs in circles at ${this.now} ms`)
      for (const one of this.#immediates.splice(0)) {
        if (!one.off) one.run()
        await quiet()
      }
    }
  }

  /** Takes over chance and immediates; answers the way to give them back. */
  #enter(): () => void {
    const { random } = Math
    const { randomBytes } = crypto
    const { setImmediate, clearImmediate } = globalThis
    const later = (run: (...args: unknown[]) => void, ...args: unknown[]): object => {
      const one = { run: () => run(...args), off: false }
      this.#immediates.push(one)
      return one
    }
    const bytes = (size: number): Buffer =>
      Buffer.from(Array.from({ length: size }, () => this.#random.below(256)))
    Math.random = this.#random.next
    Reflect.set(globalThis, 'setImmediate', later)
    Reflect.set(globalThis, 'clearImmediate', (one: { off: boolean }) => Reflect.set(one, 'off', true))
    Reflect.set(crypto, 'randomBytes', bytes)
    syncBuiltinESMExports()
    return () => {
      Math.random = random
      Object.assign(globalThis, { setImmediate, clearImmediate })
      Reflect.set(crypto, 'randomBytes', randomBytes)
      syncBuiltinESMExports()
    }
  }

  #push(event: Event): void {
    const heap = this.#heap
    let at = heap.push(event) - 1
    while (at > 0) {
      const above = (at - 1) >> 1
      const parent = heap[above]
      if (parent === undefined || !before(event, parent)) break
      heap[at] = parent
      at = above
    }
    heap[at] = event
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let at = 0
    for (;;) {
      let child = 2 * at + 1
      const left = heap[child]
      if (left === undefined) break
      const right = heap[child + 1]
      let next = left
      if (right !== undefined && before(right, left)) {
        child++
        next = right
      }
      if (!before(next, last)) break
      heap[at] = next
      at = child
    }
    heap[at] = last
  }
}

function before(a: Event, b: Event): boolean {
  return a.at < b.at || (a.at === b.at && a.turn < b.turn)
}

/** Resolves when no promise can go on: ticks run only when the queue of promises is empty. */
function quiet(): Promise<void> {
  return new Promise((resolve) => {
    process.nextTick(resolve)
  })
}

const realImmediate = globalThis.setImmediate

function breathe(): Promise<void> {
  return new Promise((resolve) => {
    realImmediate(resolve)
  })
}
