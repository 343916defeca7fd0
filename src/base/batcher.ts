// Micro-batching: calls made while a flush is in flight travel together in the next one (CONTRACT rules 14, 15).
// No waiting time is added. Batches are bounded by count and weight; an error that one item caused is found by
// bisection and told to its caller alone. What an item is, and how a batch is sent, is the owner's business.

export interface BatcherOptions<In, Out> {
  /** Sends one batch and answers aligned by index. */
  readonly send: (items: readonly In[]) => Promise<readonly Out[]>
  readonly maxCount: number
  readonly maxWeight: number
  readonly weightOf: (item: In) => number
  /** True when a failed batch surely changed nothing and smaller ones may do better. */
  readonly canSplit: (error: unknown) => boolean
  /** Batches in flight at once. Default 1: the gathering needs a flush to wait for. */
  readonly concurrency?: number
}

interface Waiting<In, Out> {
  readonly item: In
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
      this.#queue.push({ item, resolve, reject })
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
    const { maxCount, maxWeight, weightOf } = this.#options
    let weight = 0
    let count = 0
    for (const { item } of this.#queue) {
      weight += weightOf(item)
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

  async #deliver(batch: Waiting<In, Out>[]): Promise<void> {
    try {
      const answers = await this.#options.send(batch.map((one) => one.item))
      for (const [i, one] of batch.entries()) one.resolve(answers[i] as Out)
    } catch (error) {
      if (batch.length === 1 || !this.#options.canSplit(error)) {
        for (const one of batch) one.reject(error)
        return
      }
      const half = batch.length >> 1
      await this.#deliver(batch.slice(0, half))
      await this.#deliver(batch.slice(half))
    }
  }
}
