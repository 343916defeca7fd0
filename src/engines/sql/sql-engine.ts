// An engine on a server as the contract sees it: which function serves which verb, and what is so for all of them. It is
// open, its store is migrated, a call with nothing in it asks nothing, and a caller's transaction comes with everything
// registered. How the server is reached and what each verb says to it is the engine's own.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import type { EngineFacts } from '../../core/engine-facts.ts'
import type { CallerTransaction, Durability, Engine, EngineName } from '../../core/engine.ts'
import type { WindlassError } from '../../core/errors.ts'
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
import {
  documentVerbs,
  journalVerbs,
  recordVerbs,
  scheduleVerbs,
  type RecordWays,
  type SqlStore,
} from './cold-verbs.ts'
import type { SqlUnit } from './session.ts'
import { endSessions, startSessions } from './sessions.ts'
import { sweep, type SweepSteps } from './sweep.ts'
import { enqueueIn, settleIn, type Units } from './units.ts'
import type { Watchers } from './watchers.ts'

/** What an engine says to its server; `S` is its store, `U` its session. */
export interface ServerWays<S extends SqlStore<U>, U extends SqlUnit> {
  readonly units: Units<S, U>
  readonly records: RecordWays<S, U>
  readonly sweep: SweepSteps<S, U>
  /** The id of a store of this very schema; null: it has to be migrated. */
  readInstance(store: S): Promise<string | null>
  migrate(store: S): Promise<{ from: number; to: number }>
  readDurability(store: S): Promise<Durability>
  examine(store: S): Promise<EngineFacts>
  enqueue(store: S, tasks: readonly NewTask[]): Promise<EnqueueReply[]>
  claim(store: S, requests: readonly ClaimRequest[]): Promise<ClaimReply[]>
  settle(store: S, settlements: readonly Settlement[]): Promise<SettleReply[]>
  report(store: S, reports: readonly Report[]): Promise<ReportReply[]>
  heartbeat(store: S, beats: readonly Beat[]): Promise<BeatReply[]>
  /** Runs a part of a transaction that the caller commits, on a store with this id. */
  runInTransaction<R>(
    tx: CallerTransaction,
    store: S,
    instance: string,
    run: (unit: U) => Promise<R>,
  ): Promise<R>
  /** Tells other processes of new work with the caller's commit, where the server has a way to. */
  announceIn?(store: S, unit: U): Promise<void>
  notMigrated(): WindlassError
  closedError(): WindlassError
}

/** What an engine is made of. */
export interface EngineParts<S> {
  readonly name: EngineName
  /** With which other processes reach the same store. */
  readonly address: string
  readonly store: S
  /** Of the store's commits. */
  readonly watchers: Watchers
  /** Gives back connections and ends what was started. */
  readonly end: () => Promise<void>
}

export class SqlEngine<S extends SqlStore<U>, U extends SqlUnit> implements Engine {
  readonly name: EngineName
  readonly address: string
  readonly records: Records
  readonly schedules: Schedules
  readonly documents: Documents
  readonly journal: Journal
  readonly #ways: ServerWays<S, U>
  readonly #store: S
  readonly #watchers: Watchers
  readonly #end: () => Promise<void>
  #instance: string | null = null
  #closing: Promise<void> | null = null

  constructor(ways: ServerWays<S, U>, { name, address, store, watchers, end }: EngineParts<S>) {
    this.name = name
    this.address = address
    this.#ways = ways
    this.#store = store
    this.#watchers = watchers
    this.#end = end
    const ready = (): Promise<S> => this.#ready()
    this.records = recordVerbs(ready, ways.units, ways.records)
    this.schedules = scheduleVerbs(ready, ways.units)
    this.documents = documentVerbs(ready)
    this.journal = journalVerbs(ready, ways.records)
  }

  get instanceId(): string {
    this.#open()
    if (this.#instance === null) throw this.#ways.notMigrated()
    return this.#instance
  }

  /** Connects, and learns what is there. */
  async look(): Promise<void> {
    this.#instance = await this.#ways.readInstance(this.#store)
  }

  async migrate(): Promise<{ from: number; to: number }> {
    this.#open()
    const versions = await this.#ways.migrate(this.#store)
    await this.look()
    return versions
  }

  async durability(): Promise<Durability> {
    this.#open()
    return this.#ways.readDurability(this.#store)
  }

  async examine(): Promise<EngineFacts> {
    this.#open()
    return this.#ways.examine(this.#store)
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
    const ways = this.#ways
    if (tx === undefined) return ways.enqueue(store, tasks)
    return this.#inTransaction(tx, tasks, async (unit) => {
      const replies = await enqueueIn(ways.units, store, unit, tasks)
      if (notify) await ways.announceIn?.(store, unit)
      return replies
    })
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
    const store = await this.#ready()
    return requests.length === 0 ? [] : this.#ways.claim(store, requests)
  }

  async settle(
    settlements: readonly Settlement[],
    { tx }: { readonly tx?: CallerTransaction } = {},
  ): Promise<SettleReply[]> {
    const store = await this.#ready()
    if (settlements.length === 0) return []
    if (tx === undefined) return this.#ways.settle(store, settlements)
    const followUps = settlements.flatMap((one) => one.followUps)
    return this.#inTransaction(tx, followUps, (unit) => settleIn(this.#ways.units, store, unit, settlements))
  }

  async report(reports: readonly Report[]): Promise<ReportReply[]> {
    const store = await this.#ready()
    return reports.length === 0 ? [] : this.#ways.report(store, reports)
  }

  async startSession(sessions: readonly NewSession[]): Promise<('started' | 'exists')[]> {
    const store = await this.#ready()
    return sessions.length === 0 ? [] : store.write((unit) => startSessions(unit, sessions))
  }

  async heartbeat(beats: readonly Beat[]): Promise<BeatReply[]> {
    const store = await this.#ready()
    return beats.length === 0 ? [] : this.#ways.heartbeat(store, beats)
  }

  async endSession(ends: readonly SessionEnd[]): Promise<('ended' | 'already' | 'absent')[]> {
    const store = await this.#ready()
    return ends.length === 0 ? [] : store.write((unit) => endSessions(unit, ends))
  }

  async sweep(request: SweepRequest): Promise<SweepReply> {
    return sweep(this.#ways.sweep, await this.#ready(), request)
  }

  watch(listener: (hint: Hint) => void): () => void {
    this.#open()
    return this.#watchers.watch(listener)
  }

  close(): Promise<void> {
    this.#closing ??= this.#close()
    return this.#closing
  }

  async #close(): Promise<void> {
    this.#watchers.close()
    await this.#end()
  }

  async #inTransaction<R>(
    tx: CallerTransaction,
    tasks: readonly NewTask[],
    run: (unit: U) => Promise<R>,
  ): Promise<R> {
    // On a connection of our own: nobody is to wait for the caller's commit because of it.
    await this.#ways.units.register(this.#store, tasks)
    return this.#ways.runInTransaction(tx, this.#store, this.instanceId, run)
  }

  /** The store, once it is migrated, perhaps by another process since this one looked last. */
  async #ready(): Promise<S> {
    this.#open()
    if (this.#instance === null) await this.look()
    this.#open()
    if (this.#instance === null) throw this.#ways.notMigrated()
    return this.#store
  }

  #open(): void {
    if (this.#closing !== null) throw this.#ways.closedError()
  }
}

/** Opens an engine: it stays open only if its store can be looked at. */
export async function opened<E extends { look(): Promise<void>; close(): Promise<void> }>(
  engine: E,
): Promise<E> {
  try {
    await engine.look()
    return engine
  } catch (error) {
    await engine.close()
    throw error
  }
}
