/**
 * A worker on a memory engine with a clock that only moves when told to, for timelines that are exact to the
 * millisecond. Owns the moving of time in steps, the catching of log lines and an engine that fails on demand.
 * Leaves what is tested to the tests.
 */
import assert from 'node:assert/strict'
import { createLog, type Log } from '../../src/base/log.ts'
import type { Cancel } from '../../src/base/clock.ts'
import { Codecs } from '../../src/core/codec.ts'
import type { Engine } from '../../src/core/engine.ts'
import { WindlassError } from '../../src/core/errors.ts'
import type { NewTask } from '../../src/core/hot-verbs.ts'
import { buildTask } from '../../src/core/new-task.ts'
import type { EnqueueOptions } from '../../src/core/enqueue-options.ts'
import type { AttemptRecord, LogLine, TaskRecord } from '../../src/core/record.ts'
import {
  defineTask,
  type TaskContext,
  type TaskType,
  type TaskTypeOptions,
} from '../../src/core/task-type.ts'
import { openMemory, type MemoryEngine } from '../../src/engines/memory/engine.ts'
import { MemoryStore } from '../../src/engines/memory/store.ts'
import { ManualClock } from '../../src/testing/clock.ts'
import { newSession } from '../../src/testing/samples.ts'
import { Worker, type WorkerOptions } from '../../src/worker/worker.ts'

/** Turns of the event loop after which everything that can go on has gone on. */
const TURNS = 12

export async function quiet(): Promise<void> {
  for (let turn = 0; turn < TURNS; turn++) await new Promise((resolve) => setImmediate(resolve))
}

/** Stops at each timer until all it led to is done, so that a chain of waits adds up to the millisecond. */
class SteppingClock extends ManualClock {
  readonly #ats = new Set<{ readonly at: number }>()
  /** Added to engine time: a clock that jumps. */
  jump = 0

  override timer(ms: number, callback: () => void): Cancel {
    const entry = { at: this.mono() + Math.max(0, ms) }
    this.#ats.add(entry)
    const cancel = super.timer(ms, () => {
      this.#ats.delete(entry)
      callback()
    })
    return () => {
      this.#ats.delete(entry)
      cancel()
    }
  }

  async run(ms: number): Promise<void> {
    const end = this.mono() + ms
    await quiet()
    for (;;) {
      let next = end
      for (const { at } of this.#ats) next = Math.min(next, at)
      await this.pass(Math.max(0, next - this.mono()))
      await quiet()
      if (this.mono() >= end && ![...this.#ats].some(({ at }) => at <= end)) return
    }
  }
}

export type Fault = 'refuse' | 'lose-reply' | 'lose-call' | 'hang' | 'hang-reply' | null

type Verb = 'enqueue' | 'claim' | 'settle' | 'report' | 'heartbeat' | 'endSession' | 'sweep' | 'startSession'

/** The same engine, whose verbs fail as the plan says for each call. */
export function faulty(engine: Engine, plan: (verb: Verb) => Fault): Engine {
  const verbs = new Set<string>(['enqueue', 'claim', 'settle', 'report', 'heartbeat', 'endSession', 'sweep'])
  return new Proxy(engine, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (typeof value !== 'function') return value
      const call = value.bind(target) as (...args: readonly unknown[]) => unknown
      if (typeof key !== 'string' || !(verbs.has(key) || key === 'startSession')) return call
      return async (...args: readonly unknown[]) => {
        const fault = plan(key as Verb)
        if (fault === 'refuse') throw new WindlassError('engine_busy', 'planned refusal', { applied: 'no' })
        if (fault === 'lose-call')
          throw new WindlassError('engine_unreachable', 'planned loss', { applied: 'unknown' })
        if (fault === 'hang') return new Promise(() => {})
        const answer = await call(...args)
        if (fault === 'hang-reply') return new Promise(() => {})
        if (fault === 'lose-reply')
          throw new WindlassError('engine_timeout', 'planned loss of the reply', { applied: 'unknown' })
        return answer
      }
    },
  })
}

export type LoggedLine = Record<string, unknown> & { readonly level: string; readonly message: string }

/** A log that remembers. */
function keepLog(): { readonly log: Log; readonly lines: LoggedLine[] } {
  const lines: LoggedLine[] = []
  const destination = { write: (text: string) => lines.push(JSON.parse(text) as LoggedLine) }
  return { log: createLog({ level: 'debug', json: true, destination }), lines }
}

type Run = (payload: never, context: TaskContext<never>) => unknown

export class Rig {
  readonly clock = new SteppingClock()
  readonly store = new MemoryStore()
  readonly engine: MemoryEngine
  readonly lines: LoggedLine[] = []
  readonly workers: Worker[] = []
  readonly #log: Log

  constructor() {
    this.engine = this.connect()
    const { log, lines } = keepLog()
    this.#log = log
    this.lines = lines
  }

  /** Another connection to the same store. */
  connect(): MemoryEngine {
    return openMemory({ now: () => this.clock.now() + this.clock.jump }, this.store)
  }

  /** A worker that is started; it stops at the end of the test. */
  async worker(types: readonly TaskType[], options: Partial<WorkerOptions> = {}): Promise<Worker> {
    const worker = this.make(types, options)
    await worker.start()
    await quiet()
    return worker
  }

  make(types: readonly TaskType[], options: Partial<WorkerOptions> = {}): Worker {
    const { clock, engine } = this
    const log = this.#log
    const worker = new Worker({ engine, types, clock, log, neighbours: false, random: () => 0, ...options })
    this.workers.push(worker)
    return worker
  }

  async enqueue(type: TaskType | string, value: unknown = {}, options: EnqueueOptions = {}): Promise<string> {
    const codecs = new Codecs()
    const task = buildTask(type, { value }, options, {
      codecs,
      payloadBytes: 262_144,
      origin: 'client',
      parent: null,
      bareUnit: 1,
    })
    return this.put(task)
  }

  async put(task: NewTask): Promise<string> {
    const [reply] = await this.engine.enqueue([task])
    assert.equal(reply?.outcome, 'created')
    await quiet()
    return task.id
  }

  async get(id: string): Promise<TaskRecord> {
    const [task] = await this.engine.records.get([id])
    assert.ok(task, `task ${id} is there`)
    return task
  }

  async attempts(id: string): Promise<readonly AttemptRecord[]> {
    const [attempts] = await this.engine.journal.attempts([id])
    return attempts ?? []
  }

  async logs(id: string): Promise<readonly LogLine[]> {
    return (await this.engine.journal.logs(id, null, 1_000)).lines
  }

  async cancel(id: string): Promise<void> {
    await this.engine.records.act([{ verb: 'cancel', id }])
    await quiet()
  }

  /** A worker that claims and is never heard of again. */
  async deadWorker(limit = 1, lease = 30_000): Promise<string> {
    const session = newSession({ lease })
    await this.engine.startSession([session])
    const [reply] = await this.engine.claim([
      { session: session.id, claimId: session.id, queues: null, limit },
    ])
    assert.equal(reply?.tasks.length, limit)
    return session.id
  }

  /** Enqueues, and a worker that dies at once gets there before all others. */
  async deadWorkerTakes(tasks: readonly NewTask[], lease = 30_000): Promise<string> {
    const enqueued = this.engine.enqueue(tasks)
    const session = await this.deadWorker(tasks.length, lease)
    await enqueued
    return session
  }

  /** Messages of the worker's log, those of a level only if it is given. */
  said(level?: string): string[] {
    return this.lines
      .filter((line) => level === undefined || line.level === level)
      .map((line) => line.message)
  }

  async end(): Promise<void> {
    const stopped = Promise.all(this.workers.map((worker) => worker.release()))
    for (let i = 0; i < 200; i++) {
      if (await Promise.race([stopped.then(() => true), quiet().then(() => false)])) return
      await this.clock.run(500)
    }
    assert.fail('a worker did not stop')
  }
}

/** A rig that is taken down when the test ends. */
export async function createRig(t: { after(run: () => Promise<void>): void }): Promise<Rig> {
  const rig = new Rig()
  await rig.engine.migrate()
  t.after(() => rig.end())
  return rig
}

/** A task type from its handler. */
export function task(
  name: string,
  run: Run,
  options: Partial<TaskTypeOptions> & { readonly onDead?: NonNullable<TaskType['onDead']> } = {},
): TaskType {
  return defineTask({ ...options, name, run })
}

/** A promise with its handles, and how often it was asked for. */
export function gate<T = void>(): {
  readonly promise: Promise<T>
  readonly open: (value: T) => void
  readonly fail: (error: Error) => void
} {
  const { promise, resolve, reject } = Promise.withResolvers<T>()
  return { promise, open: resolve, fail: reject }
}
