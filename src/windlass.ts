// The front door as an object: one configured system, to enqueue into, to look after and to work for.
// Opens the store at the first call that needs it, brings its schema up to date unless told not to, imports task code
// only for calls by name and for workers, and closes in order. What it does is done by client, worker and engines.

import { hostname } from 'node:os'
import { extname } from 'node:path'

import type { Log } from './base/log.ts'
import { Service } from './base/service.ts'
import { Client, type CallOptions, type EnqueueArguments, type ManyOptions } from './client/client.ts'
import type { TaskHandle } from './client/handle.ts'
import type { QueueJson, QueueOperator, WorkerJson } from './client/queues.ts'
import type { ScheduleOperator } from './client/schedules.ts'
import type { TaskOperator } from './client/tasks.ts'
import { applyEnvironment, loadSettings, settingsOf, type LoadOptions } from './config/load.ts'
import { openLog, type OpenLog } from './config/log.ts'
import type { Settings } from './config/settings.ts'
import type { Config } from './config/shape.ts'
import { loadTasks } from './config/tasks.ts'
import { Codecs } from './core/codec.ts'
import type { Duration } from './core/duration.ts'
import type { Engine, EngineOptions } from './core/engine.ts'
import { WindlassError } from './core/errors.ts'
import { checkKeys } from './core/keys.ts'
import type { TaskType } from './core/task-type.ts'
import { openEngine } from './engines/open.ts'
import { LocalScheduler } from './scheduler/local-scheduler.ts'
import { reconcile } from './scheduler/reconcile.ts'
import { Scheduler } from './scheduler/scheduler.ts'
import { BuiltIns } from './toolbox/built-ins.ts'
import type { WorkerStatus } from './worker/status.ts'
import { sourceOf } from './worker/isolation/source.ts'
import { sweepOnce, type SweepCounts } from './worker/sweep-once.ts'
import { Worker, type WorkerOptions } from './worker/worker.ts'

/** What surrounds a Windlass that is not a program of its own. Users need none of it. */
export interface Surroundings {
  /** Settings that were resolved already; the config object is not looked at then. */
  readonly settings?: Settings
  /** Default the process's environment and folder. */
  readonly env?: NodeJS.ProcessEnv
  readonly cwd?: string
  /** Who enqueues, kept on each task. Default `client`. */
  readonly origin?: string
  /** What this program does (`worker`): servers show it where they list their connections. */
  readonly program?: string
  /** Milliseconds that bare numbers of options count: 1, or 1000 for command line and HTTP. */
  readonly bareUnit?: 1 | 1_000
  readonly log?: Log
  /** False: task code is never imported, so names are taken as they come. */
  readonly loadTasks?: boolean
}

export interface OpenOptions extends LoadOptions, Omit<Surroundings, 'settings' | 'env' | 'cwd'> {
  /** URL of the engine; wins over environment and config. */
  readonly engine?: string
}

const OPEN_KEYS = [
  'config',
  'engine',
  'flags',
  'cwd',
  'env',
  'origin',
  'program',
  'bareUnit',
  'log',
  'loadTasks',
] as const satisfies (keyof OpenOptions)[]

/** What a worker of this process may be told; the rest comes from the config. Bare numbers are milliseconds. */
export interface WorkOptions extends Partial<Omit<WorkerOptions, 'engine' | 'codecs' | 'payloadBytes'>> {}

/** Names that one log line tells at most. */
const NAMES_TOLD = 20

/** Opened in a thread of its own by the heart of a worker. */
const OPEN_MODULE = new URL(`./engines/open${extname(import.meta.url)}`, import.meta.url).href

/** A worker in this process. Opens the store and imports the task code when it starts. */
export class LocalWorker extends Service {
  readonly #make: () => Promise<Worker>
  readonly #ended: () => void
  #worker: Worker | null = null

  constructor(make: () => Promise<Worker>, ended: () => void) {
    super()
    this.#make = make
    this.#ended = ended
  }

  /** Stops claiming, lets tasks end for `drain` (default: as configured), then aborts and hands back what is left. */
  override stop(options: { readonly drain?: Duration } = {}): Promise<void> {
    this.#drain = options.drain
    return super.stop()
  }

  /** Aborts what runs and hands it back now, also while `stop` waits. */
  async release(): Promise<void> {
    await this.#worker?.release()
    await this.stop()
  }

  /** Resolves when nothing of a known type is ready in its queues and nothing runs here; `all`: retries and scheduled ones too. */
  async drainUntilEmpty(options: { readonly all?: boolean } = {}): Promise<void> {
    if (this.#worker === null) throw new WindlassError('not_started', 'the worker was not started')
    await this.#worker.drainUntilEmpty(options)
  }

  /** What it does now; null before the start. */
  status(): WorkerStatus | null {
    return this.#worker?.status() ?? null
  }

  #drain: Duration | undefined

  protected override async onStart(): Promise<void> {
    const worker = await this.#make()
    await worker.start()
    this.#worker = worker
  }

  protected override async onStop(): Promise<void> {
    await this.#worker?.stop(this.#drain === undefined ? {} : { drain: this.#drain })
    this.#ended()
  }
}

export class Windlass {
  /** Everything that is configured, each value with its origin. */
  readonly settings: Settings
  /** Look at tasks, find, wait for, cancel, retry, delete them, and learn why one is not running. */
  readonly tasks: TaskOperator
  /** List, pause, resume and clear queues. */
  readonly queues: QueueOperator
  /** Put, look at, pause, resume, run and remove schedules, and see what became of their ticks. */
  readonly schedules: ScheduleOperator
  readonly #client: Client
  readonly #codecs: Codecs
  readonly #surroundings: Surroundings
  readonly #parts = new Set<Service>()
  #engine: Promise<Engine> | null = null
  #types: Promise<ReadonlyMap<string, TaskType>> | null = null
  readonly #given: Log | null
  #ownLog: OpenLog | null = null
  #closed: Promise<void> | null = null
  #over = false

  /**
   * A system from a config object. Nothing is opened yet.
   * @throws WindlassError `config_invalid`, `engine_url_invalid`
   */
  constructor(config: Config = {}, surroundings: Surroundings = {}) {
    const { env, cwd, settings, origin = 'client', bareUnit = 1 } = surroundings
    this.settings =
      settings ??
      settingsOf(config, { ...(env === undefined ? {} : { env }), ...(cwd === undefined ? {} : { cwd }) })
    const { retry, keep, payloadBytes, redact, enqueueDeadline: deadline } = this.settings
    this.#surroundings = surroundings
    this.#given = surroundings.log ?? null
    this.#codecs = new Codecs(this.settings.codecs)
    this.#client = new Client({
      engine: () => this.engine(),
      types: () => this.types(),
      enqueuer: { codecs: this.#codecs, payloadBytes, origin, bareUnit, defaults: { retry, keep } },
      redact,
      deadline,
    })
    this.tasks = this.#client.tasks
    this.queues = this.#client.queues
    this.schedules = this.#client.schedules
  }

  /**
   * A system from the config file that is found from where the process stands (DESIGN §9, "Config").
   * @throws WindlassError `config_not_found`, `config_invalid`, `config_failed`, `engine_url_invalid`,
   *   `duplicate_task_type`
   */
  static async open(options: OpenOptions = {}): Promise<Windlass> {
    checkKeys(options, OPEN_KEYS, 'Windlass.open')
    const { engine, flags, config, cwd, env, ...surroundings } = options
    const settings = await loadSettings({
      flags: { ...flags, ...(engine === undefined ? {} : { engine }) },
      ...(config === undefined ? {} : { config }),
      ...(cwd === undefined ? {} : { cwd }),
      ...(env === undefined ? {} : { env }),
    })
    const windlass = new Windlass({}, { ...surroundings, settings, ...(env === undefined ? {} : { env }) })
    if (options.loadTasks === true) await windlass.types()
    return windlass
  }

  /**
   * Enqueues one task. Once this resolves, the task runs at least once and reaches one final state.
   * @param type a definition (typed from here to the result), or the name of one
   * @throws WindlassError `invalid_payload`, `invalid_option`, `unknown_option`, `unknown_task_type`, `id_conflict`;
   *   for failures of the engine its code, with `applied` and the id in `detail.task_id`
   */
  enqueue<I, O, P>(type: TaskType<I, O, P>, ...rest: EnqueueArguments<I>): Promise<TaskHandle<O>>
  enqueue(type: string, input?: unknown, options?: CallOptions): Promise<TaskHandle>
  enqueue(type: TaskType | string, input?: unknown, options?: CallOptions): Promise<TaskHandle> {
    return this.#client.enqueue(type as string, input, options)
  }

  /**
   * Enqueues one task for each input, in order. All inputs are checked before anything is sent.
   * @param options for all, or a function of input and index (for ids and unique keys)
   * @throws WindlassError as enqueue, with the position in `detail.index`
   */
  enqueueMany<I, O, P>(
    type: TaskType<I, O, P>,
    inputs: readonly NoInfer<I>[],
    options?: ManyOptions<NoInfer<I>>,
  ): Promise<TaskHandle<O>[]>
  enqueueMany(type: string, inputs: readonly unknown[], options?: ManyOptions<unknown>): Promise<TaskHandle[]>
  enqueueMany(
    type: TaskType | string,
    inputs: readonly unknown[],
    options?: ManyOptions<never>,
  ): Promise<TaskHandle[]> {
    return this.#client.enqueueMany(type as string, inputs, options as ManyOptions<unknown>)
  }

  /** Every queue with its numbers. */
  stats(): Promise<readonly QueueJson[]> {
    return this.#client.stats()
  }

  /** Live workers, each with the tasks it runs. */
  workers(): Promise<readonly WorkerJson[]> {
    return this.#client.workers()
  }

  /**
   * A worker in this process, configured as the config says where the options say nothing. `start()` begins to claim,
   * `stop()` drains; `close()` stops it too.
   */
  worker(options: WorkOptions = {}): LocalWorker {
    const worker = new LocalWorker(
      () => this.#makeWorker(options),
      () => this.#parts.delete(worker),
    )
    this.#parts.add(worker)
    return worker
  }

  /** A scheduler in this process: `start()` begins to fire ticks, `stop()` and `close()` end that. */
  scheduler(options: { readonly log?: Log } = {}): LocalScheduler {
    const scheduler = new LocalScheduler(
      () => this.#makeScheduler(options.log ?? this.log),
      () => this.#parts.delete(scheduler),
    )
    this.#parts.add(scheduler)
    return scheduler
  }

  /** The open engine, migrated unless the config says `migrate: false`. A failed opening is tried again by the next call. */
  engine(): Promise<Engine> {
    if (this.#over)
      return Promise.reject(new WindlassError('engine_closed', 'this Windlass was closed', { applied: 'no' }))
    this.#engine ??= this.#open().catch((error: unknown) => {
      this.#engine = null
      throw error
    })
    return this.#engine
  }

  /** The configured task types by name; imports the files that export them. */
  types(): Promise<ReadonlyMap<string, TaskType>> {
    if (this.#surroundings.loadTasks === false) return Promise.resolve(new Map<string, TaskType>())
    this.#types ??= loadTasks(this.settings.tasks, this.settings.root)
    return this.#types
  }

  /** The log that workers of this process write to. */
  get log(): Log {
    if (this.#given !== null) return this.#given
    this.#ownLog ??= openLog(this.settings)
    return this.#ownLog.log
  }

  /** Stops workers and schedulers of this object (workers drain), waits for what is under way, then gives back the store's connections. Idempotent. */
  close(): Promise<void> {
    this.#closed ??= this.#end()
    return this.#closed
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close()
  }

  async #makeWorker(options: WorkOptions): Promise<Worker> {
    const { worker, lease, payloadBytes, redact, keepCount, keepBytes, retry, keep } = this.settings
    applyEnvironment(this.settings, this.#surroundings.env)
    const types = options.types ?? [...(await this.types()).values()]
    const own = options.middleware ?? []
    const isolation = await sourceOf(this.settings, await this.types(), types, own.length > 0)
    return new Worker({
      queues: worker.queues,
      concurrency: worker.concurrency,
      ...(worker.name === null ? {} : { name: worker.name }),
      drain: worker.drain,
      lease,
      redact,
      keepCount,
      keepBytes,
      defaults: { retry, keep },
      log: this.log,
      heart: { openModule: OPEN_MODULE, openWith: this.#openWith() },
      isolation,
      ...options,
      middleware: [...this.settings.middleware, ...own],
      types,
      engine: await this.engine(),
      codecs: this.#codecs,
      payloadBytes,
    })
  }

  async #makeScheduler(log: Log): Promise<Scheduler> {
    const { schedules } = this.settings
    // What is declared wrongly is told before a store is opened for it.
    const declared = schedules === null ? null : await this.#client.defineSchedules(schedules)
    const engine = await this.engine()
    if (declared !== null) {
      const { put, removed, overtaken } = await reconcile(engine, declared)
      if (put.length + removed.length > 0)
        log.info('the schedules of the config are in the store', {
          put: put.slice(0, NAMES_TOLD),
          removed: removed.slice(0, NAMES_TOLD),
        })
      if (overtaken) log.warn('another deploy declares schedules, too, and began later: its schedules hold')
    }
    const builtIns = new BuiltIns(this.settings, {
      engine,
      log,
      sweep: (signal) => this.#sweep(engine, log, signal),
    })
    await builtIns.put()
    const { jobs, watch } = builtIns
    return new Scheduler({ engine, log, identity: { host: hostname(), pid: process.pid }, jobs, watch })
  }

  #sweep(engine: Engine, log: Log, signal: AbortSignal): Promise<SweepCounts> {
    const { keepCount, keepBytes } = this.settings
    return sweepOnce({
      engine,
      keepCount,
      keepBytes,
      signal,
      tell: (news) => void (news.kind === 'log' && log[news.level](news.message, news.fields)),
    })
  }

  #openWith(): Partial<EngineOptions> {
    const { program } = this.#surroundings
    return { pool: this.settings.pool, ...(program === undefined ? {} : { program }) }
  }

  async #open(): Promise<Engine> {
    const engine = await openEngine(this.settings.engine.url, this.#openWith())
    if (!this.settings.migrate) return engine
    try {
      await engine.migrate()
      return engine
    } catch (error) {
      await engine.close()
      throw error
    }
  }

  async #end(): Promise<void> {
    await Promise.all([...this.#parts].map((part) => part.stop()))
    // Calls that were made before may still need the engine, even to open it.
    await this.#client.close()
    this.#over = true
    const engine = await this.#engine?.catch(() => null)
    await engine?.close()
    this.#ownLog?.close()
  }
}
