// What a worker can be told, and the settings that follow: every default resolved, every bound checked, once.
// Pure but for reading who this process is. Promises that what the parts get needs no further check.

import { hostname } from 'node:os'

import type { Clock } from '../base/clock.ts'
import { systemClock } from '../base/clock.ts'
import { silentLog, type Log } from '../base/log.ts'
import { Codecs } from '../core/codec.ts'
import { parseDuration, type Duration } from '../core/duration.ts'
import type { Engine, EngineOptions } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys } from '../core/keys.ts'
import { DEFAULTS, LIMITS } from '../core/limits.ts'
import type { Enqueuer } from '../core/new-task.ts'
import { createRedactor, type Redactor } from '../core/redact.ts'
import { checkName, type Middleware, type TaskType } from '../core/task-type.ts'
import type { TaskSource } from './isolation/messages.ts'
import type { Deafness } from './status.ts'

/** A queue, and how often it comes first beside the others. */
export interface WeightedQueue {
  readonly name: string
  readonly weight: number
}

/** What children can be given of this process. */
export interface IsolationSource {
  readonly source: TaskSource
  /** Task types that a child finds there. */
  readonly known: readonly string[]
  /** Why children cannot stand for this process after all; null: they can. */
  readonly lacks: string | null
}

export interface WorkerOptions {
  readonly engine: Engine
  /** Types without a handler are left to other workers. */
  readonly types: readonly TaskType[]
  /** Null: all queues as one lane. A bare name has the weight 1. */
  readonly queues?: readonly (string | WeightedQueue)[] | null
  /** Tasks that run at the same time. Default 10. */
  readonly concurrency?: number
  /** Default `<host>-<pid>`. A label, no identity. */
  readonly name?: string
  /** How long the session lives without a heartbeat, 1 s to 1 h. Default 30 s. */
  readonly lease?: Duration
  /** How long `stop` lets tasks end by themselves. Default 300 s. */
  readonly drain?: Duration
  /** From the abort signal to the hard end. Default 10 s. */
  readonly grace?: Duration
  /** How long handlers go on while the store is out of reach. Default 5 min. */
  readonly doubt?: Duration
  /** How long an engine call may take before its outcome is unknown; tells what counts as unclaimed. Default 5 s. */
  readonly callTimeout?: Duration
  /**
   * How long claims may go unanswered while heartbeats are answered, and how long a task of its queues may stay ready
   * while claims come back without it, before the worker counts as deaf: two leases at least. Default 60 s, or two
   * leases where that is more.
   */
  readonly deafAfter?: Duration
  /** Hears each time that the worker is deaf; what it does about it by itself is in the guide to workers. */
  readonly onDeaf?: (deafness: Deafness) => void
  readonly codecs?: Codecs
  /** Largest payload and result in bytes. */
  readonly payloadBytes?: number
  /** Paths whose values are replaced in log fields. */
  readonly redact?: readonly string[]
  readonly log?: Log
  readonly clock?: Clock
  /**
   * What becomes of a handler that outlives its deadline and the grace. `kill`: this process (its whole group, when it
   * leads one). `abandon` (default): the attempt is given up, its slot stays taken until the handler ends.
   */
  readonly hung?: 'kill' | 'abandon'
  /** Lets the heart beat on a thread of its own, and a deaf worker open the store anew. */
  readonly heart?: EngineOpening | null
  /** Watch the other workers of this host and report killed ones. Default true. */
  readonly neighbours?: boolean
  /** Finished tasks kept at most. */
  readonly keepCount?: number
  /** Bytes of payloads and results of finished tasks kept at most; null (default): no bound. */
  readonly keepBytes?: number | null
  /** Retry and retention of tasks that a handler enqueues, where their type says none. */
  readonly defaults?: NonNullable<Enqueuer['defaults']>
  /** Around every handler, the first one outermost. */
  readonly middleware?: readonly Middleware[]
  /** Where threads and processes find the task types; null (default): they cannot, so all types are `inline`. */
  readonly isolation?: IsolationSource | null
  /** 0 ≤ x < 1; for jitter. */
  readonly random?: () => number
}

/** How the engine's address is opened once more, also on another thread. */
export interface EngineOpening {
  /** Its `openEngine` is called. */
  readonly openModule: string
  /** What it takes beside the address. */
  readonly openWith?: Partial<EngineOptions>
}

/** The options, resolved. */
export interface WorkerSettings {
  readonly engine: Engine
  readonly types: ReadonlyMap<string, TaskType>
  /** Names of definitions that have no handler here. */
  readonly bare: readonly string[]
  readonly queues: readonly WeightedQueue[] | null
  readonly concurrency: number
  readonly name: string
  readonly lease: number
  readonly drain: number
  readonly grace: number
  readonly doubt: number
  readonly callTimeout: number
  readonly deafAfter: number
  readonly onDeaf: (deafness: Deafness) => void
  readonly codecs: Codecs
  readonly payloadBytes: number
  readonly redact: Redactor
  readonly redactPaths: readonly string[]
  readonly log: Log
  readonly clock: Clock
  readonly hung: 'kill' | 'abandon'
  readonly heart: EngineOpening | null
  readonly neighbours: boolean
  readonly keepCount: number
  readonly keepBytes: number | null
  readonly defaults: NonNullable<Enqueuer['defaults']> | null
  readonly middleware: readonly Middleware[]
  readonly isolation: IsolationSource | null
  readonly random: () => number
  /** Endings that may wait to be settled before nothing more is claimed. */
  readonly unsettledMost: number
}

const OPTION_KEYS = [
  'engine',
  'types',
  'queues',
  'concurrency',
  'name',
  'lease',
  'drain',
  'grace',
  'doubt',
  'callTimeout',
  'deafAfter',
  'onDeaf',
  'codecs',
  'payloadBytes',
  'redact',
  'log',
  'clock',
  'hung',
  'heart',
  'neighbours',
  'keepCount',
  'keepBytes',
  'defaults',
  'middleware',
  'isolation',
  'random',
] as const

/** Beyond every wait of a healthy worker: a claim is asked every 10 s, and one that hangs again after 6. */
const DEAF_AFTER = 60_000
const CONCURRENCY_MOST = 10_000
const WEIGHT_MOST = 1_000

/**
 * Resolves and checks the options of a worker.
 * @throws WindlassError for what is out of bounds, unknown, doubled or not supported
 */
export function readWorkerOptions(options: WorkerOptions): WorkerSettings {
  checkKeys(options, OPTION_KEYS, 'worker')
  const concurrency = readCount(options.concurrency ?? DEFAULTS.concurrency, 'concurrency', CONCURRENCY_MOST)
  const isolation = options.isolation ?? null
  const { types, bare } = readTypes(options.types, isolation)
  return {
    engine: options.engine,
    types,
    bare,
    queues: readQueues(options.queues ?? null),
    concurrency,
    name: checkName(options.name ?? `${hostname()}-${process.pid}`, 'worker name'),
    ...readTimes(options),
    onDeaf: options.onDeaf ?? (() => undefined),
    codecs: options.codecs ?? new Codecs(),
    payloadBytes: options.payloadBytes ?? LIMITS.payloadBytes,
    redact: createRedactor(options.redact ?? []),
    redactPaths: options.redact ?? [],
    log: options.log ?? silentLog,
    clock: options.clock ?? systemClock,
    // An engine that only this process can reach dies with it: nothing would be left to run the task again.
    hung: options.engine.address === null ? 'abandon' : (options.hung ?? 'abandon'),
    heart: options.engine.address === null ? null : (options.heart ?? null),
    neighbours: options.neighbours ?? true,
    keepCount: options.keepCount ?? DEFAULTS.keepCount,
    keepBytes: options.keepBytes ?? DEFAULTS.keepBytes,
    defaults: options.defaults ?? null,
    middleware: readMiddleware(options.middleware ?? []),
    isolation,
    random: options.random ?? Math.random,
    unsettledMost: Math.max(200, 2 * concurrency),
  }
}

function readTimes(options: WorkerOptions) {
  const lease = parseDuration(options.lease ?? DEFAULTS.lease, 'lease')
  if (lease < DEFAULTS.leaseMin || lease > DEFAULTS.leaseMax)
    throw new WindlassError('invalid_option', `lease is between 1 s and 1 h, not ${lease} ms`)
  const deafAfter = parseDuration(options.deafAfter ?? Math.max(DEAF_AFTER, 2 * lease), 'deafAfter')
  // It may end its session for that, and none that lives for less than a lease may tell who is dead (CONTRACT rule 6).
  if (deafAfter < 2 * lease)
    throw new WindlassError(
      'invalid_option',
      `deafAfter is two leases at least (${2 * lease} ms), not ${deafAfter} ms`,
    )
  return {
    lease,
    deafAfter,
    drain: parseDuration(options.drain ?? DEFAULTS.drain, 'drain'),
    grace: parseDuration(options.grace ?? DEFAULTS.grace, 'grace'),
    doubt: parseDuration(options.doubt ?? DEFAULTS.doubt, 'doubt'),
    callTimeout: parseDuration(options.callTimeout ?? DEFAULTS.callTimeout, 'callTimeout'),
  }
}

function readMiddleware(list: readonly Middleware[]): readonly Middleware[] {
  const all: unknown = list
  if (Array.isArray(all) && all.every((one) => typeof one === 'function')) return list
  throw new WindlassError('invalid_option', 'middleware is a list of functions (ctx, next)')
}

function readTypes(
  list: readonly TaskType[],
  isolation: IsolationSource | null,
): { types: Map<string, TaskType>; bare: string[] } {
  const types = new Map<string, TaskType>()
  const bare: string[] = []
  for (const type of list) {
    if (types.has(type.name) || bare.includes(type.name))
      throw new WindlassError(
        'duplicate_task_type',
        `the task type ${JSON.stringify(type.name)} is defined twice`,
      )
    if (type.run === null) bare.push(type.name)
    else types.set(type.name, checkIsolation(type, isolation))
  }
  if (types.size === 0 && bare.length > 0)
    throw new WindlassError(
      'no_handler',
      `no task type of this worker has a handler: ${bare.slice(0, 10).join(', ')}`,
    )
  return { types, bare }
}

/** A child imports the files that the config names: what is in no file cannot run there. */
function checkIsolation(type: TaskType, isolation: IsolationSource | null): TaskType {
  if (type.isolation === 'inline') return type
  const found = isolation?.known.includes(type.name) === true
  if (found && isolation?.lacks === null) return type
  const why = found ? isolation?.lacks : 'no file that the config names exports it'
  throw new WindlassError(
    'handler_unsupported',
    `task type ${type.name}: isolation ${JSON.stringify(type.isolation)} cannot be had: ${why ?? 'unknown'}`,
  )
}

function readQueues(list: readonly (string | WeightedQueue)[] | null): readonly WeightedQueue[] | null {
  if (list === null) return null
  if (list.length === 0)
    throw new WindlassError('invalid_option', 'queues names at least one queue, or is null for all')
  const queues = list.map((one) => (typeof one === 'string' ? { name: one, weight: 1 } : one))
  for (const { name, weight } of queues) {
    checkName(name, 'queue')
    readCount(weight, `weight of queue ${name}`, WEIGHT_MOST)
  }
  const names = new Set(queues.map(({ name }) => name))
  if (names.size < queues.length) throw new WindlassError('invalid_option', 'queues names a queue twice')
  return queues
}

function readCount(value: number, what: string, most: number): number {
  if (Number.isInteger(value) && value >= 1 && value <= most) return value
  throw new WindlassError('invalid_option', `${what} is a whole number from 1 to ${most}, not ${value}`)
}
