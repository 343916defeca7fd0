// Micro-batching: calls made while a flush is in flight travel together in the next one (CONTRACT rules 14, 15).
// No waiting time is added. Batches are bounded by count and weight; an error that one item caused is found by
// bisection and told to its caller alone. Each item is answered exactly once, whatever its owner's functions throw.
// What an item is, and how a batch is sent, is the owner's business; so is a bound on how many may wait (`pending`).

import { WindlassError } from '../core/errors.ts'

export interface BatcherOptions<In, Out> {
  /** Sends one batch, in the order of the calls, and answers aligned by index. */
  readonly send: (items: readonly In[]) => Promise<readonly Out[]>
  /** Most items of a batch; one at least is always taken. */
  readonly maxCount: number
  /** Most weight of a batch of two or more, in the unit of `weightOf`; a heavier item travels alone. */
  readonly maxWeight: number
  readonly weightOf: (item: In) => number
  /** True when a failed batch surely changed nothing and smaller ones may do better. */
  readonly canSplit: (error: unknown) => boolean
  /** Batches in flight at once. Default 1: the gathering needs a flush to wait for. */
  readonly concurrency?: number
}

interface Waiting<In, Out> {
  readonly item: In
  readonly weight: number
  readonly resolve: (out: Out) => void
  readonly reject: (error: unknown) => void
}

/** Gathers single calls into batches. */
export class Batcher<In, Out> {
  readonly #options: BatcherOptions<In, Out>
  #queue: Waiting<In, Out>[] = []
  #flying = 0
  #flyingItems = 0
  #scheduled = false
  #idle: (() => void)[] = []

  constructor(options: BatcherOptions<In, Out>) {
    this.#options = options
  }

  /** Items that wait or fly. */
  get pending(): number {
    return this.#queue.length + this.#flyingItems
  }

  /** Adds one item; settles with its own answer or error. */
  add(item: In): Promise<Out> {
    return new Promise((resolve, reject) => {
      const weight = this.#options.weightOf(item)
      this.#queue.push({ item, weight, resolve, reject })
      this.#schedule()
    })
  }

  /** Resolves when nothing waits or flies any more. */
  drained(): Promise<void> {
    if (this.#queue.length === 0 && this.#flying === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  /** One microtask later, so that calls of one tick share a batch. */
  #schedule(): void {
    if (this.#scheduled || this.#flying >= (this.#options.concurrency ?? 1)) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      while (this.#queue.length > 0 && this.#flying < (this.#options.concurrency ?? 1))
        void this.#flush(this.#take())
    })
  }

  #take(): Waiting<In, Out>[] {
    const { maxCount, maxWeight } = this.#options
    let weight = 0
    let count = 0
    for (const waiting of this.#queue) {
      weight += waiting.weight
      if (count > 0 && (count >= maxCount || weight > maxWeight)) break
      count++
    }
    return this.#queue.splice(0, count)
  }

  async #flush(batch: Waiting<In, Out>[]): Promise<void> {
    this.#flying++
    this.#flyingItems += batch.length
    await this.#deliver(batch)
    this.#flying--
    this.#flyingItems -= batch.length
    this.#schedule()
    if (this.#queue.length > 0 || this.#flying > 0) return
    for (const resolve of this.#idle.splice(0)) resolve()
  }

  /** Never rejects. */
  async #deliver(batch: Waiting<In, Out>[]): Promise<void> {
    let answers: readonly Out[]
    try {
      answers = await this.#options.send(batch.map((one) => one.item))
    } catch (error) {
      if (batch.length === 1 || !this.#maySplit(error)) {
        for (const one of batch) one.reject(error)
        return
      }
      const half = batch.length >> 1
      await this.#deliver(batch.slice(0, half))
      await this.#deliver(batch.slice(half))
      return
    }
    answer(batch, answers)
  }

  #maySplit(error: unknown): boolean {
    try {
      return this.#options.canSplit(error)
    } catch {
      return false
    }
  }
}

function answer<In, Out>(batch: Waiting<In, Out>[], answers: readonly Out[]): void {
  // Whose answer is missing cannot be told, and they may all have been applied: no one may take another's.
  if (!Array.isArray(answers) || answers.length !== batch.length) {
    const words = `a batch of ${batch.length} was not answered by as many answers`
    for (const one of batch) one.reject(new WindlassError('internal', words, { applied: 'unknown' }))
    return
  }
  for (const [i, one] of batch.entries()) one.resolve(answers[i] as Out)
}
