// The config as a user writes it: its keys, their types, and defineConfig. Units: bare numbers are milliseconds here
// and seconds in YAML, which is read like the environment (DESIGN §9, "Numbers"). What the values come to is
// settings.ts; unknown keys are refused there with the nearest known one.

import { existsSync } from 'node:fs'
import { basename, dirname } from 'node:path'
import { fileURLToPath } from 'node:url'
import { getCallSites } from 'node:util'

import type { Codec } from '../core/codec.ts'
import type { ByteSize } from '../core/byte-size.ts'
import type { Duration } from '../core/duration.ts'
import type { RetryOption } from '../core/retry.ts'
import type { ScheduleOptions } from '../core/schedule.ts'
import type { Middleware, TaskType } from '../core/task-type.ts'
import type { AlertsConfig, UpkeepConfig } from './alerts.ts'

export interface WorkerConfig {
  /** Worker processes that `up` and `start` run. Default 2. */
  readonly count?: number
  /** Tasks at once in one process. Default 10. */
  readonly concurrency?: number
  /** Queues, each with an optional weight: `['mail', 'files:2']` or `{ mail: 1, files: 2 }`. Default: all. */
  readonly queues?: readonly string[] | Readonly<Record<string, number>>
  readonly name?: string
  /** How long a stopping worker lets its tasks run. Default 5 min. */
  readonly drain?: Duration
  /** When `up` and `start` put a new process in the place of one that runs well, so that leaks cannot add up. */
  readonly recycle?: {
    /** After so many attempts. */
    readonly tasks?: number
    /** After this time; each process draws its own in the last fifth of it. */
    readonly age?: Duration
    /** When it takes more memory than this, as the system counts it. */
    readonly memory?: ByteSize
  }
}

export interface LogConfig {
  /** Default `info`. */
  readonly level?: 'debug' | 'info' | 'warn' | 'error' | 'silent'
  /** Also write to this file, from the config's folder. */
  readonly file?: string
  /** The file is rotated before it grows beyond this. Default 10 MB. */
  readonly size?: ByteSize
  /** Rotated files that stay: `.1` is the newest. Default 5. */
  readonly keep?: number
}

export interface ApiConfig {
  readonly host?: string
  readonly port?: number
  readonly keys?: readonly string[]
}

export interface RetentionConfig {
  /** How long succeeded tasks are kept where their type says nothing. Default 24 h. */
  readonly succeeded?: Duration
  /** Likewise dead and cancelled ones. Default 30 d. */
  readonly dead?: Duration
  /** Finished tasks kept at most. Default 1,000,000. */
  readonly count?: number
  /** Bytes of their payloads and results kept at most, such as `512MB`. Default: no bound. */
  readonly bytes?: ByteSize
}

/** Connections to a database server, of each process. */
export interface DatabaseConfig {
  readonly poolSize?: number
  /** Opened beyond `poolSize` while all are in use. */
  readonly maxOverflow?: number
  /** How long a call waits for a connection. */
  readonly poolTimeout?: Duration
}

export interface PushConfig {
  /** CIDRs that pushes may reach although they are private. */
  readonly allowPrivate?: readonly string[]
  readonly timeout?: Duration
  readonly retries?: number
  readonly delays?: readonly Duration[]
}

/** What `defineConfig` and `new Windlass` take. */
export interface Config {
  /** URL of the engine. Default `sqlite:.windlass/windlass.db`, beside the config. */
  readonly engine?: string
  /** URL of the SQL store behind an `amqp:` engine. */
  readonly store?: string
  readonly database?: DatabaseConfig
  /** Task types, or globs of files that export them, from the config's folder. */
  readonly tasks?: readonly (TaskType | string)[]
  /** The type (or its name) that takes HTTP bodies which name none. */
  readonly defaultTask?: TaskType | string
  /** Retry policy of types that say none. Default 3 retries, 60 s apart. */
  readonly retry?: RetryOption
  /** How long finished tasks are kept where the type says nothing (24 h, 30 d), and how much of them at most. */
  readonly retention?: RetentionConfig
  /** How long a silent worker keeps its tasks. 1 s to 1 h, default 30 s. */
  readonly lease?: Duration
  readonly worker?: WorkerConfig
  readonly log?: LogConfig
  /** Language of messages for people, where neither `--lang` nor WINDLASS_LANG says one. Default: that of LANG. */
  readonly lang?: 'zh' | 'en'
  /** Around every handler, the first one outermost: `(ctx, next) => …`. */
  readonly middleware?: readonly Middleware[]
  /** The first one writes payloads and results, all may read. */
  readonly codecs?: readonly Codec[]
  /** Paths that are shown and logged as `[redacted]`. */
  readonly redact?: readonly string[]
  /** `payload`: most bytes of a payload or result (256 KiB). `enqueue`: how long an enqueue is repeated (10 s). */
  readonly limits?: { readonly payload?: number; readonly enqueue?: Duration }
  /** False: the store is not created or upgraded by itself. Default true. */
  readonly migrate?: boolean
  readonly api?: ApiConfig
  readonly push?: PushConfig
  readonly queues?: Readonly<Record<string, object>>
  /**
   * By name, or as a list with names. A scheduler (`windlass up`) brings them into the store when it starts, and removes
   * those that an earlier config declared and this one does not.
   */
  readonly schedules?:
    | Readonly<Record<string, ScheduleOptions>>
    | readonly (ScheduleOptions & { readonly name: string })[]
  readonly endpoints?: Readonly<Record<string, object>> | readonly object[]
  /** Sweeps the store, also while no worker lives; done by schedulers. False: switched off. */
  readonly upkeep?: boolean | UpkeepConfig
  /** When somebody is to be told, and how; checked by schedulers. False: switched off. */
  readonly alerts?: boolean | AlertsConfig
}

/** Keys of the config and of its sections; null: no section, or one whose members are checked by its owner. */
export const CONFIG_KEYS: Readonly<Record<keyof Config, readonly string[] | null>> = {
  engine: null,
  store: null,
  // The seeds' files keep more in it.
  database: null,
  tasks: null,
  defaultTask: null,
  retry: null,
  retention: ['succeeded', 'dead', 'count', 'bytes'],
  lease: null,
  worker: ['count', 'concurrency', 'queues', 'name', 'drain', 'maxShutdownWait', 'heartbeat', 'recycle'],
  log: ['level', 'file', 'size', 'keep'],
  lang: null,
  middleware: null,
  codecs: null,
  redact: null,
  limits: ['payload', 'enqueue'],
  migrate: null,
  api: ['host', 'port', 'keys'],
  push: ['allowPrivate', 'timeout', 'retries', 'retryMax', 'delays', 'retryDelays'],
  queues: null,
  schedules: null,
  endpoints: null,
  upkeep: null,
  alerts: null,
}

/** Keys of `worker.recycle`. */
export const RECYCLE_KEYS: readonly string[] = ['tasks', 'age', 'memory']

/** Sections of the seeds' YAML files that say where the servers are; what else is in them is not ours to judge. */
export const SEED_SECTIONS: readonly string[] = ['redis', 'rabbitmq']

/** The folder that relative paths of a config object start from; spreading the object keeps it. */
const FOLDER = Symbol.for('windlass.config.folder')

/**
 * Names the config for the compiler, and remembers the folder of the file that calls it, so that `new Windlass(config)`
 * and the workers mean the same SQLite file from whatever folder they are started.
 */
export function defineConfig(config: Config): Config {
  const folder = callerFolder()
  return folder === null ? config : Object.assign({}, config, { [FOLDER]: folder })
}

/** The folder that `defineConfig` remembered, or null. */
export function folderOf(config: object): string | null {
  const folder: unknown = Reflect.get(config, FOLDER)
  return typeof folder === 'string' ? folder : null
}

/** Only a file that is called a config counts: in a bundle the caller's folder would be the bundle's. */
function callerFolder(): string | null {
  const script = getCallSites(3)[2]?.scriptName ?? ''
  try {
    const file = script.startsWith('file:') ? fileURLToPath(script) : script
    return /(^|[.-])config\.[cm]?[jt]s$/.test(basename(file)) && existsSync(file) ? dirname(file) : null
  } catch {
    return null
  }
}
