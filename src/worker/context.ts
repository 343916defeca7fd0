// What a handler is given. Each part is made when it is first used and keeps its meaning when it is taken out of the
// context (`const { log, signal } = ctx`). Bounds what a handler can do to the store; endings are the runner's.

import { parseDuration } from '../core/duration.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { EnqueueOptions } from '../core/enqueue-options.ts'
import { LIMITS } from '../core/limits.ts'
import type { LogLine } from '../core/record.ts'
import type { TaskContext, TaskLog, TaskType } from '../core/task-type.ts'
import type { Attempt } from './attempt.ts'
import { completeWithin } from './complete.ts'
import { lineText, plainFields } from './notes.ts'
import type { WorkerSettings } from './options.ts'

/** Sent by `ctx.enqueue`; `now`: at once instead of with the success. */
export type EnqueueFromTask = (
  attempt: Attempt,
  type: TaskType | string,
  input: unknown,
  options: EnqueueOptions & { readonly now?: boolean },
) => Promise<string>

/** What a run needs of the worker's settings; a child has the same in its own process. */
export interface RunSettings extends Pick<
  WorkerSettings,
  'clock' | 'log' | 'redact' | 'types' | 'codecs' | 'payloadBytes' | 'defaults'
> {
  /** Where `ctx.enqueue` with `now` goes, and `ctx.complete`; a child of a store in memory cannot settle. */
  readonly engine: Pick<Engine, 'enqueue'> & Partial<Pick<Engine, 'settle'>>
}

/** What contexts need of the worker. */
export interface ContextPorts {
  readonly settings: RunSettings
  readonly enqueue: EnqueueFromTask
  /** Something was noted that the store should see. */
  readonly touch: (attempt: Attempt) => void
}

/** The error that `ctx.fail()` throws. */
class TaskFailure extends Error {
  readonly code = 'task_failed'

  constructor(reason: unknown) {
    super(String(reason))
    this.name = 'TaskFailure'
  }
}

const CLEANUPS_MOST = 1_000

export class Context implements TaskContext {
  readonly payload: unknown
  readonly #attempt: Attempt
  readonly #ports: ContextPorts
  #log: TaskLog | null = null
  #meta: unknown = undefined

  constructor(attempt: Attempt, payload: unknown, ports: ContextPorts) {
    this.#attempt = attempt
    this.payload = payload
    this.#ports = ports
  }

  get id(): string {
    return this.#attempt.id
  }
  get type(): string {
    return this.#attempt.task.type
  }
  get queue(): string {
    return this.#attempt.task.queue
  }
  get attempt(): number {
    return this.#attempt.task.attempt
  }
  get claim(): string {
    return this.#attempt.claim
  }
  get failures(): number {
    return this.#attempt.task.failures
  }
  get tags(): readonly string[] {
    return this.#attempt.task.tags
  }
  get signal(): AbortSignal {
    return this.#attempt.signal
  }

  get meta(): unknown {
    const text = this.#attempt.task.meta
    if (this.#meta === undefined) this.#meta = text === null ? null : JSON.parse(text)
    return this.#meta
  }

  get log(): TaskLog {
    this.#log ??= createTaskLog(this.#attempt, this.#ports)
    return this.#log
  }

  get progress(): TaskContext['progress'] {
    return (percent, message) => {
      const attempt = this.#attempt
      if (attempt.stage !== 'running') return
      attempt.notes.setProgress(percent, message, attempt.engineNow(this.#ports.settings.clock))
      this.#ports.touch(attempt)
    }
  }

  get enqueue(): TaskContext['enqueue'] {
    return (type, input, options = {}) => this.#ports.enqueue(this.#attempt, type, input, options)
  }

  get complete(): TaskContext['complete'] {
    return (result, { tx }) => completeWithin(this.#attempt, result, tx, this.#ports.settings)
  }

  get fail(): TaskContext['fail'] {
    return (reason, options = {}) => {
      const error = new TaskFailure(reason)
      const delay = options.after === undefined ? null : parseDuration(options.after, 'fail.after')
      // Remembered, so that a handler which swallows the throw has failed all the same.
      this.#attempt.failure ??= { error, retry: options.retry ?? true, delay }
      throw error
    }
  }

  get onCleanup(): TaskContext['onCleanup'] {
    return (run) => {
      this.#attempt.cleanups ??= []
      if (this.#attempt.cleanups.length >= CLEANUPS_MOST)
        throw new WindlassError('invalid_option', `an attempt can have ${CLEANUPS_MOST} clean-ups at most`)
      this.#attempt.cleanups.push(run)
    }
  }
}

function createTaskLog(attempt: Attempt, ports: ContextPorts): TaskLog {
  const { clock, log, redact } = ports.settings
  const toWorker = log.child({ task: attempt.id, type: attempt.task.type, attempt: attempt.task.attempt })
  const at =
    (level: LogLine['level']) =>
    (message: unknown, fields?: object): void => {
      if (level === 'error') attempt.notes.sawError = true
      toWorker[level](String(message).slice(0, LIMITS.logLineBytes), shownFields(fields))
      if (attempt.stage !== 'running') return
      const text = lineText(message, fields, redact)
      attempt.notes.addLine({ at: attempt.engineNow(clock), level, message: text })
      ports.touch(attempt)
    }
  const shownFields = (fields: object | undefined): object | undefined => {
    if (fields === undefined) return undefined
    const plain = plainFields(fields, redact)
    return typeof plain === 'object' && plain !== null && !Array.isArray(plain) ? plain : { fields: plain }
  }
  return { debug: at('debug'), info: at('info'), warn: at('warn'), error: at('error') }
}
