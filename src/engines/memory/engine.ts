// The memory engine: the contract's executable specification, and the quickest engine for tests of others.
// Promises that each verb is one synchronous unit: nothing else happens between its first look and its last
// change. Keeps nothing when the process ends. What each verb does is in the file named after it.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import { plainFacts, type EngineFacts } from '../../core/engine-facts.ts'
import type { CallerTransaction, Durability, Engine, EngineOptions } from '../../core/engine.ts'
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
import { act } from './act.ts'
import { attemptsOf, readLogs } from './attempts.ts'
import { claim } from './claim.ts'
import * as documents from './documents.ts'
import { enqueue } from './enqueue.ts'
import * as journal from './journal.ts'
import * as records from './records.ts'
import { find } from './search.ts'
import { endSessions, heartbeat, startSessions } from './sessions.ts'
import { report, settle } from './settle.ts'
import { MemoryStore } from './store.ts'
import { sweep } from './sweep.ts'

/** The schema of the store; a memory store is only ever of this one. */
const SCHEMA_VERSION = 1

type Transactional = { readonly tx?: CallerTransaction }

/**
 * Opens a connection to a store in this process.
 * @param store one that other connections use too; by default a new one
 */
export function openMemory(
  options: Partial<EngineOptions> = {},
  store: MemoryStore = new MemoryStore(),
): MemoryEngine {
  return new MemoryEngine(store, options.now ?? Date.now)
}

export class MemoryEngine implements Engine {
  readonly name = 'memory'
  readonly address = null
  readonly #store: MemoryStore
  readonly #clock: () => number
  readonly #unwatch = new Set<() => void>()
  #closed = false

  constructor(store: MemoryStore, clock: () => number) {
    this.#store = store
    this.#clock = clock
  }

  get instanceId(): string {
    return this.#store.instanceId
  }

  async migrate(): Promise<{ from: number; to: number }> {
    return this.#unit((store) => {
      const from = store.version
      store.version = SCHEMA_VERSION
      return { from, to: SCHEMA_VERSION }
    })
  }

  async durability(): Promise<Durability> {
    return this.#unit(() => ({ class: 'D0', text: 'in memory: lost when the process ends' }))
  }

  async examine(): Promise<EngineFacts> {
    return this.#unit(() => plainFacts('memory of Node', process.versions.node, '24'))
  }

  async now(): Promise<number> {
    return this.#unit((store) => store.now)
  }

  async enqueue(tasks: readonly NewTask[], options: Transactional = {}): Promise<EnqueueReply[]> {
    refuseTransaction(options)
    return this.#unit((store) => enqueue(store, tasks))
  }

  async claim(requests: readonly ClaimRequest[]): Promise<ClaimReply[]> {
    return this.#unit((store) => claim(store, requests))
  }

  async settle(settlements: readonly Settlement[], options: Transactional = {}): Promise<SettleReply[]> {
    refuseTransaction(options)
    return this.#unit((store) => settle(store, settlements))
  }

  async report(reports: readonly Report[]): Promise<ReportReply[]> {
    return this.#unit((store) => report(store, reports))
  }

  async startSession(sessions: readonly NewSession[]): Promise<('started' | 'exists')[]> {
    return this.#unit((store) => startSessions(store, sessions))
  }

  async heartbeat(beats: readonly Beat[]): Promise<BeatReply[]> {
    return this.#unit((store) => heartbeat(store, beats))
  }

  async endSession(ends: readonly SessionEnd[]): Promise<('ended' | 'already' | 'absent')[]> {
    return this.#unit((store) => endSessions(store, ends))
  }

  async sweep(request: SweepRequest): Promise<SweepReply> {
    return this.#unit((store) => sweep(store, request))
  }

  watch(listener: (hint: Hint) => void): () => void {
    return this.#unit((store) => {
      const stop = store.hints.watch(listener)
      this.#unwatch.add(stop)
      return () => {
        this.#unwatch.delete(stop)
        stop()
      }
    })
  }

  readonly records: Records = {
    get: async (ids) => this.#unit((store) => records.get(store, ids)),
    find: async (filter) => this.#unit((store) => find(store, filter)),
    act: async (actions) => this.#unit((store) => act(store, actions)),
    stats: async (queues) => this.#unit((store) => records.stats(store, queues)),
    sessions: async (filter) => this.#unit((store) => records.sessions(store, filter)),
    ahead: async (ids) => this.#unit((store) => records.ahead(store, ids)),
    changes: async (since, limit) => this.#unit((store) => store.changes.read(since, limit)),
  }

  readonly schedules: Schedules = {
    put: async (items) => this.#unit((store) => documents.putSchedules(store, items)),
    list: async (names) => this.#unit((store) => documents.listSchedules(store, names)),
    remove: async (items) => this.#unit((store) => documents.removeSchedules(store, items)),
    due: async (limit) => this.#unit((store) => documents.dueSchedules(store, limit)),
    fire: async (items) => this.#unit((store) => documents.fire(store, items)),
  }

  readonly documents: Documents = {
    get: async (keys) => this.#unit((store) => documents.getDocuments(store, keys)),
    list: async (kind, after, limit) =>
      this.#unit((store) => documents.listDocuments(store, kind, after, limit)),
    put: async (items) => this.#unit((store) => documents.putDocuments(store, items)),
    remove: async (items) => this.#unit((store) => documents.removeDocuments(store, items)),
  }

  readonly journal: Journal = {
    append: async (entries) => this.#unit((store) => journal.append(store, entries)),
    read: async (query) => this.#unit((store) => journal.read(store, query)),
    attempts: async (ids) =>
      this.#unit((store) =>
        ids.map((id) => {
          const row = store.tasks.get(id)
          return row === undefined ? [] : attemptsOf(row)
        }),
      ),
    logs: async (id, after, limit) =>
      this.#unit((store) => {
        const row = store.tasks.get(id)
        return row === undefined ? { lines: [], next: null } : readLogs(row, after, limit)
      }),
    prune: async (stream, before, limit) =>
      this.#unit((store) => journal.prune(store, stream, before, limit)),
  }

  async close(): Promise<void> {
    this.#closed = true
    for (const stop of this.#unwatch) stop()
    this.#unwatch.clear()
  }

  /** One atomic unit: the time is read once, the change is made, hints go out after it. */
  #unit<R>(change: (store: MemoryStore) => R): R {
    if (this.#closed) {
      throw new WindlassError('engine_closed', 'the memory engine was closed', { applied: 'no' })
    }
    this.#store.now = this.#clock()
    const answer = change(this.#store)
    this.#store.hints.send()
    return answer
  }
}

/** There is nothing to take part in: to ignore it would let a rolled-back caller's task run. */
function refuseTransaction({ tx }: Transactional): void {
  if (tx === undefined) return
  throw new WindlassError('invalid_option', 'the memory engine has no transactions to enqueue in', {
    applied: 'no',
  })
}
