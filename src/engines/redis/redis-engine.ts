// The Redis engine: the contract on one Redis or Valkey server, by Lua scripts that are one atomic unit each.
// Promises what contract.md says; what an acknowledged write survives is the server's to say (durability()). What each
// verb does is in the file named after it and in lua/. Calls are never repeated here: the caller knows the ids.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import type { CallerTransaction, Durability, Engine, EngineOptions } from '../../core/engine.ts'
import type { EngineFacts } from '../../core/engine-facts.ts'
import { WindlassError } from '../../core/errors.ts'
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
import { mintToken } from '../../core/ids.ts'
import { DEFAULTS, LIMITS } from '../../core/limits.ts'
import { formatRedisAddress, parseRedisAddress, type RedisAddress } from './address.ts'
import { documentVerbs, journalVerbs, recordVerbs, scheduleVerbs } from './cold-verbs.ts'
import { examine } from './examine.ts'
import { EndHints } from './end-hints.ts'
import { closedError, notMigrated } from './failure.ts'
import * as hot from './hot-verbs.ts'
import { Link } from './link.ts'
import { checkServer, durabilityOf, readServer } from './server.ts'
import { endSessions, heartbeat, startSessions } from './sessions.ts'
import { Store } from './store.ts'
import { sweep } from './sweep.ts'
import { tellOfEnds, Watchers } from './watchers.ts'

/** What the Redis engine can be opened with. */
export interface RedisOptions extends EngineOptions {
  /** A heart has a connection of its own anyhow; nothing here blocks its thread. */
  readonly role: 'hot' | 'heart'
  /** Changes that a sweep leaves. */
  readonly changesKept: number
}

const SCHEMA_VERSION = 1

type Transactional = { readonly tx?: CallerTransaction }

/**
 * Opens a store on a server. Does not migrate.
 * @throws WindlassError `engine_url_invalid`, `engine_driver_missing`, `engine_unreachable`, `engine_too_old`,
 *   `engine_unsafe`, `engine_corrupt`, `newer_schema`
 */
export async function openRedis(url: string, given: Partial<RedisOptions> = {}): Promise<RedisEngine> {
  const address = parseRedisAddress(url, given.namespace ?? 'windlass')
  const options = {
    now: given.now ?? null,
    callTimeout: given.callTimeout ?? DEFAULTS.callTimeout,
    changesKept: given.changesKept ?? LIMITS.changes,
  }
  const link = new Link(address, { callTimeout: options.callTimeout })
  await link.open()
  const engine = new RedisEngine(link, address, options)
  try {
    checkServer(await readServer(link))
    await engine.look()
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}

export class RedisEngine implements Engine {
  readonly name = 'redis'
  readonly address: string
  readonly records: Records
  readonly schedules: Schedules
  readonly documents: Documents
  readonly journal: Journal
  readonly #link: Link
  readonly #store: Store
  readonly #watchers: Watchers
  readonly #endHints: EndHints
  #instance: string | null = null
  #closed = false

  constructor(
    link: Link,
    address: RedisAddress,
    options: {
      readonly now: (() => number) | null
      readonly callTimeout: number
      readonly changesKept: number
    },
  ) {
    this.address = formatRedisAddress(address)
    this.#link = link
    this.#store = new Store(link, { ...options, namespace: address.namespace })
    this.#watchers = new Watchers(address, options.callTimeout)
    this.#endHints = new EndHints(() => void tellOfEnds(this.#store))
    const open = (): Promise<Store> => this.#migrated()
    this.records = recordVerbs(open)
    this.schedules = scheduleVerbs(open)
    this.documents = documentVerbs(open)
    this.journal = journalVerbs(open)
  }

  get instanceId(): string {
    this.#open()
    if (this.#instance === null) throw notMigrated()
    return this.#instance
  }

  async migrate(): Promise<{ from: number; to: number }> {
    this.#open()
    const [from, to, instance] = await this.#store.run('migrate', [String(SCHEMA_VERSION), mintToken()])
    refuseNewer(Number(to))
    this.#instance = String(instance)
    return { from: Number(from), to: Number(to) }
  }

  async durability(): Promise<Durability> {
    this.#open()
    return durabilityOf(await readServer(this.#link))
  }

  async examine(): Promise<EngineFacts> {
    this.#open()
    return examine(this.#link)
  }

  async now(): Promise<number> {
    this.#open()
    return this.#store.now()
  }

  async enqueue(tasks: readonly NewTask[], options: Transactional = {}): Promise<EnqueueReply[]> {
    refuseTransaction(options)
    return this.#on((store) => hot.enqueue(store, tasks))
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
    return this.#on((store) => hot.claim(store, requests))
  }

  async settle(settlements: readonly Settlement[], options: Transactional = {}): Promise<SettleReply[]> {
    refuseTransaction(options)
    if (settlements.length === 0) return this.#on(async () => [])
    return this.#on((store) => hot.settle(store, settlements, this.#endHints.hold()))
  }

  async report(reports: readonly Report[]): Promise<ReportReply[]> {
    return this.#on((store) => hot.report(store, reports))
  }

  async startSession(sessions: readonly NewSession[]): Promise<('started' | 'exists')[]> {
    return this.#on((store) => startSessions(store, sessions))
  }

  async heartbeat(beats: readonly Beat[]): Promise<BeatReply[]> {
    return this.#on((store) => heartbeat(store, beats))
  }

  async endSession(ends: readonly SessionEnd[]): Promise<('ended' | 'already' | 'absent')[]> {
    return this.#on((store) => endSessions(store, ends))
  }

  async sweep(request: SweepRequest): Promise<SweepReply> {
    return this.#on((store) => sweep(store, request))
  }

  watch(listener: (hint: Hint) => void): () => void {
    this.#open()
    return this.#watchers.watch(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#endHints.close()
    this.#watchers.close()
    this.#link.close()
  }

  /** Reads whose store this is, if it has been migrated. */
  async look(): Promise<void> {
    const [schema, instance, wrong] = (await this.#store.run('look', [])).map(String)
    if (wrong !== '') throw foreignKey(String(wrong))
    refuseNewer(Number(schema))
    if (Number(schema) === SCHEMA_VERSION) this.#instance = instance ?? null
  }

  /** Runs in this very turn where the store is known: between an idle worker and its task every wait counts. */
  async #on<R>(run: (store: Store) => Promise<R>): Promise<R> {
    this.#open()
    return run(this.#instance === null ? await this.#migrated() : this.#store)
  }

  /** The store, if it is migrated, perhaps by another process since this one looked last. */
  async #migrated(): Promise<Store> {
    this.#open()
    if (this.#instance === null) {
      await this.look()
      if (this.#instance === null) throw notMigrated()
    }
    return this.#store
  }

  #open(): void {
    if (this.#closed) throw closedError()
  }
}

function foreignKey(key: string): WindlassError {
  const message = `the key ${JSON.stringify(key)} of this namespace is not of the type that it should be`
  return new WindlassError('engine_corrupt', message, {
    applied: 'no',
    hint: 'Another program has written it. Use another namespace, or remove the key if nobody needs it.',
  })
}

function refuseNewer(schema: number): void {
  if (schema <= SCHEMA_VERSION) return
  throw new WindlassError(
    'newer_schema',
    `the store has schema ${schema}, this program knows ${SCHEMA_VERSION}`,
    {
      applied: 'no',
    },
  )
}

/** There is nothing to take part in: to ignore it would let a rolled-back caller's task run. */
function refuseTransaction({ tx }: Transactional): void {
  if (tx === undefined) return
  throw new WindlassError('invalid_option', 'Redis has no transactions of a caller to take part in', {
    applied: 'no',
    hint: 'Leave `tx` out; with an SQL engine a task can be enqueued in the transaction.',
  })
}
