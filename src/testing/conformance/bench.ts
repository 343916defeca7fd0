// What a case works with: a fresh store, a clock to move, and the verbs in the short forms that most cases need.
// The short forms assert what goes without saying (a task was created, exactly one was claimed), so that a case
// holds only what it is about.

import assert from 'node:assert/strict'

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import type { Engine } from '../../core/engine.ts'
import { heldHash } from '../../core/held.ts'
import type {
  BeatReply,
  Beat,
  ClaimReply,
  ClaimRequest,
  EnqueueReply,
  Held,
  NewSession,
  NewTask,
  Outcome,
  Settlement,
  SettleReply,
  SweepReply,
  SweepRequest,
} from '../../core/hot-verbs.ts'
import { mintToken } from '../../core/ids.ts'
import { DEFAULTS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../core/queue-settings.ts'
import type { TaskRecord } from '../../core/record.ts'
import { ManualClock } from '../clock.ts'
import { newSession, newTask } from '../samples.ts'
import type { Ability, EngineFactory, OpenedStore, OpenOptions } from './factory.ts'

type TaskFields = Partial<NewTask>

/** The first item, which must be there. */
export function only<T>(list: readonly T[]): T {
  assert.equal(list.length, 1, `expected exactly one, got ${list.length}`)
  return list[0] as T
}

/** The ids of tasks, in order. */
export function ids(tasks: readonly { readonly id: string }[]): string[] {
  return tasks.map((task) => task.id)
}

export class Bench {
  readonly engine: Engine
  readonly clock: ManualClock
  readonly store: OpenedStore

  constructor(store: OpenedStore, clock: ManualClock) {
    this.engine = store.engine
    this.clock = clock
    this.store = store
  }

  static async open(factory: EngineFactory, options: Omit<OpenOptions, 'now'>): Promise<Bench> {
    const clock = new ManualClock()
    return new Bench(await factory.open({ now: clock.now, ...options }), clock)
  }

  async destroy(): Promise<void> {
    await this.store.destroy()
  }

  /** Engine time. */
  get now(): number {
    return this.clock.now()
  }

  /** A second connection to the same store. */
  async second(): Promise<Engine> {
    return this.ability('reopen')()
  }

  /** What the store offers beyond the engine; a factory that has not got it says so in `cannot`. */
  ability<A extends Exclude<Ability, 'shortFeed'>>(name: A): NonNullable<OpenedStore[A]> {
    const offered = this.store[name]
    assert.ok(offered !== undefined, `the factory offers no ${name} and does not say why in \`cannot\``)
    return offered.bind(this.store) as NonNullable<OpenedStore[A]>
  }

  // ── tasks ───────────────────────────────────────────────────────────────────────────────────────────────

  /** Enqueues one task, which must be created; answers its id. */
  async add(fields: TaskFields = {}): Promise<string> {
    return only(await this.addAll([fields]))
  }

  /** Enqueues several in one call, all of which must be created. */
  async addAll(list: readonly TaskFields[]): Promise<string[]> {
    const replies = await this.engine.enqueue(list.map((fields) => newTask(fields)))
    assert.deepEqual([...new Set(replies.map((reply) => reply.outcome))], ['created'])
    return replies.map((reply) => reply.id)
  }

  async enqueue(task: NewTask): Promise<EnqueueReply> {
    return only(await this.engine.enqueue([task]))
  }

  /** The task as the store holds it; it must be there. */
  async get(id: string): Promise<TaskRecord> {
    const task = only(await this.engine.records.get([id]))
    assert.ok(task !== null, `task ${id} is not there`)
    return task
  }

  async states(list: readonly string[]): Promise<(string | null)[]> {
    return (await this.engine.records.get(list)).map((task) => task?.state ?? null)
  }

  async act(verb: 'cancel' | 'requeue' | 'delete', id: string): Promise<ActionReply> {
    const action: Action = { verb, id }
    return only(await this.engine.records.act([action]))
  }

  // ── claims and settlements ──────────────────────────────────────────────────────────────────────────────

  async session(fields: Partial<NewSession> = {}): Promise<string> {
    const session = newSession(fields)
    assert.deepEqual(await this.engine.startSession([session]), ['started'])
    return session.id
  }

  async claim(session: string, fields: Partial<ClaimRequest> = {}): Promise<ClaimReply> {
    const request = { session, claimId: mintToken(), queues: null, limit: 100, ...fields }
    return only(await this.engine.claim([request]))
  }

  /** Claims one task; there must be one. */
  async take(session: string, fields: Partial<ClaimRequest> = {}): Promise<TaskRecord> {
    return only((await this.claim(session, { limit: 1, ...fields })).tasks)
  }

  /** A running task of a new session. */
  async start(fields: TaskFields = {}, session?: string): Promise<TaskRecord> {
    await this.add(fields)
    return this.take(session ?? (await this.session()))
  }

  /** Settles under the token that the task carries. */
  async settle(task: TaskRecord, outcome: Outcome, fields: Partial<Settlement> = {}): Promise<SettleReply> {
    return only(await this.engine.settle([settlement(task, outcome, fields)]))
  }

  /** Settles, which must be applied; answers the task afterwards. */
  async end(task: TaskRecord, outcome: Outcome, fields: Partial<Settlement> = {}): Promise<TaskRecord> {
    const reply = await this.settle(task, outcome, fields)
    assert.equal(reply.status, 'applied')
    return this.get(task.id)
  }

  /** A task that ended so. */
  async ended(outcome: Outcome, fields: TaskFields = {}): Promise<TaskRecord> {
    return this.end(await this.start(fields), outcome)
  }

  // ── upkeep ──────────────────────────────────────────────────────────────────────────────────────────────

  async beat(session: string, held: readonly Held[], fields: Partial<Beat> = {}): Promise<BeatReply> {
    const carried = { count: held.length, hash: heldHash(held), list: null }
    const beat = { session, renew: true, held: carried, unclaimedAfter: 5_000, draining: false, ...fields }
    return only(await this.engine.heartbeat([beat]))
  }

  async kill(session: string, culprits: readonly string[] | null = null): Promise<void> {
    assert.deepEqual(await this.engine.endSession([{ session, cause: 'killed', culprits }]), ['ended'])
  }

  /** A sweep whose turn it is, of a process without a session; declares nobody dead unless told to. */
  async sweep(fields: Partial<SweepRequest> = {}): Promise<SweepReply> {
    return this.engine.sweep({
      session: null,
      every: 0,
      declare: false,
      extend: false,
      grace: DEFAULTS.grace,
      limit: 1_000,
      cursor: null,
      keepCount: DEFAULTS.keepCount,
      keepBytes: DEFAULTS.keepBytes,
      ...fields,
    })
  }

  async pause(queue: string, paused = true): Promise<void> {
    const key = { kind: QUEUE_DOCUMENT, key: queue }
    const version = only(await this.engine.documents.get([key]))?.version ?? 0
    const body = writeQueueSettings({ paused })
    assert.equal(only(await this.engine.documents.put([{ ...key, version, body }])).status, 'put')
  }
}

/** A settlement of a running task under its own token. */
export function settlement(task: TaskRecord, outcome: Outcome, fields: Partial<Settlement> = {}): Settlement {
  assert.ok(task.claim !== null, `task ${task.id} is not running`)
  return { id: task.id, claim: task.claim, guard: 'claim', outcome, followUps: [], logs: [], ...fields }
}

/** What a task is held under. */
export function held(task: TaskRecord): Held {
  return { id: task.id, claim: task.claim ?? '' }
}
