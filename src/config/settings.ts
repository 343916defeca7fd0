// From the layers to the settings that the program runs with: every value checked, its origin known, secrets masked
// where they are shown. One table of fields says the names in the config, the environment and the seeds' programs.
// Reads no file and imports no task code: that is load.ts and tasks.ts.

import type { LogLevel } from '../base/log.ts'
import type { Codec } from '../core/codec.ts'
import { show } from '../core/duration.ts'
import type { PoolOptions } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys } from '../core/keys.ts'
import { DEFAULTS, LIMITS } from '../core/limits.ts'
import type { Keep, RetryPolicy } from '../core/record.ts'
import { DEFAULT_RETRY, readRetry } from '../core/retry.ts'
import type { Middleware, TaskType } from '../core/task-type.ts'
import { pickTarget, readAlerts, readUpkeep, type AlertSettings } from './alerts.ts'
import { readCodecs, readDefaultTask, readMiddleware, readTasks } from './code-parts.ts'
import { chooseEngine, type EngineChoice } from './engine-url.ts'
import {
  environmentLayer,
  flagLayer,
  objectLayer,
  Picker,
  type Field,
  type Layer,
  type Origin,
} from './origin.ts'
import {
  readBoolean,
  readBytes,
  readDuration,
  readDurations,
  readLevel,
  readList,
  readQueues,
  readSecrets,
  readText,
  readWhole,
  type QueueShare,
} from './readers.ts'
import { readSchedules, type DeclaredOptions } from './schedules.ts'
import { CONFIG_KEYS, RECYCLE_KEYS, SEED_SECTIONS, type Config } from './shape.ts'

/** Everything that is configured, with every default filled in. Times are milliseconds. */
export interface Settings {
  /** The config file; null: none, or an object that was passed in. */
  readonly file: string | null
  /** Folder that relative paths start from. */
  readonly root: string
  readonly engine: EngineChoice
  /** Connections of this process to a server. */
  readonly pool: PoolOptions
  readonly migrate: boolean
  readonly tasks: readonly (TaskType | string)[]
  /** Name of the type that takes HTTP bodies which name none. */
  readonly defaultTask: string | null
  readonly retry: RetryPolicy
  readonly keep: Keep
  readonly keepCount: number
  readonly keepBytes: number | null
  readonly lease: number
  readonly payloadBytes: number
  /** How long an enqueue is repeated while its outcome is unknown or the store out of reach. */
  readonly enqueueDeadline: number
  readonly worker: {
    readonly count: number
    readonly concurrency: number
    readonly queues: readonly QueueShare[] | null
    readonly name: string | null
    readonly drain: number
    /** When a supervisor renews a worker process though nothing is wrong; null: never. */
    readonly recycle: {
      readonly tasks: number | null
      readonly age: number | null
      /** Bytes. */
      readonly memory: number | null
    }
  }
  readonly log: {
    readonly level: LogLevel
    readonly file: string | null
    /** Bytes at which the file is rotated, and rotated files that stay. */
    readonly size: number
    readonly keep: number
  }
  readonly lang: string | null
  readonly api: { readonly host: string; readonly port: number | null; readonly keys: readonly string[] }
  readonly push: {
    readonly allowPrivate: readonly string[]
    readonly timeout: number
    readonly retries: number
    readonly delays: readonly number[]
  }
  readonly middleware: readonly Middleware[]
  readonly codecs: readonly Codec[]
  readonly redact: readonly string[]
  /** Null: nothing is said of schedules, so none is removed. */
  readonly schedules: readonly DeclaredOptions[] | null
  /** Null: switched off. */
  readonly upkeep: { readonly every: number } | null
  /** Null: switched off. */
  readonly alerts: AlertSettings | null
  /** As written; checked by the parts that own them. */
  readonly queues: unknown
  readonly endpoints: unknown
  readonly origins: readonly Origin[]
  /** Sentences that start-up should say, such as which seed's variable chose the engine. */
  readonly notes: readonly string[]
}

/** What settings are made of. */
export interface Sources {
  /** By dotted path: `{ engine, 'worker.concurrency': 5 }`. Bare numbers are seconds. */
  readonly flags?: Readonly<Record<string, unknown>>
  readonly env: NodeJS.ProcessEnv
  readonly dotenv: { readonly file: string; readonly variables: NodeJS.ProcessEnv } | null
  /** The config, how it is called for people, and what a bare number in it counts. */
  readonly config: { readonly value: object; readonly name: string; readonly unit: 1 | 1_000 } | null
  readonly file: string | null
  readonly root: string
}

const field = <T>(keys: readonly string[], env: readonly string[], read: Field<T>['read']): Field<T> => ({
  keys,
  env,
  read,
})

/** A field whose numbers are lengths of time. */
const span = <T>(...parts: Parameters<typeof field<T>>): Field<T> => ({ ...field(...parts), unit: 'ms' })

const whole = readWhole
const second = 1_000

const FIELDS = {
  poolSize: field(['database.poolSize'], ['DATABASE_POOL_SIZE'], whole(1, 10_000)),
  maxOverflow: field(['database.maxOverflow'], ['DATABASE_MAX_OVERFLOW'], whole(0, 10_000)),
  poolTimeout: span(['database.poolTimeout'], ['DATABASE_POOL_TIMEOUT'], readDuration(1)),
  migrate: field(['migrate'], [], readBoolean),
  lease: span(['lease'], [], readDuration(DEFAULTS.leaseMin, DEFAULTS.leaseMax)),
  heartbeat: span(
    ['worker.heartbeat'],
    ['WORKER_HEARTBEAT'],
    readDuration(DEFAULTS.leaseMin / 3, DEFAULTS.leaseMax / 3),
  ),
  retryMax: field(['retry.retries'], ['JOB_RETRY_MAX', 'RQ_JOB_RETRY_MAX'], whole(0, LIMITS.retries)),
  retryDelay: span(['retry.delay'], ['JOB_RETRY_DELAY', 'RQ_JOB_RETRY_DELAY'], readDuration()),
  keepSucceeded: span(['retention.succeeded'], [], readDuration()),
  keepDead: span(['retention.dead'], [], readDuration()),
  keepCount: field(['retention.count'], [], whole(0, 1_000_000_000)),
  keepBytes: field(['retention.bytes'], [], readBytes),
  payload: field(['limits.payload'], [], whole(1_024, 16 * 1024 * 1024)),
  enqueue: span(['limits.enqueue'], [], readDuration()),
  count: field(['worker.count'], ['WORKER_COUNT'], whole(0, 1_000)),
  concurrency: field(['worker.concurrency'], ['WORKER_CONCURRENCY'], whole(1, 10_000)),
  queues: field(['worker.queues'], ['WORKER_QUEUES'], readQueues),
  name: field(['worker.name'], ['WORKER_NAME'], readText),
  drain: span(['worker.drain', 'worker.maxShutdownWait'], ['WORKER_MAX_SHUTDOWN_WAIT'], readDuration()),
  maxTasks: field(['worker.recycle.tasks'], ['WORKER_MAX_TASKS'], whole(1, 1_000_000_000)),
  maxAge: span(['worker.recycle.age'], ['WORKER_MAX_AGE'], readDuration(second)),
  maxMemory: field(['worker.recycle.memory'], ['WORKER_MAX_MEMORY'], readBytes),
  level: field(['log.level'], ['LOG_LEVEL'], readLevel),
  logFile: field(['log.file'], ['LOG_FILE'], readText),
  logSize: field(['log.size'], ['LOG_MAX_SIZE'], readBytes),
  logKeep: field(['log.keep'], ['LOG_KEEP'], whole(1, 1_000)),
  lang: field(['lang'], ['WINDLASS_LANG'], readText),
  host: field(['api.host'], ['API_HOST'], readText),
  port: field(['api.port'], ['API_PORT'], whole(0, 65_535)),
  keys: { ...field(['api.keys'], ['API_KEYS'], readSecrets), secret: 'all' },
  allowPrivate: field(['push.allowPrivate'], ['PUSH_ALLOW_PRIVATE'], readList),
  pushTimeout: span(['push.timeout'], ['PUSH_TIMEOUT'], readDuration(1)),
  pushRetries: field(['push.retries', 'push.retryMax'], ['PUSH_RETRY_MAX'], whole(0, LIMITS.retries)),
  pushDelays: span(['push.delays', 'push.retryDelays'], ['PUSH_RETRY_DELAYS'], readDurations),
  redact: field(['redact'], [], readList),
} as const satisfies Record<string, Field<never> | Field<unknown>>

/**
 * The settings that follow from the sources: flags, environment, .env, config, defaults, in this order.
 * @throws WindlassError `config_invalid` with the name and place of the value, `engine_url_invalid`
 */
export function resolveSettings(sources: Sources): Settings {
  const config = (sources.config?.value ?? {}) as Config
  if (sources.config !== null) checkConfig(config, sources.config.name)
  const { name: where = '', unit = 1 } = sources.config ?? {}
  const layers = layersOf(sources)
  const picker = new Picker(layers)
  const engine = chooseEngine(picker, sources.root)
  const settings = {
    file: sources.file,
    root: sources.root,
    engine,
    ...readMatters(picker),
    ...readParts(picker),
    retry: chooseRetry(picker, sources),
    tasks: readTasks(config.tasks),
    defaultTask: readDefaultTask(config.defaultTask),
    middleware: readMiddleware(config.middleware),
    codecs: readCodecs(config.codecs),
    queues: config.queues ?? null,
    schedules: readSchedules(config.schedules, where, unit),
    upkeep: readUpkeep(config.upkeep, where, unit),
    alerts: readAlerts(config.alerts, where, unit, pickTarget(picker, sources.root)),
    endpoints: config.endpoints ?? null,
  }
  return { ...settings, origins: picker.origins, notes: notesOf(engine, sources) }
}

function layersOf(sources: Sources): Layer[] {
  const layers = [flagLayer(sources.flags ?? {}), environmentLayer('environment', sources.env)]
  if (sources.dotenv !== null) layers.push(environmentLayer(sources.dotenv.file, sources.dotenv.variables))
  if (sources.config !== null) {
    const { name, value, unit } = sources.config
    layers.push(objectLayer(name, value, unit))
  }
  return layers
}

function readMatters(picker: Picker) {
  return {
    pool: {
      size: picker.pick(FIELDS.poolSize, null),
      maxOverflow: picker.pick(FIELDS.maxOverflow, null),
      timeout: picker.pick(FIELDS.poolTimeout, null),
    },
    migrate: picker.pick(FIELDS.migrate, true),
    lease: chooseLease(picker),
    keep: {
      succeeded: picker.pick(FIELDS.keepSucceeded, DEFAULTS.keep.succeeded),
      dead: picker.pick(FIELDS.keepDead, DEFAULTS.keep.dead),
    },
    keepCount: picker.pick(FIELDS.keepCount, DEFAULTS.keepCount),
    keepBytes: picker.pick(FIELDS.keepBytes, DEFAULTS.keepBytes),
    payloadBytes: picker.pick(FIELDS.payload, LIMITS.payloadBytes),
    enqueueDeadline: picker.pick(FIELDS.enqueue, 10 * second),
    redact: picker.pick(FIELDS.redact, []),
  }
}

function readParts(picker: Picker) {
  return {
    worker: {
      count: picker.pick(FIELDS.count, 2),
      concurrency: picker.pick(FIELDS.concurrency, DEFAULTS.concurrency),
      queues: picker.pick(FIELDS.queues, null),
      name: picker.pick(FIELDS.name, null),
      drain: picker.pick(FIELDS.drain, DEFAULTS.drain),
      recycle: {
        tasks: picker.pick(FIELDS.maxTasks, null),
        age: picker.pick(FIELDS.maxAge, null),
        memory: picker.pick(FIELDS.maxMemory, null),
      },
    },
    log: {
      level: picker.pick(FIELDS.level, 'info' as const),
      file: picker.pick(FIELDS.logFile, null),
      size: picker.pick(FIELDS.logSize, DEFAULTS.logSize),
      keep: picker.pick(FIELDS.logKeep, DEFAULTS.logKeep),
    },
    lang: picker.pick(FIELDS.lang, null),
    api: {
      host: picker.pick(FIELDS.host, '127.0.0.1'),
      port: picker.pick(FIELDS.port, null),
      keys: picker.pick(FIELDS.keys, []),
    },
    push: {
      allowPrivate: picker.pick(FIELDS.allowPrivate, []),
      timeout: picker.pick(FIELDS.pushTimeout, 30 * second),
      retries: picker.pick(FIELDS.pushRetries, 3),
      delays: picker.pick(FIELDS.pushDelays, [10 * second, 30 * second, 90 * second]),
    },
  }
}

/** A worker beats three times in a lease: the seeds' heartbeat says the lease, unless a nearer layer says it. */
function chooseLease(picker: Picker): number {
  const beat = picker.find(FIELDS.heartbeat)
  const lease = picker.find(FIELDS.lease)
  if (beat === null || (lease !== null && lease.rank <= beat.rank))
    return picker.pick(FIELDS.lease, DEFAULTS.lease)
  picker.remember(FIELDS.lease, beat.value * 3, { ...beat, name: `3 × ${beat.name}` })
  return beat.value * 3
}

/** The config's policy, with what flags and environment say about its number and wait. */
function chooseRetry(picker: Picker, sources: Sources): RetryPolicy {
  const option: unknown = sources.config === null ? undefined : Reflect.get(sources.config.value, 'retry')
  const said = invalid(() => readRetry(option, DEFAULT_RETRY, sources.config?.unit ?? 1))
  const above = new Picker(layersOf({ ...sources, config: null }))
  const max = above.find(FIELDS.retryMax)
  const wait = above.find(FIELDS.retryDelay)
  const retries = max?.value ?? said.retries
  const policy: RetryPolicy =
    wait === null ? { ...said, retries } : { kind: 'fixed', retries, delay: wait.value }
  const file =
    option === undefined || option === null
      ? null
      : { value: option, name: 'retry', layer: sources.config?.name ?? '', rank: 0 }
  picker.remember(FIELDS.retryMax, policy.retries, max ?? file)
  picker.remember(FIELDS.retryDelay, waitsOf(policy), wait ?? file)
  return policy
}

function waitsOf(policy: RetryPolicy): unknown {
  switch (policy.kind) {
    case 'fixed':
      return policy.delay
    case 'list':
      return policy.delays
    case 'exponential':
      return `${policy.base} × ${policy.factor}ⁿ ≤ ${policy.cap}`
  }
}

/** Refuses keys that are not known, in the config and in its sections. */
function checkConfig(config: object, name: string): void {
  checkKeys(config, [...Object.keys(CONFIG_KEYS), ...SEED_SECTIONS], name, 'config_invalid')
  // The environment may say `zh_CN.UTF-8`, as LANG does; here it is a word of ours.
  const lang: unknown = Reflect.get(config, 'lang')
  if (lang !== undefined && lang !== null && lang !== 'zh' && lang !== 'en')
    throw new WindlassError('config_invalid', `${name}: lang is zh or en, not ${show(lang)}`)
  const worker: unknown = Reflect.get(config, 'worker')
  const recycle: unknown =
    typeof worker === 'object' && worker !== null ? Reflect.get(worker, 'recycle') : null
  const sections = [...Object.entries(CONFIG_KEYS), ['worker.recycle', RECYCLE_KEYS] as const]
  for (const [section, keys] of sections) {
    const value: unknown = section === 'worker.recycle' ? recycle : Reflect.get(config, section)
    if (keys === null || value === undefined || value === null) continue
    if (typeof value !== 'object' || Array.isArray(value))
      throw new WindlassError('config_invalid', `${name}: ${section} is an object, not ${show(value)}`)
    checkKeys(value, keys, `${name}: ${section}`, 'config_invalid')
  }
}

function invalid<T>(read: () => T): T {
  try {
    return read()
  } catch (cause) {
    if (!(cause instanceof WindlassError)) throw cause
    throw new WindlassError('config_invalid', `in the config, ${cause.message}`, { cause, hint: cause.hint })
  }
}

function notesOf(engine: EngineChoice, sources: Sources): string[] {
  const notes: string[] = []
  if (engine.seed !== null)
    notes.push(
      `the engine was chosen by ${engine.seed}; say \`engine\` in the config or WINDLASS_ENGINE to choose another`,
    )
  if (engine.store === null && sources.config !== null && 'store' in sources.config.value)
    notes.push('`store` is not used: it belongs to an amqp: engine')
  return notes
}
