// Waits for tasks to become final: one per client, however many wait. It is woken by the engine's hints, at most once
// in a gap that grows while wake-ups find nothing; few ids are read as they are, many through the changes feed. A slow
// look at all of them is the net under lost hints, never more often than one engine call a second.

import type { Cancel, Clock } from '../base/clock.ts'
import { parseDuration, type Duration } from '../core/duration.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys } from '../core/keys.ts'
import { LIMITS } from '../core/limits.ts'
import { isFinal, type TaskRecord } from '../core/record.ts'
import { isRepeatable, type Ground } from './repeat.ts'

export interface ResultOptions {
  /** Longest wait; bare numbers are milliseconds. Default: as long as it takes. */
  readonly timeout?: Duration
  readonly signal?: AbortSignal
}

/** The same, read. */
export interface WaitOptions {
  /** In ms; null: as long as it takes. */
  readonly timeout: number | null
  readonly signal: AbortSignal | null
  /** The task is not to be seen yet (a transaction of the caller): a missing one is waited for. */
  readonly patient: boolean
}

interface Waiting {
  readonly patient: boolean
  readonly resolve: (task: TaskRecord) => void
  readonly reject: (error: Error) => void
}

/** Up to here a look at every id costs less than the changes feed. */
const FEW = 100
/** Pages of the feed that one look reads; beyond that all ids are read. */
const PAGES = 4
const GAP_LEAST = 5
const GAP_MOST = 100
const NET = 1_000

export class Waiter {
  readonly #ground: Ground
  readonly #waiting = new Map<string, Set<Waiting>>()
  readonly #fresh = new Set<string>()
  #cursor: number | null = null
  #unwatch: (() => void) | null = null
  #timer: { readonly at: number; readonly cancel: Cancel } | null = null
  #looking = false
  #hinted = false
  #gap = GAP_LEAST
  #lastLook = Number.NEGATIVE_INFINITY
  #netAt = 0

  constructor(ground: Ground) {
    this.#ground = ground
  }

  get #clock(): Clock {
    return this.#ground.clock
  }

  /**
   * The task, once it is final.
   * @throws WindlassError `wait_timeout`, `not_found`; the signal's reason; what the engine cannot mend
   */
  wait(id: string, options: WaitOptions): Promise<TaskRecord> {
    return new Promise((resolve, reject) => {
      const { signal, timeout } = options
      if (signal?.aborted === true) return reject(reasonOf(signal))
      const end = (): void => {
        cancel?.()
        signal?.removeEventListener('abort', onAbort)
        this.#remove(id, waiting)
      }
      const waiting: Waiting = {
        patient: options.patient,
        resolve: (task) => (end(), resolve(task)),
        reject: (error) => (end(), reject(error)),
      }
      const onAbort = (): void => {
        if (signal !== null) waiting.reject(reasonOf(signal))
      }
      const cancel =
        timeout === null ? null : this.#clock.timer(timeout, () => waiting.reject(tooLate(id, timeout)), true)
      signal?.addEventListener('abort', onAbort, { once: true })
      this.#add(id, waiting)
    })
  }

  /** Looks once more, then rejects whoever still waits. */
  async close(error: Error): Promise<void> {
    try {
      if (this.#waiting.size > 0) await this.#read(await this.#ground.engine(), [...this.#waiting.keys()])
    } catch {
      // They are told that this ends, whatever the last look came to.
    }
    this.#rejectAll(error)
    this.#rest()
  }

  #add(id: string, waiting: Waiting): void {
    const group = this.#waiting.get(id)
    if (group === undefined) this.#waiting.set(id, new Set([waiting]))
    else group.add(waiting)
    this.#fresh.add(id)
    // One microtask later, so that ids of one tick are read together.
    queueMicrotask(() => this.#plan(this.#lastLook + GAP_LEAST))
  }

  #remove(id: string, waiting: Waiting): void {
    const group = this.#waiting.get(id)
    group?.delete(waiting)
    if (group?.size !== 0) return
    this.#waiting.delete(id)
    this.#fresh.delete(id)
    if (this.#waiting.size === 0) this.#rest()
  }

  /** Nobody waits: nothing runs, nothing listens. */
  #rest(): void {
    this.#timer?.cancel()
    this.#timer = null
    this.#unwatch?.()
    this.#unwatch = null
    this.#cursor = null
    this.#gap = GAP_LEAST
  }

  #onHint(): void {
    this.#hinted = true
    this.#plan(this.#lastLook + this.#gap)
  }

  /** Looks at `at`, or earlier if that is planned already. */
  #plan(at: number): void {
    if (this.#looking || this.#waiting.size === 0) return
    if (this.#timer !== null && this.#timer.at <= at) return
    this.#timer?.cancel()
    const wait = Math.max(0, at - this.#clock.mono())
    if (wait === 0) {
      this.#timer = null
      void this.#run()
      return
    }
    // Kept alive by this timer: a program that waits for a result must not end meanwhile.
    this.#timer = { at, cancel: this.#clock.timer(wait, () => this.#onTimer(), true) }
  }

  #onTimer(): void {
    this.#timer = null
    void this.#run()
  }

  async #run(): Promise<void> {
    this.#looking = true
    this.#hinted = false
    let pause = 0
    try {
      const found = await this.#look(await this.#ground.engine())
      this.#gap = found ? GAP_LEAST : Math.min(GAP_MOST, this.#gap * 2)
    } catch (error) {
      if (!isRepeatable(error)) this.#rejectAll(error instanceof Error ? error : new Error(String(error)))
      // The cursor may be of a store that was replaced meanwhile.
      this.#cursor = null
      pause = NET
    }
    this.#looking = false
    this.#lastLook = this.#clock.mono()
    if (pause > 0) return this.#plan(this.#lastLook + pause)
    if (this.#fresh.size > 0) return this.#plan(this.#lastLook + GAP_LEAST)
    this.#plan(this.#hinted ? this.#lastLook + this.#gap : this.#netAt)
  }

  /** One look; true when a task was found final. */
  async #look(engine: Engine): Promise<boolean> {
    this.#unwatch ??= engine.watch((hint) => {
      if (hint.kind === 'change' || hint.kind === 'any') this.#onHint()
    })
    const net = this.#clock.mono() >= this.#netAt
    if (net) this.#netAt = this.#clock.mono() + NET * Math.max(1, Math.ceil(this.#waiting.size / LIMITS.page))
    const fresh = [...this.#fresh]
    this.#fresh.clear()
    if (this.#waiting.size <= FEW) {
      this.#cursor = null
    } else if (this.#cursor === null || net) {
      // The cursor is taken before the ids are read, so that no change falls between the two.
      this.#cursor = (await engine.records.changes(-1, 1)).cursor
    } else {
      return this.#read(engine, [...new Set([...fresh, ...(await this.#changed(engine))])])
    }
    return this.#read(engine, [...this.#waiting.keys()])
  }

  /** Ids of ours that the feed tells to be final, or all ids when the feed runs ahead of us. */
  async #changed(engine: Engine): Promise<string[]> {
    const ids: string[] = []
    for (let page = 0; page < PAGES; page++) {
      const { changes, cursor, gap } = await engine.records.changes(this.#cursor ?? 0, LIMITS.page)
      this.#cursor = cursor
      if (gap) return [...this.#waiting.keys()]
      for (const { id, state } of changes)
        if (this.#waiting.has(id) && (state === 'deleted' || isFinal(state))) ids.push(id)
      if (changes.length < LIMITS.page) return ids
    }
    this.#cursor = (await engine.records.changes(-1, 1)).cursor
    return [...this.#waiting.keys()]
  }

  async #read(engine: Engine, ids: readonly string[]): Promise<boolean> {
    let found = false
    for (let from = 0; from < ids.length; from += LIMITS.page) {
      const page = ids.slice(from, from + LIMITS.page)
      const tasks = await engine.records.get(page)
      for (const [i, id] of page.entries()) found = this.#tell(id, tasks[i] ?? null) || found
    }
    return found
  }

  #tell(id: string, task: TaskRecord | null): boolean {
    const group = this.#waiting.get(id)
    if (group === undefined || (task !== null && !isFinal(task.state))) return false
    const ready = [...group].filter((one) => task !== null || !one.patient)
    for (const one of ready) {
      if (task !== null) one.resolve(task)
      else one.reject(new WindlassError('not_found', `there is no task ${JSON.stringify(id)}`))
    }
    return ready.length > 0
  }

  #rejectAll(error: Error): void {
    for (const group of this.#waiting.values()) for (const one of group) one.reject(error)
  }
}

/** Reads the options of a wait. */
export function readWait(options: ResultOptions, patient: boolean): WaitOptions {
  checkKeys(options, ['timeout', 'signal'], 'result')
  return {
    timeout: options.timeout === undefined ? null : parseDuration(options.timeout, 'timeout'),
    signal: options.signal ?? null,
    patient,
  }
}

function reasonOf(signal: AbortSignal): Error {
  const reason: unknown = signal.reason
  return reason instanceof Error ? reason : new Error('aborted', { cause: reason })
}

function tooLate(id: string, timeout: number): WindlassError {
  return new WindlassError('wait_timeout', `task ${id} was not finished within ${timeout} ms`, {
    detail: { task_id: id, timeout_ms: timeout },
  })
}
