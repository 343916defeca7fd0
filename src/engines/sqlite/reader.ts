// Read verbs: one consistent look at the store, without the write lock. A look that is refused, which is rare in
// WAL mode, is repeated without blocking the event loop until the call's time is over.

import { setTimeout as sleep } from 'node:timers/promises'

import type { Caches } from './caches.ts'
import type { Connection } from './connection.ts'
import { busyFor, failureOf, isBusy } from './failure.ts'
import { View } from './view.ts'

export class Reader {
  readonly #connection: Connection
  readonly #caches: Caches
  readonly #now: () => number
  readonly #callTimeout: number

  constructor(connection: Connection, caches: Caches, now: () => number, callTimeout: number) {
    this.#connection = connection
    this.#caches = caches
    this.#now = now
    this.#callTimeout = callTimeout
  }

  async read<R>(look: (view: View) => R): Promise<R> {
    const since = performance.now()
    for (;;) {
      try {
        return this.lookNow(look)
      } catch (error) {
        if (!isBusy(error)) throw failureOf(error)
        const waited = performance.now() - since
        if (waited >= this.#callTimeout) throw busyFor(waited, error)
      }
      await sleep(1 + Math.random() * 5)
    }
  }

  /** The same at once; throws SQLite's own error when it is refused. */
  lookNow<R>(look: (view: View) => R): R {
    const connection = this.#connection
    connection.run('BEGIN')
    try {
      return look(new View(connection, this.#caches, this.#now()))
    } finally {
      if (connection.db.isTransaction) connection.run('COMMIT')
    }
  }
}
