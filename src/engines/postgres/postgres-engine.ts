// The PostgreSQL engine: the contract on a schema of a server that any number of processes share, directly or through
// a bouncer. What each verb does is in the file named after it; how the server is reached is in store.ts.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import type { EngineFacts } from '../../core/engine-facts.ts'
import type { CallerTransaction, Durability, Engine, EngineOptions } from '../../core/engine.ts'
import type {
  Beat,
  BeatReply,
  ClaimReply,
  ClaimRequest,
  EnqueueReply,
  Hint,
  NewSession,
  NewTask,
  Report,
  ReportReply,
  SessionEnd,
  Settlement,
  SettleReply,
  SweepReply,
  SweepRequest,
} from '../../core/hot-verbs.ts'
import { DEFAULTS, LIMITS } from '../../core/limits.ts'
import { documentVerbs, journalVerbs, scheduleVerbs } from '../sql/cold-verbs.ts'
import { endSessions, startSessions } from '../sql/sessions.ts'
import { Watchers } from '../sql/watchers.ts'
import { formatPostgresAddress, parsePostgresAddress, schemaOf, type PostgresAddress } from './address.ts'
import { runInTransaction } from './caller-transaction.ts'
import { claim } from './claim.ts'
import { recordVerbs } from './cold-verbs.ts'
import { readDurability } from './durability.ts'
import { enqueue, enqueueIn } from './enqueue.ts'
import { examine } from './examine.ts'
import { closedError, notMigrated } from './failure.ts'
import { fireSchedules } from './fire.ts'
import { heartbeat, report } from './heartbeat.ts'
import { Listener } from './listener.ts'
import { migrate, readInstance } from './migrate.ts'
import { attemptsOfTasks } from './records.ts'
import { register } from './register.ts'
import type { PgSession } from './session.ts'
import { settle, settleIn } from './settle.ts'
import { Store, type StoreOptions } from './store.ts'
import { sweep } from './sweep.ts'

/** What the PostgreSQL engine can be opened with. */
export interface PostgresOptions extends EngineOptions {
  /** `heart`: one connection of its own, so that no load of others keeps a heartbeat waiting. */
  readonly role: 'hot' | 'heart'
  /** Changes that a sweep leaves. */
  readonly changesKept: number
}

const POOL = 4
const OVERFLOW = 4
const NOTIFY = 'SELECT pg_notify($1, $2)'

/**
 * Opens a store. Does not migrate.
 * @throws WindlassError `engine_url_invalid`, `engine_unreachable`, `newer_schema`
 */
export async function openPostgres(
  url: string,
  given: Partial<PostgresOptions> = {},
): Promise<PostgresEngine> {
  const address = parsePostgresAddress(url, given.namespace ?? 'windlass')
  const callTimeout = given.callTimeout ?? DEFAULTS.callTimeout
  const heart = given.role === 'heart'
  const engine = new PostgresEngine(address, {
    now: given.now ?? null,
    callTimeout,
    role: given.role ?? 'hot',
    changesKept: given.changesKept ?? LIMITS.changes,
    // What the address says wins.
    connections: heart ? 1 : (address.pool ?? given.pool?.size ?? POOL),
    maxOverflow: heart ? 0 : (address.maxOverflow ?? given.pool?.maxOverflow ?? OVERFLOW),
    poolTimeout: address.poolTimeout ?? given.pool?.timeout ?? callTimeout,
  })
  try {
    await engine.look()
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

export class PostgresEngine implements Engine {
  readonly name = 'postgres'
  readonly address: string
  readonly records: Records
  readonly schedules: Schedules
  readonly documents: Documents
  readonly journal: Journal
  readonly #store: Store
  readonly #listener: Listener
  readonly #watchers: Watchers
  #instance: string | null = null
  #closing: Promise<void> | null = null

  constructor(
    address: PostgresAddress,
    options: Omit<StoreOptions, 'url' | 'schema' | 'bouncer' | 'announce' | 'committed'>,
  ) {
    this.address = formatPostgresAddress(address)
    const schema = schemaOf(address.namespace)
    this.#store = new Store({
      ...options,
      url: address.url,
      schema,
      bouncer: address.bouncer,
      announce: (hints) => this.#listener.announce(hints),
      committed: (hints, announced = false) => {
        this.#watchers.tell(hints)
        this.#listener.committed(hints, announced)
      },
    })
    this.#listener = new Listener(`${address.url} ${schema}`, {
      url: address.direct ?? (address.bouncer ? null : address.url),
      schema,
      role: options.role,
      timeout: options.callTimeout,
      tell: (hints) => this.#watchers.tell(hints),
      notify: (channel, text) => this.#store.once(NOTIFY, [channel, text]),
    })
    this.#watchers = new Watchers(this.#listener)
    const ready = (): Promise<Store> => this.#ready()
    this.records = recordVerbs(ready)
    this.schedules = scheduleVerbs(ready, fireSchedules)
    this.documents = documentVerbs(ready)
    this.journal = journalVerbs(ready, attemptsOfTasks)
  }

  get instanceId(): string {
    this.#open()
    if (this.#instance === null) throw notMigrated()
    return this.#instance
  }

  /** Connects, and learns what is there. */
  async look(): Promise<void> {
    this.#instance = await readInstance(this.#store)
  }

  async migrate(): Promise<{ from: number; to: number }> {
    this.#open()
    const versions = await migrate(this.#store)
    await this.look()
    return versions
  }

  async durability(): Promise<Durability> {
    this.#open()
    return readDurability(this.#store)
  }

  async examine(): Promise<EngineFacts> {
    this.#open()
    return examine(this.#store)
  }

  async now(): Promise<number> {
    this.#open()
    return this.#store.read((look) => Promise.resolve(look.now))
  }

  async enqueue(
    tasks: readonly NewTask[],
    { tx, notify = false }: { readonly tx?: CallerTransaction; readonly notify?: boolean } = {},
  ): Promise<EnqueueReply[]> {
    const store = await this.#ready()
    if (tasks.length === 0) return []
    if (tx === undefined) return enqueue(store, tasks)
    return this.#inTransaction(tx, tasks, async (unit) => {
      const replies = await enqueueIn(store, unit, tasks)
      // Told when the caller commits: the server keeps it until then.
      if (notify) await unit.query(NOTIFY, [store.options.schema, '["",[["work",null]]]'])
      return replies
    })
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
    const store = await this.#ready()
    return requests.length === 0 ? [] : claim(store, requests)
  }

  async settle(
    settlements: readonly Settlement[],
    { tx }: { readonly tx?: CallerTransaction } = {},
  ): Promise<SettleReply[]> {
    const store = await this.#ready()
    if (settlements.length === 0) return []
    if (tx === undefined) return settle(store, settlements)
    const followUps = settlements.flatMap((one) => one.followUps)
    return this.#inTransaction(tx, followUps, (unit) => settleIn(store, unit, settlements))
  }

  async report(reports: readonly Report[]): Promise<ReportReply[]> {
    const store = await this.#ready()
    return reports.length === 0 ? [] : report(store, reports)
  }

  async startSession(sessions: readonly NewSession[]): Promise<('started' | 'exists')[]> {
    const store = await this.#ready()
    return sessions.length === 0 ? [] : store.write((unit) => startSessions(unit, sessions))
  }

  async heartbeat(beats: readonly Beat[]): Promise<BeatReply[]> {
    const store = await this.#ready()
    return beats.length === 0 ? [] : heartbeat(store, beats)
  }

  async endSession(ends: readonly SessionEnd[]): Promise<('ended' | 'already' | 'absent')[]> {
    const store = await this.#ready()
    return ends.length === 0 ? [] : store.write((unit) => endSessions(unit, ends))
  }

  async sweep(request: SweepRequest): Promise<SweepReply> {
    return sweep(await this.#ready(), request)
  }

  watch(listener: (hint: Hint) => void): () => void {
    this.#open()
    return this.#watchers.watch(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#end()
    return this.#closing
  }

  async #end(): Promise<void> {
    this.#watchers.close()
    this.#listener.close()
    await this.#store.close()
  }

  async #inTransaction<R>(
    tx: CallerTransaction,
    tasks: readonly NewTask[],
    run: (unit: PgSession) => Promise<R>,
  ): Promise<R> {
    // On a connection of our own: nobody is to wait for the caller's commit because of it.
    await register(this.#store, tasks)
    return runInTransaction(tx, this.#store, this.instanceId, run)
  }

  /** The store, once it is migrated, perhaps by another process since this one looked last. */
  async #ready(): Promise<Store> {
    this.#open()
    if (this.#instance === null) await this.look()
    this.#open()
    if (this.#instance === null) throw notMigrated()
    return this.#store
  }

  #open(): void {
    if (this.#closing !== null) throw closedError()
  }
}
