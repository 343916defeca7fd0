// Calls the `onDead` of a task type for one dead task, within bounded time. Its failure is said in the log and changes
// nothing. Which deaths are to be told, and by whom, is deaths.ts.

import { WindlassError } from '../core/errors.ts'
import type { TaskRecord } from '../core/record.ts'
import type { DeadTask, TaskType } from '../core/task-type.ts'
import { Attempt } from './attempt.ts'
import { Context } from './context.ts'
import { createEnqueue } from './follow-ups.ts'
import type { WorkerSettings } from './options.ts'

/** How long an `onDead` may take. */
export const TELL_MOST = 30_000

export class Mourning {
  readonly #settings: WorkerSettings

  constructor(settings: WorkerSettings) {
    this.#settings = settings
  }

  /** Does this type want to be told? */
  knows(type: string): boolean {
    return (this.#settings.types.get(type)?.onDead ?? null) !== null
  }

  /** Never rejects. */
  async tell(task: TaskRecord): Promise<void> {
    const { clock, log, codecs, types } = this.#settings
    const type = types.get(task.type)
    if (type === undefined) return
    const attempt = new Attempt(task, task.session ?? '', clock.mono())
    attempt.stage = 'running'
    const { promise: late, reject } = Promise.withResolvers<never>()
    const cancel = clock.timer(
      TELL_MOST,
      () => {
        const error = new WindlassError('timeout', `onDead of ${type.name} took longer than ${TELL_MOST} ms`)
        attempt.tell('timeout', error)
        reject(error)
      },
      true,
    )
    try {
      const payload: unknown = JSON.parse(codecs.decode(task.payload, task.codec))
      await Promise.race([this.#call(type, attempt, payload), late])
    } catch (error) {
      log.error('onDead failed', { task: task.id, type: task.type, error })
    } finally {
      cancel()
      attempt.stage = 'closed'
    }
  }

  async #call(type: TaskType, attempt: Attempt, payload: unknown): Promise<void> {
    const settings = this.#settings
    const context = new Context(attempt, payload, {
      settings,
      enqueue: createEnqueue(settings),
      touch: () => {},
    })
    const { log, signal, enqueue } = context
    const { task } = attempt
    await type.onDead?.(deadTask(context, task) as DeadTask<never>, task.error, {
      log,
      signal,
      enqueue: (named, input, options = {}) => enqueue(named, input, { ...options, now: true }),
    })
  }
}

function deadTask(context: Context, { reason, failures, crashes, losses }: TaskRecord): DeadTask {
  const { id, type, queue, attempt, payload, meta, tags } = context
  return { id, type, queue, attempt, payload, meta, tags, reason, failures, crashes, losses }
}
