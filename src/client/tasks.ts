// The administering side of tasks: look at them, find them, cancel, retry, delete, reprioritise, and say why one is
// not running. Answers the public JSON shapes of task-json.ts. Unknown ids and refusals are errors, not silence.

import { show } from '../core/duration.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { Action, ActionReply, TaskFilter } from '../core/cold-verbs.ts'
import { checkKeys, suggest } from '../core/keys.ts'
import { LIMITS } from '../core/limits.ts'
import { readInstant } from '../core/new-task.ts'
import { QUEUE_DOCUMENT, readQueueSettings } from '../core/queue-settings.ts'
import { TASK_STATES, type TaskRecord, type TaskState } from '../core/record.ts'
import { checkName, checkPriority } from '../core/task-type.ts'
import { explain, type WhyReason } from '../core/why.ts'
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

/** What `find` looks for; every member narrows. */
export interface FindOptions {
  readonly state?: TaskState | readonly TaskState[]
  readonly queue?: string
  readonly type?: string
  readonly id?: string
  readonly tag?: string
  /** In id, type, unique key, tags, payload, error message; over the newest 20,000 that the rest leaves. */
  readonly text?: string
  readonly group?: string
  readonly parentId?: string
  /** Inclusive. */
  readonly createdFrom?: Date | string | number
  /** Exclusive. */
  readonly createdTo?: Date | string | number
  /** 1–1,000. Default 100. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string | null
}

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

const FIND_KEYS = [
  'state',
  'queue',
  'type',
  'id',
  'tag',
  'text',
  'group',
  'parentId',
  'createdFrom',
  'createdTo',
  'limit',
  'cursor',
] as const

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

function readFilter(options: FindOptions): TaskFilter {
  checkKeys(options, FIND_KEYS, 'find')
  const text = (name: 'queue' | 'type' | 'tag' | 'group' | 'parentId') =>
    options[name] === undefined ? {} : { [name]: checkName(options[name], name) }
  return {
    ...readStates(options.state),
    ...text('queue'),
    ...text('type'),
    ...text('tag'),
    ...text('group'),
    ...text('parentId'),
    ...(options.text === undefined || options.text === '' ? {} : { text: checkName(options.text, 'text') }),
    ...(options.createdFrom === undefined
      ? {}
      : { createdFrom: readInstant(options.createdFrom, 'createdFrom') }),
    ...(options.createdTo === undefined ? {} : { createdTo: readInstant(options.createdTo, 'createdTo') }),
    limit: readLimit(options.limit, 100),
    cursor: options.cursor ?? null,
  }
}

function readStates(state: FindOptions['state']): { states?: readonly TaskState[] } {
  if (state === undefined) return {}
  const states = typeof state === 'string' ? [state] : state
  for (const one of states) {
    if (TASK_STATES.includes(one)) continue
    throw new WindlassError('invalid_option', `there is no state ${show(one)}${suggest(one, TASK_STATES)}`)
  }
  return states.length === 0 ? {} : { states }
}

function readLimit(limit: unknown, fallback: number): number {
  if (limit === undefined) return fallback
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1) return Math.min(limit, LIMITS.page)
  throw new WindlassError(
    'invalid_option',
    `limit is a whole number from 1 to ${LIMITS.page}, not ${show(limit)}`,
  )
}

function fitsFilter(task: TaskRecord, filter: TaskFilter): boolean {
  return (
    (filter.states === undefined || filter.states.includes(task.state)) &&
    (filter.queue === undefined || filter.queue === task.queue) &&
    (filter.type === undefined || filter.type === task.type) &&
    (filter.tag === undefined || task.tags.includes(filter.tag)) &&
    (filter.group === undefined || filter.group === task.group) &&
    (filter.parentId === undefined || filter.parentId === task.parentId) &&
    (filter.createdFrom === undefined || task.createdAt >= filter.createdFrom) &&
    (filter.createdTo === undefined || task.createdAt < filter.createdTo)
  )
}
