// Does the jobs of built-in schedules in the process that fired the tick: nothing of a job is stored, so what a crash
// cuts off is done by the next tick, wherever that fires. Promises one run at a time of each job, that a failure is told
// and stops nothing, and that a stop aborts what runs and waits for it.

import type { Log } from '../base/log.ts'

/** What a tick does. `payload` is JSON text, as it is stored with the schedule. */
export type Job = (payload: string, signal: AbortSignal) => Promise<void>

/** By the names of schedules. */
export type JobTable = ReadonlyMap<string, Job>

export class Jobs {
  readonly #table: JobTable
  readonly #log: Log
  readonly #end = new AbortController()
  readonly #running = new Map<string, Promise<void>>()

  constructor(table: JobTable, log: Log) {
    this.#table = table
    this.#log = log
  }

  /** Starts the job, unless it still runs here. */
  start(name: string, payload: string): void {
    const job = this.#table.get(name)
    if (job === undefined || this.#end.signal.aborted) return
    if (this.#running.has(name)) {
      this.#log.debug('a built-in schedule still runs: this tick is left out', { schedule: name })
      return
    }
    const run = this.#run(name, job, payload).finally(() => this.#running.delete(name))
    this.#running.set(name, run)
  }

  /** Aborts what runs and waits for it. */
  async stop(): Promise<void> {
    this.#end.abort()
    await Promise.all(this.#running.values())
  }

  async #run(name: string, job: Job, payload: string): Promise<void> {
    try {
      await job(payload, this.#end.signal)
    } catch (error) {
      if (this.#end.signal.aborted) return
      this.#log.error('a built-in schedule failed; its next tick tries again', { schedule: name, error })
    }
  }
}
