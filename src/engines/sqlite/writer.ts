// The one way into the write lock: verbs submitted in the same turn of the event loop share one transaction, so
// they share one fsync. Promises that a job that fails changes nothing and fails alone, that waiting for another
// process's lock never blocks the event loop, and that others get their turn after each commit.

import type { Hint } from '../../core/hot-verbs.ts'
import type { Caches } from './caches.ts'
import type { Connection } from './connection.ts'
import { WindlassError } from '../../core/errors.ts'
import { busyFor, failureOf, isBusy } from './failure.ts'
import { Patience } from './patience.ts'
import { Unit } from './unit.ts'

interface Job {
  /** Rows it may touch; a transaction is filled up to a bound. */
  readonly weight: number
  readonly run: (unit: Unit) => unknown
  readonly resolve: (value: unknown) => void
  readonly reject: (error: unknown) => void
  readonly since: number
  /** Its changes need not survive a power cut. */
  readonly fleeting: boolean
  /** It shared a transaction that failed: next time it gets one of its own. */
  alone: boolean
}

/** How much a job is and what it asks of its transaction. */
export interface JobShape {
  readonly weight: number
  readonly fleeting?: boolean
}

/** What a writer needs to know of its engine. */
export interface WriterOptions {
  readonly now: () => number
  /** Commits wait until they are on disk, unless all that they hold is fleeting. */
  readonly fsync: boolean
  readonly callTimeout: number
  /** Called after each commit, with the hints that it gives reason for. */
  readonly committed: (hints: readonly Hint[]) => void
}

/** Rows in one transaction: some 20 ms at worst. */
const WEIGHT = 2_000

export class Writer {
  readonly #connection: Connection
  readonly #caches: Caches
  readonly #options: WriterOptions
  readonly #patience: Patience
  #queue: Job[] = []
  #state: 'idle' | 'due' | 'closed' = 'idle'
  /** Set while the event loop still has to come round after a flush. */
  #resting = false
  /** What the next commit waits for. */
  #fsync: boolean

  constructor(connection: Connection, caches: Caches, options: WriterOptions) {
    this.#connection = connection
    this.#caches = caches
    this.#options = options
    this.#patience = new Patience(connection)
    this.#fsync = options.fsync
  }

  /** Jobs are waiting for a transaction that one more would share. */
  get busy(): boolean {
    return this.#queue.length > 0
  }

  /** Runs `run` in a unit of work; resolves when it is committed. */
  submit<R>({ weight, fleeting = false }: JobShape, run: (unit: Unit) => R): Promise<R> {
    return new Promise<R>((resolve, reject) => {
      if (this.#state === 'closed') {
        reject(closedError())
        return
      }
      const job: Job = {
        weight,
        fleeting,
        run,
        resolve: resolve as (value: unknown) => void,
        reject,
        since: performance.now(),
        alone: false,
      }
      this.#queue.push(job)
      if (this.#state === 'idle' && !this.#resting) {
        this.#state = 'due'
        queueMicrotask(() => this.#flush())
      }
    })
  }

  /** Refuses what waits and all that comes. */
  close(): void {
    this.#state = 'closed'
    const left = this.#queue
    this.#queue = []
    for (const job of left) job.reject(closedError())
  }

  #flush(): void {
    if (this.#state === 'closed') return
    this.#state = 'idle'
    if (this.#queue.length === 0) return
    const batch = this.#nextBatch()
    try {
      this.#waitForDisk(!batch.every((job) => job.fleeting))
      this.#connection.run('BEGIN IMMEDIATE')
    } catch (error) {
      this.#queue.unshift(...batch)
      if (isBusy(error)) this.#wait(error)
      else this.#failAll(error)
      return
    }
    this.#patience.taken()
    this.#runBatch(batch)
    this.#rest()
  }

  /** Sets what the next commit waits for: the file stays whole either way, and a later fsync covers all before it. */
  #waitForDisk(wanted: boolean): void {
    if (!this.#options.fsync || this.#fsync === wanted) return
    this.#connection.exec(`PRAGMA synchronous = ${wanted ? 'FULL' : 'NORMAL'}`)
    this.#fsync = wanted
  }

  /** From the head of the queue as many jobs as fit, or one that is to be alone. */
  #nextBatch(): Job[] {
    let size = 0
    let weight = 0
    for (const job of this.#queue) {
      if (size > 0 && (job.alone || weight + job.weight > WEIGHT)) break
      size++
      weight += job.weight
      if (job.alone) break
    }
    return this.#queue.splice(0, size)
  }

  #runBatch(batch: Job[]): void {
    let unit: Unit
    let results: unknown[]
    try {
      unit = new Unit(this.#connection, this.#caches, this.#options.now())
      results = batch.map((job) => job.run(unit))
      unit.close()
    } catch (error) {
      this.#rollBack()
      this.#failBatch(batch, error)
      return
    }
    try {
      this.#connection.run('COMMIT')
    } catch (error) {
      this.#rollBack()
      const failure = failureOf(error, 'commit')
      for (const job of batch) job.reject(failure)
      return
    }
    unit.committed()
    for (const [i, job] of batch.entries()) job.resolve(results[i])
    this.#options.committed(unit.hints.list())
  }

  /** One job of several failed, or all did: each is tried again alone, so that only the guilty ones fail. */
  #failBatch(batch: Job[], error: unknown): void {
    const [first] = batch
    if (batch.length === 1 && first !== undefined) {
      first.reject(failureOf(error))
      return
    }
    for (const job of batch) job.alone = true
    this.#queue.unshift(...batch)
  }

  #rollBack(): void {
    // SQLite rolls back by itself after some errors.
    if (!this.#connection.db.isTransaction) return
    try {
      this.#connection.run('ROLLBACK')
    } catch {
      // What cannot even be rolled back is undone when the file is opened next; the first error is the one to tell.
    }
  }

  #failAll(error: unknown): void {
    const failure = failureOf(error)
    const left = this.#queue
    this.#queue = []
    for (const job of left) job.reject(failure)
  }

  /** Another process writes: jobs whose time is over are told, the others wait without holding up the loop. */
  #wait(error: unknown): void {
    const now = performance.now()
    const over = this.#queue.filter((job) => now - job.since >= this.#options.callTimeout)
    this.#queue = this.#queue.filter((job) => !over.includes(job))
    for (const job of over) job.reject(busyFor(now - job.since, error))
    if (this.#queue.length === 0) {
      this.#patience.gaveUp()
      return
    }
    this.#state = 'due'
    this.#patience.refused(() => this.#flush())
  }

  /** Lets the event loop, and other processes, have their turn before the next transaction. */
  #rest(): void {
    this.#resting = true
    this.#patience.afterCommit(() => {
      this.#resting = false
      if (this.#state === 'idle') this.#flush()
    })
  }
}

/** Thrown by every verb after close(). */
export function closedError(): WindlassError {
  return new WindlassError('engine_closed', 'the sqlite engine was closed', { applied: 'no' })
}
