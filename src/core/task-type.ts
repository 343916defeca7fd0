// Task types: what defineTask takes and gives, and what a handler sees. Types flow from here to every caller.
// The definition is checked once, when it is made; nothing here runs a task.

import { parseBytes, type ByteSize } from './byte-size.ts'
import { parseDuration, show, type Duration } from './duration.ts'
import type { CallerTransaction } from './engine.ts'
import { WindlassError } from './errors.ts'
import type { EnqueueOptions } from './enqueue-options.ts'
import { checkKeys } from './keys.ts'
import { DEFAULTS, LIMITS } from './limits.ts'
import type { KeptError, Keep, Reason, RetryPolicy } from './record.ts'
import { readRetry, type RetryOption } from './retry.ts'
import type { InputOf, OutputOf, StandardSchema } from './standard-schema.ts'

/** Writes log lines that are kept with the task (bounded, see LIMITS) and go to the worker's log. Needs no `this`. */
export interface TaskLog {
  readonly debug: (message: string, fields?: object) => void
  readonly info: (message: string, fields?: object) => void
  readonly warn: (message: string, fields?: object) => void
  readonly error: (message: string, fields?: object) => void
}

/** What a handler is given beside its payload. Its functions need no `this`: they may be taken out of it. */
export interface TaskContext<P = unknown> {
  /** Stable over all attempts: a good idempotency key. */
  readonly id: string
  readonly type: string
  readonly queue: string
  /** Rises with every run: a good fence for outside systems. */
  readonly attempt: number
  /** The token of this attempt. */
  readonly claim: string
  /** Failures so far, this run not counted; crashes and losses likewise. */
  readonly failures: number
  readonly payload: P
  readonly meta: unknown
  readonly tags: readonly string[]
  /** Aborts on timeout, cancel, lost lease and shutdown; its reason says which (a WindlassError). */
  readonly signal: AbortSignal
  readonly log: TaskLog
  /** At most one write a second reaches the store; the last one always does. Percent is bounded to 0–100. */
  readonly progress: (percent: number, message?: string) => void
  /** Enqueues with this task's success, in the same atomic unit; with `now: true` at once. Answers the id. */
  readonly enqueue: <I>(
    type: TaskType<I> | string,
    input: NoInfer<I>,
    options?: EnqueueOptions & { now?: boolean },
  ) => Promise<string>
  /**
   * Completes the task inside a transaction of the caller's own driver, together with what it enqueued: it has
   * succeeded if and only if the caller commits. Return after the commit; what is returned is not taken then.
   */
  readonly complete: (result: unknown, options: { readonly tx: CallerTransaction }) => Promise<void>
  /** Ends the attempt as failed. It is never returned from. */
  readonly fail: (reason: string, options?: { retry?: boolean; after?: Duration }) => never
  /** Runs when the attempt ended, however it did; the last one registered runs first. */
  readonly onCleanup: (run: () => void | Promise<void>) => void
}

/** Where a handler runs: beside the others, on a thread of its own, or in a process of its own. */
export type Isolation = 'inline' | 'thread' | 'process'

/** Around every handler, in order: does something, calls `next` once, does something more, gives its answer on. */
export type Middleware = (context: TaskContext, next: () => Promise<unknown>) => unknown

/** A task that is dead, as `onDead` is told of it. */
export interface DeadTask<P = unknown> {
  readonly id: string
  readonly type: string
  readonly queue: string
  readonly attempt: number
  /** As it was enqueued, before any schema. */
  readonly payload: P
  readonly meta: unknown
  readonly tags: readonly string[]
  readonly reason: Reason | null
  readonly failures: number
  readonly crashes: number
  readonly losses: number
}

/** What `onDead` may use. What it enqueues is enqueued at once. */
export type DeadContext = Pick<TaskContext, 'log' | 'signal' | 'enqueue'>

/** Answers the wait before the next run, or false for no retry. Runs in the worker. */
export type RetryFunction = (error: unknown, failures: number) => Duration | boolean

/** What every definition may say; the enqueue options override queue, priority, retry, timeout and keep. */
export interface TaskTypeOptions {
  /** Default `default`. */
  readonly queue?: string
  /** 0–10, larger runs first. Default 0. */
  readonly priority?: number
  /** Longest run of an attempt; `false`: none. Default 15 min. */
  readonly timeout?: Duration | false
  /** Default: the config's `retry`, else 3 retries, 60 s apart. A function decides in the worker, within `retries` of the default. */
  readonly retry?: RetryOption | RetryFunction
  /** How long finished tasks are kept. Default: the config's `retention`, else 24 h and 30 d. */
  readonly keep?: { readonly succeeded?: Duration; readonly dead?: Duration }
  /** Default `inline`. */
  readonly isolation?: Isolation
  /** Most memory of a thread (its heap) or a process (all of it): `256mb`, or bytes. Default: no limit of its own. */
  readonly memory?: ByteSize
  /** Tasks after which a thread or process is replaced by a fresh one. Default: never. */
  readonly recycle?: number
  /** Makes a payload of an older version one of today's, before the schema sees it. */
  readonly upgrade?: (payload: never, fromVersion: number) => unknown
  /** Version of the payload's shape, stored with each task. Default 1. */
  readonly version?: number
}

/**
 * A task type. `I` is what callers pass, `O` what `result()` gives, `P` what the handler gets after the schema.
 * The type parameters are carried by `~types`, which has no value.
 */
export interface TaskType<I = unknown, O = unknown, P = I> {
  readonly name: string
  readonly queue: string
  readonly priority: number
  readonly timeout: number | null
  /** Null: it says none, so the default of the system that enqueues holds (`DEFAULT_RETRY`, or the config's). */
  readonly retry: RetryPolicy | null
  readonly retryFunction: RetryFunction | null
  /** What it says; the rest is the default of the system that enqueues. */
  readonly keep: Partial<Keep>
  readonly isolation: Isolation
  /** Bytes; null: no limit of its own. */
  readonly memory: number | null
  /** Null: never. */
  readonly recycle: number | null
  readonly version: number
  readonly upgrade: ((payload: never, fromVersion: number) => unknown) | null
  readonly onDead: OnDead<never> | null
  readonly input: StandardSchema | null
  /** Null: a definition only; `implement` adds the handler. */
  readonly run: ((payload: never, context: TaskContext<never>) => unknown) | null
  readonly '~types'?: { readonly input: I; readonly output: O; readonly payload: P }
}

type Named = { readonly name: string }
type Handler<P, O> = (payload: P, context: TaskContext<P>) => O | Promise<O>
/** Told once a task is dead, at least once, by a worker that knows the type; its own failure is only logged. */
type OnDead<I> = (task: DeadTask<I>, error: KeptError | null, context: DeadContext) => void | Promise<void>
type WhenDead<I> = { readonly onDead?: OnDead<I> }

/** Names a task type with a schema and a handler: types come from the schema and the handler's answer. */
export function defineTask<S extends StandardSchema, O>(
  options: TaskTypeOptions &
    Named &
    WhenDead<InputOf<S>> & { readonly input: S; readonly run: Handler<OutputOf<S>, O> },
): TaskType<InputOf<S>, O, OutputOf<S>>
/** A definition with a schema and no handler: safe to import where no work is done. */
export function defineTask<S extends StandardSchema, O = unknown>(
  options: TaskTypeOptions & Named & WhenDead<InputOf<S>> & { readonly input: S },
): TaskType<InputOf<S>, O, OutputOf<S>>
/** Without a schema: types come from the handler. */
export function defineTask<P, O>(
  options: TaskTypeOptions & Named & WhenDead<P> & { readonly run: Handler<P, O> },
): TaskType<P, O, P>
/** A bare definition. */
export function defineTask<P = unknown, O = unknown>(
  options: TaskTypeOptions & Named & WhenDead<P>,
): TaskType<P, O, P>
export function defineTask(
  options: TaskTypeOptions &
    Named &
    WhenDead<never> & { input?: StandardSchema; run?: Handler<never, unknown> },
): TaskType {
  checkKeys(options, OPTION_KEYS, `task type ${show((options as Named | null)?.name)}`)
  const name = checkName(options.name, 'task type')
  const retry = options.retry
  const type: TaskType = {
    name,
    queue: checkName(options.queue ?? DEFAULTS.queue, 'queue'),
    priority: checkPriority(options.priority ?? DEFAULTS.priority),
    timeout: readTimeout(options.timeout, DEFAULTS.timeout),
    retry: retry === undefined || typeof retry === 'function' ? null : readRetry(retry),
    retryFunction: typeof retry === 'function' ? retry : null,
    keep: readKeep(options.keep),
    ...readIsolation(options, name),
    version: checkVersion(options.version ?? 1),
    upgrade: options.upgrade === undefined ? null : checkHandler(options.upgrade, name, 'upgrade'),
    onDead: options.onDead === undefined ? null : checkHandler(options.onDead, name, 'onDead'),
    input: checkSchema(options.input ?? null, name),
    run: options.run === undefined ? null : checkHandler(options.run, name),
  }
  return Object.freeze(type)
}

/** The same type with a handler: the definition can live where web code imports it, the handler elsewhere. */
export function implement<I, O, P>(type: TaskType<I, O, P>, run: Handler<P, O>): TaskType<I, O, P> {
  return Object.freeze({ ...type, run: checkHandler(run, type.name) })
}

function checkHandler<H>(run: H, name: string, what = 'run'): H {
  if (typeof run === 'function') return run
  throw new WindlassError('invalid_option', `task type ${name}: ${what} is a function, not ${show(run)}`)
}

/** Less than this, and Node itself does not start: a thread counts its heap only, a process all it has. */
const MEMORY_LEAST = { thread: 16 * 1024 ** 2, process: 96 * 1024 ** 2 }

function readIsolation(
  { isolation = 'inline', memory, recycle }: TaskTypeOptions,
  name: string,
): Pick<TaskType, 'isolation' | 'memory' | 'recycle'> {
  const refuse = (words: string): WindlassError =>
    new WindlassError('invalid_option', `task type ${name}: ${words}`)
  if (!['inline', 'thread', 'process'].includes(isolation))
    throw refuse(`isolation is inline, thread or process, not ${show(isolation)}`)
  if (recycle !== undefined && !(Number.isInteger(recycle) && recycle >= 1))
    throw refuse(`recycle is a whole number from 1, not ${show(recycle)}`)
  const bytes = memory === undefined ? null : parseBytes(memory, 'memory')
  if (isolation === 'inline') {
    if (bytes === null && recycle === undefined) return { isolation, memory: null, recycle: null }
    throw refuse('memory and recycle need isolation `thread` or `process`')
  }
  const least = MEMORY_LEAST[isolation]
  if (bytes !== null && bytes < least)
    throw refuse(`memory of a ${isolation} is at least ${least / 1024 ** 2}mb, not ${show(memory)}`)
  return { isolation, memory: bytes, recycle: recycle ?? null }
}

/** What a signed 32-bit column can hold. */
function checkVersion(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 1 && value < 2 ** 31) return value
  throw new WindlassError('invalid_option', `version is a whole number from 1, not ${show(value)}`)
}

const OPTION_KEYS = [
  'name',
  'queue',
  'priority',
  'timeout',
  'retry',
  'keep',
  'isolation',
  'memory',
  'recycle',
  'version',
  'upgrade',
  'onDead',
  'input',
  'run',
] as const

/**
 * Ids, keys, queue names, type names and tags: 1 to 128 bytes of UTF-8, no control characters, no half of a surrogate
 * pair. Case, accents and spaces count; nothing is trimmed.
 * @param what what it is, for the message
 * @throws WindlassError `invalid_option`
 */
export function checkName(value: unknown, what: string): string {
  if (typeof value !== 'string' || value === '')
    throw new WindlassError('invalid_option', `${what} is a text that is not empty`)
  const bytes = Buffer.byteLength(value)
  if (bytes > LIMITS.keyBytes) {
    throw new WindlassError(
      'invalid_option',
      `${what} is ${bytes} bytes long, the limit is ${LIMITS.keyBytes}`,
    )
  }
  if (/\p{Cc}|\p{Cs}/u.test(value)) {
    throw new WindlassError('invalid_option', `${what} has a control character or half a surrogate pair`)
  }
  return value
}

/**
 * A whole number from 0 to 10.
 * @throws WindlassError `invalid_option`
 */
export function checkPriority(value: unknown): number {
  const { priorityMin, priorityMax } = LIMITS
  if (typeof value === 'number' && Number.isInteger(value) && value >= priorityMin && value <= priorityMax)
    return value + 0 // not −0
  throw new WindlassError(
    'invalid_option',
    `priority is a whole number from ${priorityMin} to ${priorityMax}, not ${show(value)}`,
  )
}

/**
 * The timeout in ms: false or null is "no timeout", undefined the fallback.
 * @throws WindlassError `invalid_option` for 0, `invalid_duration`
 */
export function readTimeout(value: unknown, fallback: number | null, bareUnit: 1 | 1_000 = 1): number | null {
  if (value === undefined) return fallback
  if (value === false || value === null) return null
  const ms = parseDuration(value, 'timeout', bareUnit)
  if (ms === 0) throw new WindlassError('invalid_option', 'timeout is longer than 0; for none, say false')
  return ms
}

/**
 * How long finished tasks are kept: only what was said, in ms.
 * @throws WindlassError `invalid_option`, `unknown_option`, `invalid_duration`
 */
export function readKeep(value: unknown, bareUnit: 1 | 1_000 = 1): Partial<Keep> {
  if (value === undefined || value === null) return {}
  if (typeof value !== 'object') throw new WindlassError('invalid_option', 'keep is { succeeded, dead }')
  checkKeys(value, ['succeeded', 'dead'], 'keep')
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, time]) => time !== undefined)
      .map(([state, time]) => [state, parseDuration(time, `keep.${state}`, bareUnit)]),
  )
}

function checkSchema(schema: StandardSchema | null, name: string): StandardSchema | null {
  if (schema === null) return null
  const known: unknown =
    typeof schema === 'object' || typeof schema === 'function' ? schema['~standard'] : null
  if (
    typeof known === 'object' &&
    known !== null &&
    'validate' in known &&
    typeof known.validate === 'function'
  )
    return schema
  throw new WindlassError(
    'invalid_option',
    `task type ${name}: input is no Standard Schema (zod, valibot, arktype, …)`,
  )
}
