// The producing side: enqueue and enqueueMany, typed from the task type to the result. Every call is checked whole
// before anything is sent; sending, repeating and micro-batching are the sender's, waiting is the waiter's.
// Owns no engine: it opens one through its ground and leaves closing to the front door.

import { systemClock, type Clock } from '../base/clock.ts'
import { checkInput } from '../core/check-input.ts'
import { show } from '../core/duration.ts'
import type { CallerTransaction, Engine } from '../core/engine.ts'
import type { EnqueueOptions } from '../core/enqueue-options.ts'
import { WindlassError } from '../core/errors.ts'
import type { EnqueueReply, NewTask } from '../core/hot-verbs.ts'
import { checkJsonText, PAYLOAD_CODES, toJsonText } from '../core/json.ts'
import { nearest, suggest } from '../core/keys.ts'
import { buildTask, type Enqueuer } from '../core/new-task.ts'
import { createRedactor } from '../core/redact.ts'
import type { DeclaredSchedule } from '../core/schedule-put.ts'
import type { TaskType } from '../core/task-type.ts'
import { Handles, type TaskHandle } from './handle.ts'
import { JsonText } from './json-text.ts'
import { listWorkers, QueueOperator, type QueueJson, type WorkerJson } from './queues.ts'
import { defineDeclared, type Declaration } from './declared-schedules.ts'
import type { Ground } from './repeat.ts'
import { ScheduleOperator } from './schedules.ts'
import { Sender } from './sender.ts'
import { TaskOperator } from './tasks.ts'
import { Waiter } from './waiter.ts'

/** What a caller may say when enqueueing. */
export interface CallOptions extends EnqueueOptions {
  /** Accept a name that no task type has here. */
  readonly untyped?: boolean
}

/** Options of one of many: an object for all, or a function of input and index (for ids and unique keys). */
export type ManyOptions<I> = CallOptions | ((input: I, index: number) => CallOptions)

/** The input may be left out where the type accepts undefined. */
export type EnqueueArguments<I> = undefined extends I
  ? [input?: I, options?: CallOptions]
  : [input: I, options?: CallOptions]

export interface ClientOptions {
  /** Opens the engine at the first call. */
  readonly engine: () => Promise<Engine>
  /** The known task types, for calls by name; loaded at the first of them. */
  readonly types: () => Promise<ReadonlyMap<string, TaskType>>
  readonly enqueuer: Omit<Enqueuer, 'parent'>
  /** Paths that are shown as `[redacted]`. */
  readonly redact: readonly string[]
  /** How long a call is repeated, in ms. */
  readonly deadline: number
  readonly clock?: Clock
  /** 0 ≤ x < 1; for jitter. */
  readonly random?: () => number
}

export class Client {
  readonly tasks: TaskOperator
  readonly queues: QueueOperator
  readonly schedules: ScheduleOperator
  readonly #options: ClientOptions
  readonly #ground: Ground
  readonly #sender: Sender
  readonly #waiter: Waiter
  readonly #handles: Handles
  readonly #enqueuer: Enqueuer

  constructor(options: ClientOptions) {
    const { engine, deadline, clock = systemClock, random = Math.random } = options
    const { codecs } = options.enqueuer
    this.#options = options
    this.#ground = { engine, deadline, clock, random }
    this.#enqueuer = { ...options.enqueuer, parent: null }
    this.#sender = new Sender(this.#ground)
    this.#waiter = new Waiter(this.#ground)
    const lens = { codecs, redact: createRedactor(options.redact) }
    this.tasks = new TaskOperator(this.#ground, this.#waiter, lens)
    this.queues = new QueueOperator(this.#ground)
    this.schedules = new ScheduleOperator(this.#ground, {
      lens,
      enqueuer: this.#enqueuer,
      find: (task, untyped) => this.#find(task, untyped),
    })
    this.#handles = new Handles(this.#waiter, this.tasks, codecs)
  }

  /**
   * Enqueues one task. Acknowledged means: it runs at least once and reaches one final state.
   * @param type a definition, or the name of one
   * @throws WindlassError `invalid_payload`, `invalid_option`, `unknown_option`, `unknown_task_type`, `id_conflict`;
   *   for failures of the engine its code, with `applied` and the id in `detail.task_id`
   */
  async enqueue<I, O, P>(type: TaskType<I, O, P>, ...rest: EnqueueArguments<I>): Promise<TaskHandle<O>>
  async enqueue(type: string, input?: unknown, options?: CallOptions): Promise<TaskHandle>
  async enqueue(type: TaskType | string, input?: unknown, options: CallOptions = {}): Promise<TaskHandle> {
    const task = await this.#build(await this.#find(type, options.untyped), input, options)
    const { tx, notify } = options
    const reply =
      tx === undefined
        ? await this.#sender.send(task)
        : (await this.#sender.sendWithin({ tx, notify: notify ?? false }, [task]))[0]
    return this.#answer(task, reply, tx)
  }

  /**
   * Enqueues one task for each input, in order, in bounded chunks. All are checked before anything is sent.
   * @param options for all of them, or a function of input and index
   * @returns handles aligned with the inputs
   * @throws WindlassError as enqueue, with the position in `detail.index`; when sending failed, `detail.done` says how
   *   many are in the store
   */
  async enqueueMany<I, O, P>(
    type: TaskType<I, O, P>,
    inputs: readonly NoInfer<I>[],
    options?: ManyOptions<NoInfer<I>>,
  ): Promise<TaskHandle<O>[]>
  async enqueueMany(
    type: string,
    inputs: readonly unknown[],
    options?: ManyOptions<unknown>,
  ): Promise<TaskHandle[]>
  async enqueueMany(
    type: TaskType | string,
    inputs: readonly unknown[],
    options: ManyOptions<never> = {},
  ): Promise<TaskHandle[]> {
    if (!Array.isArray(inputs))
      throw new WindlassError('invalid_option', `inputs is a list, not ${show(inputs)}`)
    if (inputs.length === 0) return []
    const tasks: NewTask[] = []
    const txs = new Set<CallerTransaction | undefined>()
    let notify = false
    const untyped = typeof options === 'function' ? undefined : options.untyped
    const definition = await this.#find(type, untyped)
    for (const [index, input] of inputs.entries()) {
      const own = optionsOf(options, input, index, inputs.length)
      txs.add(own.tx)
      notify ||= own.notify ?? false
      tasks.push(await this.#build(definition, input, own).catch((error: unknown) => atIndex(error, index)))
    }
    if (txs.size > 1) throw new WindlassError('invalid_option', 'enqueueMany takes one tx for all')
    const tx = [...txs][0]
    if (tx === undefined) return this.#sendMany(tasks)
    const replies = await this.#sender.sendWithin({ tx, notify }, tasks)
    return tasks.map((task, i) => this.#answer(task, replies[i], tx))
  }

  /**
   * The schedules that a config declares, ready to be put.
   * @throws WindlassError `config_invalid` that names the schedule
   */
  defineSchedules(declared: readonly Declaration[]): Promise<DeclaredSchedule[]> {
    return defineDeclared(declared, this.#enqueuer, (task) => this.#find(task, undefined))
  }

  /** Every queue with its numbers. */
  stats(): Promise<readonly QueueJson[]> {
    return this.queues.list()
  }

  /** Live workers, each with the tasks it runs. */
  workers(): Promise<readonly WorkerJson[]> {
    return listWorkers(this.#ground)
  }

  /** Waits until every enqueue under way is answered; then rejects whoever waits for a result. */
  async close(): Promise<void> {
    await this.#sender.drained()
    await this.#waiter.close(new WindlassError('engine_closed', 'the client was closed'))
  }

  async #find(type: TaskType | string, untyped: boolean | undefined): Promise<TaskType | string> {
    if (typeof type === 'object' && 'name' in type && 'retryFunction' in type) return type
    if (typeof type !== 'string')
      throw new WindlassError(
        'invalid_option',
        `enqueue takes a task type or the name of one, not ${show(type)}`,
      )
    const known = await this.#options.types()
    const found = known.get(type)
    if (found !== undefined) return found
    if (untyped === true || known.size === 0) return type
    const names = [...known.keys()]
    throw new WindlassError(
      'unknown_task_type',
      `there is no task type ${show(type)}${suggest(type, names)}`,
      {
        detail: { type, nearest: nearest(type, names) },
      },
    )
  }

  async #build(type: TaskType | string, input: unknown, options: CallOptions): Promise<NewTask> {
    const { untyped: _, ...rest } = options
    const { payloadBytes } = this.#enqueuer
    const given = input instanceof JsonText ? input.text : null
    if (given !== null) checkJsonText(given, 'payload', PAYLOAD_CODES, payloadBytes)
    else if (typeof type === 'string' || type.input === null)
      return buildTask(type, { value: input }, rest, this.#enqueuer)
    // The schema sees what a worker will see: the value that JSON carries.
    const text = given ?? toJsonText(input, 'payload', PAYLOAD_CODES, payloadBytes)
    if (typeof type !== 'string') await checkInput(type, text)
    return buildTask(type, { text }, rest, this.#enqueuer)
  }

  async #sendMany(tasks: readonly NewTask[]): Promise<TaskHandle[]> {
    const settled = await this.#sender.sendMany(tasks)
    const done = settled.filter(
      (one) => one.status === 'fulfilled' && one.value.outcome !== 'conflict',
    ).length
    return settled.map((one, index) => {
      const task = tasks[index]
      try {
        if (one.status === 'rejected') throw one.reason
        return this.#answer(task, one.value, undefined)
      } catch (error) {
        return atIndex(error, index, { done })
      }
    })
  }

  #answer<O>(
    task: NewTask | undefined,
    reply: EnqueueReply | undefined,
    tx: CallerTransaction | undefined,
  ): TaskHandle<O> {
    if (task === undefined || reply === undefined)
      throw new WindlassError('internal', 'the engine gave no answer to an enqueue')
    if (reply.outcome !== 'conflict') return this.#handles.make(reply, tx !== undefined)
    throw new WindlassError('id_conflict', `the id ${task.id} belongs to a task with other content`, {
      applied: 'no',
      detail: { task_id: task.id, state: reply.state },
    })
  }
}

function optionsOf(options: ManyOptions<never>, input: unknown, index: number, count: number): CallOptions {
  if (typeof options === 'function') return options(input as never, index)
  if (count > 1 && (options.id !== undefined || options.unique !== undefined)) {
    throw new WindlassError('invalid_option', 'one id or unique key cannot serve many tasks', {
      hint: 'Pass a function: enqueueMany(type, inputs, (input, index) => ({ id: … })).',
    })
  }
  return options
}

/** The same error, with the position of the input that caused it. */
function atIndex(error: unknown, index: number, detail: Readonly<Record<string, unknown>> = {}): never {
  if (!(error instanceof WindlassError)) throw error
  throw new WindlassError(error.code, `input ${index}: ${error.message}`, {
    cause: error,
    hint: error.hint,
    applied: error.applied,
    detail: { ...error.detail, index, ...detail },
  })
}
