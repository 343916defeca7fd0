// The inside of a child: loads the task types as the worker did, then runs one task at a time as the worker would, with
// the same code for context, endings and middleware. What a handler reports, logs and enqueues goes to the worker; only
// what belongs into a transaction of the handler's goes to the store (own-store.ts). Threads, processes: its entries.

import { systemClock } from '../../base/clock.ts'
import { loadSettings } from '../../config/load.ts'
import { loadTasks } from '../../config/tasks.ts'
import { Codecs, type Codec } from '../../core/codec.ts'
import type { Ending } from '../../core/decide.ts'
import { WindlassError } from '../../core/errors.ts'
import type { NewTask } from '../../core/hot-verbs.ts'
import { keepError } from '../../core/kept-error.ts'
import { DEFAULTS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { createRedactor } from '../../core/redact.ts'
import type { Middleware, TaskType } from '../../core/task-type.ts'
import { Attempt } from '../attempt.ts'
import type { RunSettings } from '../context.ts'
import { executeInside } from '../execute.ts'
import { createEnqueue } from '../follow-ups.ts'
import { LoopWatch } from '../loop-watch.ts'
import { cleanUpAfter, runAttempt, type RunPorts } from '../run.ts'
import type { StallBoard } from '../stall-board.ts'
import type { ChildStart, FromChild, TaskSource, ToChild } from './messages.ts'
import { OwnStore } from './own-store.ts'
import { logTo } from './remote-log.ts'

/** Shortest time between two reports of progress and log lines. */
const SPACING = 100

export interface ChildPort {
  /** Where another thread says what blocks this one. */
  readonly stalls: StallBoard | null
  readonly send: (message: FromChild) => void
  readonly listen: (hear: (message: ToChild) => void) => void
}

/** Serves the worker until the thread or process ends. Never rejects. */
export async function serveTasks(start: ChildStart, port: ChildPort): Promise<void> {
  const heard: ToChild[] = []
  let child: Child | null = null
  port.listen((message) => (child === null ? heard.push(message) : child.hear(message)))
  try {
    const loaded = await load(start.source)
    child = new Child(start, port, loaded)
  } catch (error) {
    port.send({ kind: 'failed', message: keepError(error).message })
    return
  }
  port.send({ kind: 'ready' })
  for (const message of heard) child.hear(message)
}

interface Loaded {
  readonly types: ReadonlyMap<string, TaskType>
  readonly codecs: readonly Codec[]
  readonly middleware: readonly Middleware[]
}

async function load({ config, tasks, root }: TaskSource): Promise<Loaded> {
  if (config === null) return { types: await loadTasks(tasks, root), codecs: [], middleware: [] }
  const settings = await loadSettings({ config, cwd: root })
  const { codecs, middleware } = settings
  return { types: await loadTasks(settings.tasks, settings.root), codecs, middleware }
}

type Enqueued = Extract<ToChild, { kind: 'enqueued' }>

class Child {
  readonly #port: ChildPort
  readonly #grace: number
  readonly #types: ReadonlyMap<string, TaskType>
  readonly #run: RunPorts
  readonly #store: OwnStore | null
  readonly #calls = new Map<number, (answer: Enqueued) => void>()
  #callCount = 0
  #attempt: Attempt | null = null
  #reportedAt = Number.NEGATIVE_INFINITY
  #report: (() => void) | null = null

  constructor(start: ChildStart, port: ChildPort, { types, codecs, middleware }: Loaded) {
    this.#port = port
    this.#grace = start.grace
    this.#types = types
    this.#store = start.address === null ? null : new OwnStore(start.address)
    const settings: RunSettings = {
      clock: systemClock,
      log: logTo((message) => port.send(message)),
      redact: createRedactor(start.redact),
      types,
      codecs: new Codecs(codecs),
      payloadBytes: start.payloadBytes,
      defaults: start.defaults,
      engine: {
        enqueue: (tasks, options) => this.#enqueue(tasks, options),
        ...(this.#store === null ? {} : { settle: completer(this.#store, port) }),
      },
    }
    const watch = new LoopWatch(systemClock, (words) => this.#attempt?.warn(words), port.stalls)
    watch.start()
    this.#run = {
      execute: executeInside(middleware),
      context: { settings, enqueue: createEnqueue(settings), touch: () => this.#touch() },
      standstill: () => watch.words,
      cleaning: (attempt) => this.#ended(attempt, attempt.pending, false),
      done: (attempt, ending) => this.#ended(attempt, ending, true),
    }
  }

  hear(message: ToChild): void {
    switch (message.kind) {
      case 'run':
        return this.#begin(message.task, message.age)
      case 'tell':
        return this.#tell(message)
      case 'enqueued':
        this.#calls.get(message.call)?.(message)
        this.#calls.delete(message.call)
    }
  }

  #begin(task: TaskRecord, age: number): void {
    const now = systemClock.mono()
    const attempt = new Attempt(task, task.session ?? '', now - age)
    const type = this.#types.get(task.type)
    this.#attempt = attempt
    this.#reportedAt = Number.NEGATIVE_INFINITY
    attempt.stage = 'running'
    attempt.startedAt = now
    // For programs that the handler starts: they inherit it.
    process.env['WINDLASS_TASK_ID'] = task.id
    process.env['WINDLASS_ATTEMPT'] = String(task.attempt)
    process.env['WINDLASS_CLAIM'] = attempt.claim
    this.#port.send({ kind: 'begun' })
    if (type === undefined || type.run === null)
      return this.#ended(
        attempt,
        { kind: 'released', reason: 'unknown_type', delay: DEFAULTS.unknownTypeDelay },
        true,
      )
    runAttempt(attempt, type, this.#run)
  }

  #tell({ why, code, message }: Extract<ToChild, { kind: 'tell' }>): void {
    const attempt = this.#attempt
    if (attempt === null || attempt.stage !== 'running') return
    attempt.stop = null
    attempt.tell(why, new WindlassError(code, message))
    // The worker kills at the end of the grace: what the handler registered gets the last part of it.
    systemClock.timer(this.#grace - Math.min(1_000, this.#grace / 4), () => {
      if (attempt.stage === 'running' && attempt.pending === null) void cleanUpAfter(attempt)
    })
  }

  #ended(attempt: Attempt, ending: Ending | null, over: boolean): void {
    if (over) {
      attempt.stage = 'ended'
      this.#attempt = null
      this.#report?.()
      this.#report = null
    }
    this.#flush(attempt)
    this.#port.send({ kind: 'ended', ending, followUps: attempt.followUps ?? [], over })
  }

  #touch(): void {
    if (this.#report !== null) return
    const wait = this.#reportedAt + SPACING - systemClock.mono()
    // The first one at once: a handler that goes on to block or to crash has told it.
    if (wait <= 0) return this.#flush(this.#attempt)
    this.#report = systemClock.timer(wait, () => {
      this.#report = null
      this.#flush(this.#attempt)
    })
  }

  #flush(attempt: Attempt | null): void {
    const notes = attempt?.noted ?? null
    if (notes === null || !notes.dirty) return
    this.#reportedAt = systemClock.mono()
    this.#port.send({ kind: 'notes', ...notes.take() })
  }

  async #enqueue(
    tasks: readonly NewTask[],
    options: { readonly tx?: object; readonly notify?: boolean } = {},
  ): ReturnType<RunSettings['engine']['enqueue']> {
    if (options.tx !== undefined) {
      if (this.#store !== null) return this.#store.enqueue(tasks, options)
      throw new WindlassError('refused', 'a transaction cannot be shared with another thread or process')
    }
    return Promise.all(
      tasks.map(async (task) => {
        const call = ++this.#callCount
        const { reply, failure } = await new Promise<Enqueued>((resolve) => {
          this.#calls.set(call, resolve)
          this.#port.send({ kind: 'enqueue', call, task })
        })
        if (failure !== null) throw new WindlassError(failure.code, failure.message, failure)
        if (reply === null) throw new WindlassError('internal', 'an enqueue was not answered')
        return reply
      }),
    )
  }
}

/** Settles within the handler's transaction, and tells the worker that it may be committed from now on. */
function completer(store: OwnStore, { send }: ChildPort): NonNullable<RunSettings['engine']['settle']> {
  return async (settlements, options) => {
    const replies = await store.settle(settlements, options)
    if (replies.some(({ status }) => status !== 'lost')) send({ kind: 'completed' })
    return replies
  }
}
