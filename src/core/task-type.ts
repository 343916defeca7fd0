// Task types: what defineTask takes and gives, and what a handler sees. Types flow from here to every caller.
// The definition is checked once, when it is made; nothing here runs a task.

import { parseDuration, show, type Duration } from './duration.ts'
import { WindlassError } from './errors.ts'
import type { EnqueueOptions } from './enqueue-options.ts'
import { checkKeys } from './keys.ts'
import { DEFAULTS, LIMITS } from './limits.ts'
import type { Keep, RetryPolicy } from './record.ts'
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
  /** Ends the attempt as failed. It is never returned from. */
  readonly fail: (reason: string, options?: { retry?: boolean; after?: Duration }) => never
  /** Runs when the attempt ended, however it did; the last one registered runs first. */
  readonly onCleanup: (run: () => void | Promise<void>) => void
}

export type Isolation = 'inline' | 'thread' | 'process'

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
  readonly version: number
  readonly input: StandardSchema | null
  /** Null: a definition only; `implement` adds the handler. */
  readonly run: ((payload: never, context: TaskContext<never>) => unknown) | null
  readonly '~types'?: { readonly input: I; readonly output: O; readonly payload: P }
}

type Named = { readonly name: string }
type Handler<P, O> = (payload: P, context: TaskContext<P>) => O | Promise<O>

/** Names a task type with a schema and a handler: types come from the schema and the handler's answer. */
export function defineTask<S extends StandardSchema, O>(
  options: TaskTypeOptions & Named & { readonly input: S; readonly run: Handler<OutputOf<S>, O> },
): TaskType<InputOf<S>, O, OutputOf<S>>
/** A definition with a schema and no handler: safe to import where no work is done. */
export function defineTask<S extends StandardSchema, O = unknown>(
  options: TaskTypeOptions & Named & { readonly input: S },
): TaskType<InputOf<S>, O, OutputOf<S>>
/** Without a schema: types come from the handler. */
export function defineTask<P, O>(
  options: TaskTypeOptions & Named & { readonly run: Handler<P, O> },
): TaskType<P, O, P>
/** A bare definition. */
export function defineTask<P = unknown, O = unknown>(options: TaskTypeOptions & Named): TaskType<P, O, P>
export function defineTask(
  options: TaskTypeOptions & Named & { input?: StandardSchema; run?: Handler<never, unknown> },
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
    isolation: options.isolation ?? 'inline',
    version: checkVersion(options.version ?? 1),
    input: checkSchema(options.input ?? null, name),
    run: options.run === undefined ? null : checkHandler(options.run, name),
  }
  if (!['inline', 'thread', 'process'].includes(type.isolation)) {
    throw new WindlassError(
      'invalid_option',
      `isolation is inline, thread or process, not ${show(type.isolation)}`,
    )
  }
  return Object.freeze(type)
}

/** The same type with a handler: the definition can live where web code imports it, the handler elsewhere. */
export function implement<I, O, P>(type: TaskType<I, O, P>, run: Handler<P, O>): TaskType<I, O, P> {
  return Object.freeze({ ...type, run: checkHandler(run, type.name) })
}

function checkHandler<H>(run: H, name: string): H {
  if (typeof run === 'function') return run
  throw new WindlassError('invalid_option', `task type ${name}: run is a function, not ${show(run)}`)
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
  'version',
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
