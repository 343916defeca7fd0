// The SQLite engine: the contract on one database file that several processes and threads share, or in memory.
// Promises what contract.md says, with every acknowledged write on disk (synchronous=FULL). What each verb does is
// in the file named after it; how transactions are made and waited for is in writer.ts and look.ts; commits of others are heard in commit-watch.ts.

import { NOT_ITS_TURN } from '../../core/no-turn.ts'
import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import type { CallerTransaction, Durability, Engine, EngineOptions } from '../../core/engine.ts'
import { plainFacts, type EngineFacts } from '../../core/engine-facts.ts'
import { DEFAULTS, LIMITS } from '../../core/limits.ts'
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
import { MIGRATION_TIMEOUT, refuseNewer } from '../sql/schema-version.ts'
import type { Access } from './access.ts'
import { formatSqliteAddress, type SqliteAddress } from './address.ts'
import { Caches } from './caches.ts'
import { runInTransaction } from './caller-transaction.ts'
import { claim, claimNothing } from './claim.ts'
import { lookOnce } from './look.ts'
import { checkpoint } from './checkpoint.ts'
import { documentVerbs, journalVerbs, recordVerbs, scheduleVerbs } from './cold-verbs.ts'
import { Connection } from './connection.ts'
import { OLDEST_SQLITE, openFile, type OpenFile } from './database-file.ts'
import { enqueue } from './enqueue.ts'
import { failureOf, notMigrated } from './failure.ts'
import { migrate, readInstance, SCHEMA_VERSION, schemaVersion } from './migrate.ts'
import { CommitWatch } from './commit-watch.ts'
import { report } from './report.ts'
import { answer, endSessions, heartbeat, startSessions } from './sessions.ts'
import { settle } from './settle.ts'
import { hasTurn, sweep } from './sweep.ts'
import type { Unit } from './unit.ts'
import { View } from './view.ts'
import { untilFree } from './until-free.ts'
import { Watchers } from './watchers.ts'
import { closedError, Writer } from './writer.ts'

/** What the SQLite engine can be opened with. */
export interface SqliteOptions extends EngineOptions {
  /** `heart`: in a thread of its own, where waiting for a lock may block. */
  readonly role: 'hot' | 'heart'
  /** Changes that a sweep leaves. */
  readonly changesKept: number
}

/** How long SQLite itself waits for a lock in a heart's thread. */
const HEART_WAIT = 1_000

/** Opens a store; creates the file where it is missing. Does not migrate. */
export async function openSqlite(
  address: SqliteAddress,
  given: Partial<SqliteOptions> = {},
): Promise<SqliteEngine> {
  const options: Omit<SqliteOptions, 'namespace'> = {
    now: given.now ?? null,
    callTimeout: given.callTimeout ?? DEFAULTS.callTimeout,
    role: given.role ?? 'hot',
    changesKept: given.changesKept ?? LIMITS.changes,
  }
  const file = await openFile({
    path: address.path,
    synchronous: address.synchronous,
    busyTimeout: options.role === 'heart' ? Math.min(HEART_WAIT, options.callTimeout) : 0,
    callTimeout: options.callTimeout,
  })
  try {
    return await untilFree(options.callTimeout, () => new SqliteEngine(file, address, options))
  } catch (error) {
    file.db.close()
    throw error
  }
}

export class SqliteEngine implements Engine {
  readonly name = 'sqlite'
  readonly address: string | null
  readonly records: Records
  readonly schedules: Schedules
  readonly documents: Documents
  readonly journal: Journal
  readonly #file: OpenFile
  readonly #synchronous: SqliteAddress['synchronous']
  readonly #namespace: string
  readonly #connection: Connection
  readonly #clock: () => number
  readonly #caches: Caches
  readonly #writer: Writer
  readonly #callTimeout: number
  readonly #watchers: Watchers
  #instance: string | null = null
  #closed = false
  /** The last claim left something behind: the next one need not look first. */
  #moreToClaim = false

  constructor(file: OpenFile, address: SqliteAddress, options: Omit<SqliteOptions, 'namespace'>) {
    this.#file = file
    this.#synchronous = address.synchronous
    this.#namespace = address.namespace
    this.address = file.path === null ? null : formatSqliteAddress({ ...address, path: file.path })
    this.#clock = options.now ?? Date.now
    this.#callTimeout = options.callTimeout
    this.#connection = new Connection(file.db, address.namespace)
    const { path } = file
    const connection = this.#connection
    this.#watchers = new Watchers(path === null ? null : (tell) => new CommitWatch(connection, path, tell))
    this.#caches = new Caches(options.changesKept)
    this.#writer = new Writer(this.#connection, this.#caches, {
      now: this.#clock,
      fsync: file.path !== null && address.synchronous === 'full',
      callTimeout: options.callTimeout,
      committed: (hints) => this.#watchers.committed(hints),
    })
    const access: Access = {
      read: (look) => this.#read(look),
      write: (items, run) => this.#write(items, run),
      writeOne: (run) => this.#writeOne(run),
    }
    this.records = recordVerbs(access)
    this.schedules = scheduleVerbs(access)
    this.documents = documentVerbs(access)
    this.journal = journalVerbs(access)
    const version = schemaVersion(this.#connection)
    refuseNewer(version, SCHEMA_VERSION)
    if (version === SCHEMA_VERSION) this.#instance = readInstance(this.#connection)
  }

  get instanceId(): string {
    return this.#migrated()
  }

  async migrate(): Promise<{ from: number; to: number }> {
    this.#open()
    const versions = await migrate(this.#connection, this.#clock(), MIGRATION_TIMEOUT)
    this.#instance = readInstance(this.#connection)
    return versions
  }

  async durability(): Promise<Durability> {
    this.#open()
    if (this.address === null) return { class: 'D0', text: 'in memory: lost when the process ends' }
    return this.#synchronous === 'full'
      ? { class: 'D3', text: 'on disk: fsynced before it is acknowledged (SQLite, synchronous=FULL)' }
      : {
          class: 'D2',
          text: 'survives a killed process; a power cut may lose the last moments (SQLite, synchronous=NORMAL)',
        }
  }

  async examine(): Promise<EngineFacts> {
    this.#open()
    return plainFacts('SQLite', process.versions['sqlite'] ?? '0', OLDEST_SQLITE.join('.'))
  }

  async now(): Promise<number> {
    this.#open()
    return this.#clock()
  }

  async enqueue(
    tasks: readonly NewTask[],
    { tx }: { readonly tx?: CallerTransaction } = {},
  ): Promise<EnqueueReply[]> {
    return tx === undefined ? this.#write(tasks, enqueue) : this.#inTransaction(tx, tasks, enqueue)
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
    if (requests.length === 0) return []
    this.#migrated()
    // Where a transaction is due anyhow, or work was left behind, looking first would only cost.
    if (!this.#writer.busy && !this.#moreToClaim) {
      const nothing = await this.#read((view) => claimNothing(view, requests))
      if (nothing !== null) return nothing
    }
    const weight = requests.reduce((sum, request) => sum + request.limit, 0)
    // A power cut ends every worker too: a claim that it takes back was of nobody's any more.
    const shape = { weight, fleeting: true }
    const replies = await this.#writer.submit(shape, (unit) => claim(unit, requests))
    this.#moreToClaim = replies.some((reply) => reply.more)
    return replies
  }

  async settle(
    settlements: readonly Settlement[],
    { tx }: { readonly tx?: CallerTransaction } = {},
  ): Promise<SettleReply[]> {
    return tx === undefined ? this.#write(settlements, settle) : this.#inTransaction(tx, settlements, settle)
  }

  async report(reports: readonly Report[]): Promise<ReportReply[]> {
    return this.#write(reports, report)
  }

  async startSession(sessions: readonly NewSession[]): Promise<('started' | 'exists')[]> {
    return this.#write(sessions, startSessions)
  }

  async heartbeat(beats: readonly Beat[]): Promise<BeatReply[]> {
    if (beats.some((beat) => beat.renew)) return this.#write(beats, heartbeat)
    return beats.length === 0 ? [] : this.#read((view) => beats.map((beat) => answer(view, beat)))
  }

  async endSession(ends: readonly SessionEnd[]): Promise<('ended' | 'already' | 'absent')[]> {
    return this.#write(ends, endSessions)
  }

  async sweep(request: SweepRequest): Promise<SweepReply> {
    if (!(await this.#read((view) => hasTurn(view, request)))) return NOT_ITS_TURN
    const reply = await this.#writeOne((unit) => sweep(unit, request), request.limit)
    // Here and not in some unlucky enqueue: what was written goes from the log to its place.
    if (reply.turn && this.address !== null) checkpoint(this.#connection)
    return reply
  }

  watch(listener: (hint: Hint) => void): () => void {
    this.#open()
    return this.#watchers.watch(listener)
  }

  async close(): Promise<void> {
    if (this.#closed) return
    this.#closed = true
    this.#writer.close()
    this.#watchers.close()
    this.#connection.db.close()
  }

  async #read<R>(look: (view: View) => R): Promise<R> {
    this.#migrated()
    return untilFree(this.#callTimeout, () => {
      this.#open()
      return lookOnce(new View(this.#connection, this.#caches, this.#clock()), look)
    })
  }

  async #write<T, R>(items: readonly T[], run: (unit: Unit, items: readonly T[]) => R[]): Promise<R[]> {
    this.#migrated()
    return items.length === 0 ? [] : this.#writer.submit({ weight: items.length }, (unit) => run(unit, items))
  }

  #inTransaction<T, R>(
    tx: CallerTransaction,
    items: readonly T[],
    run: (unit: Unit, items: readonly T[]) => R[],
  ): R[] {
    this.#migrated()
    if (items.length === 0) return []
    const { path } = this.#file
    const { changesKept } = this.#caches
    const store = { path, namespace: this.#namespace, now: this.#clock(), changesKept }
    return runInTransaction(tx, store, (unit) => run(unit, items))
  }

  async #writeOne<R>(run: (unit: Unit) => R, weight: number = 1): Promise<R> {
    this.#migrated()
    return this.#writer.submit({ weight }, run)
  }

  /** The instance id of a store that is migrated, perhaps by another process since this one looked last. */
  #migrated(): string {
    this.#open()
    if (this.#instance !== null) return this.#instance
    try {
      const version = schemaVersion(this.#connection)
      refuseNewer(version, SCHEMA_VERSION)
      if (version < SCHEMA_VERSION) throw notMigrated()
      this.#instance = readInstance(this.#connection)
      return this.#instance
    } catch (error) {
      throw failureOf(error)
    }
  }

  #open(): void {
    if (this.#closed) throw closedError()
  }
}
