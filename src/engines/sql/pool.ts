// A bounded set of connections. Promises that a connection that failed is destroyed and never handed out again, that
// who waits for one waits no longer than told, and that the one that was used last is used first, so that a burst's
// connections can be given back. What a connection is, is the engine's business.

import { WindlassError } from '../../core/errors.ts'

/** What the pool needs to know of a connection. */
export interface Link {
  /** Not to be used again. */
  readonly broken: boolean
  /** Ends it at once. */
  destroy(): void
  /** Ends it in good order. */
  end(): Promise<void>
}

export interface PoolOptions<L extends Link> {
  readonly open: () => Promise<L>
  /** Connections that stay open. */
  readonly size: number
  /** Connections beyond that, given back when they are idle. */
  readonly maxOverflow: number
  /** Longest wait for a connection, in ms. */
  readonly timeout: number
  readonly closed: () => WindlassError
}

interface Waiting<L> {
  readonly resolve: (link: L) => void
  readonly reject: (error: unknown) => void
  readonly timer: NodeJS.Timeout
}

export class Pool<L extends Link> {
  readonly #options: PoolOptions<L>
  readonly #idle: L[] = []
  readonly #all = new Set<L>()
  #waiting: Waiting<L>[] = []
  #opening = 0
  #closed = false

  constructor(options: PoolOptions<L>) {
    this.#options = options
  }

  /** Connections open, in use, and calls that wait for one. */
  get counts(): { readonly open: number; readonly used: number; readonly waiting: number } {
    const open = this.#all.size
    return { open, used: open - this.#idle.length, waiting: this.#waiting.length }
  }

  async take(): Promise<L> {
    if (this.#closed) throw this.#options.closed()
    for (let link = this.#idle.pop(); link !== undefined; link = this.#idle.pop()) {
      if (!link.broken) return link
      this.#forget(link)
    }
    const { size, maxOverflow } = this.#options
    if (this.#all.size + this.#opening < size + maxOverflow) return this.#open()
    return this.#wait()
  }

  /** Gives a connection back; a broken one is replaced when somebody needs it. */
  give(link: L): void {
    if (link.broken || this.#closed) {
      this.#forget(link)
      if (!link.broken) void link.end()
      this.#openForNext()
      return
    }
    const next = this.#waiting.shift()
    if (next !== undefined) {
      clearTimeout(next.timer)
      next.resolve(link)
    } else if (this.#all.size > this.#options.size) {
      this.#forget(link)
      void link.end()
    } else this.#idle.push(link)
  }

  /** Drops every idle connection, and those in use when they come back: the server is not the one it was. */
  drop(): void {
    for (const link of this.#all) if (this.#idle.includes(link)) link.destroy()
    for (const link of this.#idle.splice(0)) this.#forget(link)
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const { reject, timer } of this.#waiting.splice(0)) {
      clearTimeout(timer)
      reject(this.#options.closed())
    }
    const idle = this.#idle.splice(0)
    for (const link of this.#all) if (!idle.includes(link)) link.destroy()
    this.#all.clear()
    await Promise.all(idle.map((link) => link.end()))
  }

  async #open(): Promise<L> {
    this.#opening++
    try {
      const link = await this.#options.open()
      if (this.#closed) {
        link.destroy()
        throw this.#options.closed()
      }
      this.#all.add(link)
      return link
    } catch (error) {
      // Whoever waits for a connection that could not be opened learns why, instead of waiting on.
      for (const { reject, timer } of this.#all.size === 0 ? this.#waiting.splice(0) : []) {
        clearTimeout(timer)
        reject(error)
      }
      throw error
    } finally {
      this.#opening--
    }
  }

  #wait(): Promise<L> {
    return new Promise((resolve, reject) => {
      const { timeout } = this.#options
      const timer = setTimeout(() => {
        this.#waiting = this.#waiting.filter((one) => one.timer !== timer)
        const text = `no connection became free in ${timeout} ms`
        reject(new WindlassError('engine_busy', text, { applied: 'no', detail: this.counts }))
      }, timeout)
      this.#waiting.push({ resolve, reject, timer })
    })
  }

  #openForNext(): void {
    if (this.#waiting.length === 0 || this.#closed) return
    this.#open().then(
      (link) => this.give(link),
      () => undefined,
    )
  }

  #forget(link: L): void {
    this.#all.delete(link)
  }
}
