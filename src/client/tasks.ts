// The administering side of tasks: look at them, find them, cancel, retry, delete, reprioritise, and say why one is
// not running. Answers the public JSON shapes of task-json.ts. Unknown ids and refusals are errors, not silence.

import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { Action, ActionReply, TaskFilter } from '../core/cold-verbs.ts'
import { checkKeys } from '../core/keys.ts'
import { LIMITS } from '../core/limits.ts'
import { QUEUE_DOCUMENT, readQueueSettings } from '../core/queue-settings.ts'
import type { TaskRecord, TaskState } from '../core/record.ts'
import { checkName, checkPriority } from '../core/task-type.ts'
import { explain, type WhyReason } from '../core/why.ts'
import { runBulk, type BulkJson, type BulkOptions } from './bulk.ts'
import { fitsFilter, readFilter, readLimit, type FindOptions } from './find-options.ts'
import { repeat, type Ground } from './repeat.ts'
import {
  attemptJson,
  logLineJson,
  taskJson,
  type AttemptJson,
  type Lens,
  type LogLineJson,
  type TaskDetailJson,
  type TaskJson,
} from './task-json.ts'
import { readWait, type ResultOptions, type Waiter } from './waiter.ts'

export interface TaskPageJson {
  /** Newest first. */
  readonly tasks: readonly TaskJson[]
  readonly next: string | null
  /** Older tasks were not looked at. */
  readonly partial: boolean
}

/** What an action came to. `requested`: a running task was told to stop. */
export interface ActionJson {
  readonly task_id: string
  /** As it is now; `deleted` after a delete. */
  readonly state: TaskState | 'deleted'
  readonly outcome: 'done' | 'requested'
}

export interface WhyJson {
  readonly task_id: string
  readonly state: TaskState
  readonly reason: WhyReason
  readonly detail: string
}

export class TaskOperator {
  readonly #ground: Ground
  readonly #waiter: Waiter
  readonly #lens: Lens

  constructor(ground: Ground, waiter: Waiter, lens: Lens) {
    this.#ground = ground
    this.#waiter = waiter
    this.#lens = lens
  }

  /** The task with its attempts; null when there is none. */
  async get(id: string): Promise<TaskDetailJson | null> {
    checkName(id, 'id')
    return repeat(this.#ground, async (engine) => {
      const [task = null] = await engine.records.get([id])
      return task === null ? null : this.#detail(engine, task)
    })
  }

  /**
   * Waits until the task is final, however it ended.
   * @throws WindlassError `wait_timeout`, `not_found`; the signal's reason when it aborts
   */
  async wait(id: string, options: ResultOptions = {}): Promise<TaskDetailJson> {
    const task = await this.#waiter.wait(checkName(id, 'id'), readWait(options, false))
    return repeat(this.#ground, (engine) => this.#detail(engine, task))
  }

  /** Tasks that fit, newest first, by pages. @throws WindlassError `unknown_option`, `invalid_option` */
  async find(options: FindOptions = {}): Promise<TaskPageJson> {
    const { id } = options
    const filter = readFilter(options)
    if (id !== undefined) return this.#findById(checkName(id, 'id'), filter)
    const page = await repeat(this.#ground, (engine) => engine.records.find(filter))
    return {
      tasks: page.tasks.map((task) => taskJson(task, this.#lens)),
      next: page.next,
      partial: page.partial,
    }
  }

  /** Cancels a waiting task; a running one is told to stop. @throws WindlassError `not_found`, `refused` */
  cancel(id: string): Promise<ActionJson> {
    return this.#act({ verb: 'cancel', id })
  }

  /** Runs a dead or cancelled task again, counters cleared. @throws WindlassError `not_found`, `refused` */
  retry(id: string): Promise<ActionJson> {
    return this.#act({ verb: 'requeue', id })
  }

  /** Removes a final task with its attempts and logs. @throws WindlassError `not_found`, `refused` */
  delete(id: string): Promise<ActionJson> {
    return this.#act({ verb: 'delete', id })
  }

  /**
   * Cancels, retries or deletes every task that fits a filter, page by page; `dryRun` only counts. Repeating it is safe.
   * @throws WindlassError `unknown_option`, `invalid_option`
   */
  bulk(options: BulkOptions): Promise<BulkJson> {
    return runBulk(this.#ground, options)
  }

  /** Gives a waiting task another priority. @throws WindlassError `not_found`, `refused`, `invalid_option` */
  async reprioritise(id: string, priority: number): Promise<ActionJson> {
    return this.#act({ verb: 'reprioritise', id, priority: checkPriority(priority) })
  }

  /** Why a task is not running, or what it does instead. @throws WindlassError `not_found` */
  async why(id: string): Promise<WhyJson> {
    checkName(id, 'id')
    return repeat(this.#ground, async (engine) => {
      const [task = null] = await engine.records.get([id])
      if (task === null) throw notFound(id)
      const [now, [settings = null], liveSessions, [ahead = null]] = await Promise.all([
        engine.now(),
        engine.documents.get([{ kind: QUEUE_DOCUMENT, key: task.queue }]),
        engine.records.sessions({ state: 'live', host: null }),
        engine.records.ahead([id]),
      ])
      const paused = settings !== null && readQueueSettings(settings.body).paused
      return { task_id: id, state: task.state, ...explain(task, { now, paused, liveSessions, ahead }) }
    })
  }

  /** Attempts, oldest first; the running or last one included. @throws WindlassError `not_found` */
  async attempts(id: string): Promise<readonly AttemptJson[]> {
    const task = await this.get(id)
    if (task === null) throw notFound(id)
    return task.attempts
  }

  /** Log lines of all attempts, oldest first, by pages of up to 1,000. @throws WindlassError `not_found` */
  async logs(
    id: string,
    options: { readonly after?: string | null; readonly limit?: number } = {},
  ): Promise<{ readonly lines: readonly LogLineJson[]; readonly next: string | null }> {
    checkKeys(options, ['after', 'limit'], 'logs')
    const limit = readLimit(options.limit, LIMITS.page)
    return repeat(this.#ground, async (engine) => {
      const { lines, next } = await engine.journal.logs(checkName(id, 'id'), options.after ?? null, limit)
      if (lines.length === 0 && (await engine.records.get([id]))[0] == null) throw notFound(id)
      return { lines: lines.map(logLineJson), next }
    })
  }

  async #detail(engine: Engine, task: TaskRecord): Promise<TaskDetailJson> {
    const [attempts = []] = await engine.journal.attempts([task.id])
    return { ...taskJson(task, this.#lens), attempts: attempts.map(attemptJson) }
  }

  async #findById(id: string, filter: TaskFilter): Promise<TaskPageJson> {
    const [task = null] = await repeat(this.#ground, (engine) => engine.records.get([id]))
    const fits = task !== null && fitsFilter(task, filter)
    return { tasks: fits ? [taskJson(task, this.#lens)] : [], next: null, partial: false }
  }

  async #act(action: Action): Promise<ActionJson> {
    checkName(action.id, 'id')
    const [reply, doubt] = await repeat(this.#ground, async (engine, doubt) => [
      (await engine.records.act([action]))[0],
      doubt,
    ])
    if (reply === undefined) throw new WindlassError('internal', 'the engine gave no answer to an action')
    return answerOf(action, reply, doubt)
  }
}

/** @param doubt an earlier try may have been applied: then a refusal because of its effect is a success */
function answerOf(action: Action, reply: ActionReply, doubt: boolean): ActionJson {
  const { id, verb } = action
  const { outcome, state, holder } = reply
  if (verb === 'delete' && (outcome === 'done' || (doubt && outcome === 'not_found')))
    return { task_id: id, state: 'deleted', outcome: 'done' }
  if (outcome === 'done' || outcome === 'requested')
    return { task_id: id, state: state ?? ENDS[verb], outcome }
  if (doubt && verb === 'requeue' && (state === 'ready' || state === 'running'))
    return { task_id: id, state, outcome: 'done' }
  if (outcome === 'not_found') throw notFound(id)
  const words =
    outcome === 'held'
      ? `its unique key is held by the task ${holder ?? 'of another'}`
      : `it is ${state ?? 'gone'}, and ${WANTS[verb]}`
  throw new WindlassError('refused', `task ${id} cannot be ${DONE[verb]}: ${words}`, {
    detail: { task_id: id, state, ...(holder === null ? {} : { holder }) },
  })
}

/** The state to tell where an engine answers none. */
const ENDS = { cancel: 'cancelled', requeue: 'ready', delete: 'deleted', reprioritise: 'ready' } as const

const DONE = {
  cancel: 'cancelled',
  requeue: 'retried',
  delete: 'deleted',
  reprioritise: 'given a priority',
} as const

const WANTS = {
  cancel: 'only a task that is not final can be',
  requeue: 'only a dead or cancelled one can be',
  delete: 'only a final one can be; cancel it first',
  reprioritise: 'only a waiting one can be',
} as const

function notFound(id: string): WindlassError {
  return new WindlassError('not_found', `there is no task ${JSON.stringify(id)}`, { detail: { task_id: id } })
}
