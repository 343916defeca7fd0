// What enqueue answers: the id, what became of the call, and the ways to follow the task from here.

import type { Codecs } from '../core/codec.ts'
import { WindlassError } from '../core/errors.ts'
import type { KeptError, TaskRecord, TaskState } from '../core/record.ts'
import type { TaskOperator } from './tasks.ts'
import { readWait, type ResultOptions, type Waiter } from './waiter.ts'

/** A task that was enqueued, or that was there already. `O` is what its handler answers. */
export interface TaskHandle<O = unknown> {
  readonly id: string
  /** `existing`: the same id with the same content. `duplicate`: the unique key is held by the task `id`. */
  readonly outcome: 'created' | 'existing' | 'duplicate'
  /** As it was when the call was answered. */
  readonly state: TaskState
  /**
   * What the handler answered, once the task has succeeded.
   * @throws WindlassError `task_dead` or `task_cancelled` with the kept error as cause, `wait_timeout`, `not_found`;
   *   the signal's reason when it aborts
   */
  result(options?: ResultOptions): Promise<O>
  /** The task as it is now, with its attempts; null when it was removed. */
  get(): ReturnType<TaskOperator['get']>
  /** Cancels it; a running one is told to stop. */
  cancel(): ReturnType<TaskOperator['cancel']>
}

/** Makes handles. */
export class Handles {
  readonly #waiter: Waiter
  readonly #operator: TaskOperator
  readonly #codecs: Codecs

  constructor(waiter: Waiter, operator: TaskOperator, codecs: Codecs) {
    this.#waiter = waiter
    this.#operator = operator
    this.#codecs = codecs
  }

  /** @param patient the task may not be to be seen yet: it was enqueued in a transaction of the caller */
  make<O>(reply: Pick<TaskHandle, 'id' | 'outcome' | 'state'>, patient: boolean): TaskHandle<O> {
    const { id, outcome, state } = reply
    return {
      id,
      outcome,
      state,
      result: async (options = {}) => {
        const task = await this.#waiter.wait(id, readWait(options, patient))
        return resultOf(task, this.#codecs) as O
      },
      get: () => this.#operator.get(id),
      cancel: () => this.#operator.cancel(id),
    }
  }
}

/** The result of a final task, or the error that says how it ended. */
function resultOf(task: TaskRecord, codecs: Codecs): unknown {
  if (task.state === 'succeeded') {
    return task.result === null ? undefined : JSON.parse(codecs.decode(task.result, task.codec))
  }
  const dead = task.state === 'dead'
  const words = task.error?.message ?? task.reason ?? 'no reason was kept'
  throw new WindlassError(
    dead ? 'task_dead' : 'task_cancelled',
    `task ${task.id} (${task.type}) ${dead ? `is dead: ${words}` : `was cancelled${task.reason === 'expired' ? ': it expired' : ''}`}`,
    {
      ...(task.error === null ? {} : { cause: revive(task.error) }),
      detail: {
        task_id: task.id,
        type: task.type,
        reason: task.reason,
        attempt: task.attempt,
        error: task.error,
      },
    },
  )
}

/** A kept error as an Error, with its causes. */
function revive(kept: KeptError): Error {
  const cause = kept.causes.reduceRight<Error | undefined>(
    (inner, { name, message }) => named(name, message, inner),
    undefined,
  )
  const error = named(kept.name, kept.message, cause)
  if (kept.stack !== null) error.stack = kept.stack
  return kept.code === null ? error : Object.assign(error, { code: kept.code })
}

function named(name: string, message: string, cause: Error | undefined): Error {
  const error = new Error(message, cause === undefined ? undefined : { cause })
  error.name = name
  return error
}
