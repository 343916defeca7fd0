// Tells the `onDead` of a task type that one of its tasks is dead: after the store took the death, at least once where
// a worker settled it, a few at a time, each within bounded time. Its failure is said in the log and changes nothing.
// Deaths that a supervisor or a worker without the type settles are not told.

import { WindlassError } from '../core/errors.ts'
import type { Outcome } from '../core/hot-verbs.ts'
import type { TaskRecord } from '../core/record.ts'
import type { DeadTask, TaskType } from '../core/task-type.ts'
import { Attempt } from './attempt.ts'
import { Context } from './context.ts'
import { createEnqueue } from './follow-ups.ts'
import type { WorkerSettings } from './options.ts'

/** How long an `onDead` may take. */
const MOST = 30_000
const AT_ONCE = 10
/** Deaths that may wait to be told; a storm beyond that is counted in the log only. */
const WAITING = 10_000

interface Death {
  readonly type: TaskType
  readonly task: TaskRecord
  readonly outcome: Outcome
}

export class Deaths {
  readonly #settings: WorkerSettings
  readonly #waiting: Death[] = []
  #running = 0
  #idle: (() => void)[] = []

  constructor(settings: WorkerSettings) {
    this.#settings = settings
  }

  /** Names of the types that want to be told. */
  get types(): readonly string[] {
    return [...this.#settings.types.values()]
      .filter(({ onDead }) => (onDead ?? null) !== null)
      .map(({ name }) => name)
  }

  /** The store took this outcome. */
  settled(task: TaskRecord, outcome: Outcome): void {
    if (outcome.to !== 'dead') return
    const type = this.#settings.types.get(task.type)
    if (type === undefined || (type.onDead ?? null) === null) return
    if (this.#waiting.length >= WAITING)
      return this.#settings.log.error('too many tasks die at once: onDead is not told of this one', {
        task: task.id,
      })
    this.#waiting.push({ type, task, outcome })
    this.#next()
  }

  /** Resolves when none is under way. */
  idle(): Promise<void> {
    if (this.#running === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idle.push(resolve))
  }

  #next(): void {
    while (this.#running < AT_ONCE) {
      const death = this.#waiting.shift()
      if (death === undefined) break
      this.#running++
      void this.#tell(death).then(() => {
        this.#running--
        this.#next()
        if (this.#running === 0) for (const resolve of this.#idle.splice(0)) resolve()
      })
    }
  }

  /** Never rejects. */
  async #tell({ type, task, outcome }: Death): Promise<void> {
    const { clock, log, codecs } = this.#settings
    const attempt = new Attempt(task, task.session ?? '', clock.mono())
    attempt.stage = 'running'
    const { promise: late, reject } = Promise.withResolvers<never>()
    const cancel = clock.timer(
      MOST,
      () => {
        const error = new WindlassError('timeout', `onDead of ${type.name} took longer than ${MOST} ms`)
        attempt.tell('timeout', error)
        reject(error)
      },
      true,
    )
    try {
      const payload: unknown = JSON.parse(codecs.decode(task.payload, task.codec))
      await Promise.race([this.#call(type, attempt, payload, outcome), late])
    } catch (error) {
      log.error('onDead failed', { task: task.id, type: task.type, error })
    } finally {
      cancel()
      attempt.stage = 'closed'
    }
  }

  async #call(type: TaskType, attempt: Attempt, payload: unknown, outcome: Outcome): Promise<void> {
    const settings = this.#settings
    const context = new Context(attempt, payload, {
      settings,
      enqueue: createEnqueue(settings),
      touch: () => {},
    })
    const { log, signal, enqueue } = context
    await type.onDead?.(deadTask(context, attempt.task, outcome) as DeadTask<never>, outcome.error, {
      log,
      signal,
      enqueue: (named, input, options = {}) => enqueue(named, input, { ...options, now: true }),
    })
  }
}

function deadTask(context: Context, task: TaskRecord, { charge, reason }: Outcome): DeadTask {
  const { id, type, queue, attempt, payload, meta, tags } = context
  return {
    id,
    type,
    queue,
    attempt,
    payload,
    meta,
    tags,
    reason,
    failures: task.failures + (charge.failures ?? 0),
    crashes: task.crashes + (charge.crashes ?? 0),
    losses: task.losses + (charge.losses ?? 0),
  }
}
