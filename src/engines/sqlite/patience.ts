// When to try for the write lock again, and how long to stand back after a commit.
// SQLite's own waiting blocks the thread and favours whoever asks most often: a process that commits in a row can
// keep others out for seconds. So nobody waits inside SQLite. Who is refused asks again soon, at first within the
// same millisecond; who has just committed stands back for a moment, longer where others were seen to write.

import type { Connection } from './connection.ts'

/** Refused for less than this: ask again in the next turn of the loop, else by timer. */
const EAGER = 1
/** Another process wrote within this time: it is likely to want the lock again. */
const NEIGHBOUR = 250
/** Longest run of transactions without a gap that any waiting process is sure to find. */
const RUN = 25
/** Rest after a commit beside a neighbour, as turns of the event loop. */
const POLITE_TURNS = 3

export class Patience {
  readonly #connection: Connection
  #version = 0
  #neighbourAt = -Infinity
  #refusedSince: number | null = null
  #runSince: number | null = null

  constructor(connection: Connection) {
    this.#connection = connection
  }

  /** The lock was got. */
  taken(): void {
    const now = performance.now()
    const version = Number(this.#connection.get('PRAGMA data_version')?.[0] ?? 0)
    if (version !== this.#version) {
      if (this.#version !== 0) this.#neighbourAt = now
      this.#version = version
    }
    this.#refusedSince = null
    this.#runSince ??= now
  }

  /** The lock was refused: calls `again` when it is time to ask anew. */
  refused(again: () => void): void {
    const now = performance.now()
    this.#refusedSince ??= now
    this.#neighbourAt = now
    this.#runSince = null
    const waited = now - this.#refusedSince
    if (waited < EAGER) setImmediate(again)
    else setTimeout(again, waited < 100 ? 1 : 1 + Math.random() * Math.min(20, waited / 50))
  }

  /** Nobody asks any more. */
  gaveUp(): void {
    this.#refusedSince = null
  }

  /** After a commit: calls `next` when the lock may be asked for again. */
  afterCommit(next: () => void): void {
    const now = performance.now()
    if (this.#runSince !== null && now - this.#runSince >= RUN) {
      this.#runSince = null
      setTimeout(next, 1)
    } else if (now - this.#neighbourAt < NEIGHBOUR) {
      turns(POLITE_TURNS, next)
    } else {
      setImmediate(next)
    }
  }
}

function turns(count: number, next: () => void): void {
  if (count <= 1) setImmediate(next)
  else setImmediate(turns, count - 1, next)
}
