// Writes histories by hand, one short line per event, for the tests of the checker itself.
// Promises to write down whatever it is told, also what no engine could show: that is what it is for.

import type { Action, ActionReply, QueueStats } from '../../core/cold-verbs.ts'
import type { Outcome, NewTask, SettleReply, SweepReply } from '../../core/hot-verbs.ts'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../core/queue-settings.ts'
import type { TaskRecord, TaskState } from '../../core/record.ts'
import { newSession, newTask, outcomes } from '../samples.ts'
import type { Call, CallOf, CallStatus, History, Run, Verb } from './history.ts'

/** How a call ended where it did not simply answer. */
type Failed = Exclude<CallStatus, 'ok'>

export class Story {
  now = 1_000_000
  #mono = 0
  readonly #calls: Call[] = []
  readonly #runs: Run[] = []
  readonly #tasks = new Map<string, NewTask>()
  readonly #final: TaskRecord[] = []
  #position = 0
  #healed: number | null = null
  #stats: QueueStats[] = []

  pass(ms: number): this {
    this.#mono += ms
    return this.jump(ms)
  }

  /** Engine time alone. */
  jump(ms: number): this {
    this.now += ms
    return this
  }

  enqueue(fields: Partial<NewTask> & { id: string }, end: 'created' | 'existing' | Failed = 'created'): this {
    const task = newTask(fields)
    if (!this.#tasks.has(task.id)) this.#tasks.set(task.id, task)
    const ready = 'at' in task.due ? task.due.at <= this.now : task.due.after <= 0
    const reply = { id: task.id, state: ready ? ('ready' as const) : ('scheduled' as const) }
    return end === 'created' || end === 'existing'
      ? this.#call('enqueue', [task], [{ outcome: end, ...reply }])
      : this.#call('enqueue', [task], null, end)
  }

  start(session: string, concurrency = 10): this {
    return this.#call('startSession', [newSession({ id: session, concurrency })], ['started'])
  }

  /** Claims the attempts that are named, `id.attempt`; their handlers start at once unless `idle`. */
  claim(session: string, claimId: string, tasks: readonly Taken[], more: Claiming = {}): this {
    const records = tasks.map(({ id, attempt = 1, ...fields }) => {
      const token = { claim: `${claimId}.${attempt}`, attempt, session }
      return this.record(id, 'running', { ...token, startedAt: this.now, ...fields })
    })
    const { queues = null, limit = Math.max(1, tasks.length), live = true, idle = false } = more
    const told = { live, tasks: records, more: false, nextDueIn: null }
    this.#call('claim', [{ session, claimId, queues, limit }], [told])
    for (const { id, attempt, claim } of idle ? [] : records)
      this.#runs.push({ ...this.#moment(), node: 'n1', what: 'start', id, claim: claim ?? '', attempt })
    return this
  }

  settle(
    id: string,
    claim: string,
    outcome: Outcome,
    end: SettleReply['status'] | Failed = 'applied',
    more: Settling = {},
  ): this {
    const asked = { id, claim, guard: more.guard ?? 'claim', outcome, followUps: [], logs: [] } as const
    if (end === 'not_applied' || end === 'unknown') return this.#call('settle', [asked], null, end)
    const state = more.state ?? outcome.to
    return this.#call('settle', [asked], [{ status: end, state, followUps: [] }])
  }

  succeed(id: string, claim: string, end: SettleReply['status'] | Failed = 'applied'): this {
    return this.settle(id, claim, outcomes.succeed('1'), end)
  }

  act(action: Action, outcome: ActionReply['outcome'] | Failed = 'done'): this {
    if (outcome === 'not_applied' || outcome === 'unknown') return this.#call('act', [action], null, outcome)
    return this.#call('act', [action], [{ outcome, state: null, holder: null }])
  }

  /** The operator pauses a queue, or lets it go on. */
  pause(queue: string, paused: boolean): this {
    const put = { kind: QUEUE_DOCUMENT, key: queue, version: 1, body: writeQueueSettings({ paused }) }
    return this.#call('putDocument', [put], [{ status: 'put', version: 2 }])
  }

  beat(session: string, status: 'live' | 'gone'): this {
    const held = { count: 0, hash: 0, list: null }
    const lists = { mismatch: false, lost: [], unclaimed: [], cancels: [], paused: [], nextDueIn: null }
    return this.#call(
      'heartbeat',
      [{ session, renew: true, held, unclaimedAfter: 5_000, draining: false }],
      [{ status, now: this.now, ...lists }],
    )
  }

  end(session: string): this {
    return this.#call('endSession', [{ session, cause: 'killed', culprits: null }], ['ended'])
  }

  /** Fires the tick of a schedule that is due at `dueAt`. */
  fire(dueAt: number, version: number, status: 'fired' | 'stale' = 'fired'): this {
    const firing = { name: 'nightly', version, dueAt, nextDueAt: dueAt + 1_000, tasks: [], journal: [] }
    return this.#call('fire', [firing], [{ status, tasks: [] }])
  }

  sweep(reply: Partial<SweepReply>, declare = false): this {
    const who = { session: 's1', every: 0, declare, extend: false, grace: 0, limit: 100, cursor: null }
    const nothing = { turn: true, orphans: [], overdue: [], declaredDead: [], expired: 0, promoted: 0 }
    return this.#call(
      'sweep',
      [{ ...who, keepCount: 1e6, keepBytes: null }],
      [{ ...nothing, purged: 0, cursor: null, ...reply }],
    )
  }

  heal(): this {
    this.#healed = this.#moment().position
    return this
  }

  /** The record of a task as the store would hold it. */
  record(id: string, state: TaskState, fields: Partial<TaskRecord> = {}): TaskRecord {
    const { due: _, expires: _e, unique, minted: _m, ...spec } = this.#tasks.get(id) ?? newTask({ id })
    const times = {
      createdAt: 1_000_000,
      runAt: 1_000_000,
      expiresAt: null,
      startedAt: null,
      finishedAt: null,
    }
    const counters = { attempt: 1, failures: 0, crashes: 0, losses: 0, releases: 0, snoozes: 0 }
    const blank = { claim: null, session: null, deadlineAt: null, cancelRequestedAt: null, progress: null }
    const ending = { outcome: null, reason: null, result: state === 'succeeded' ? '1' : null, error: null }
    const key = { uniqueKey: unique?.key ?? null, uniqueUntil: null, place: 1 }
    return { ...spec, ...times, ...counters, ...blank, ...ending, ...key, state, ...fields }
  }

  /** What the store holds of a task when all is over. */
  ends(id: string, state: TaskState, fields: Partial<TaskRecord> = {}): this {
    this.#final.push(this.record(id, state, fields))
    return this
  }

  counts(queue: string, counts: Partial<QueueStats['counts']>): this {
    const none = { scheduled: 0, ready: 0, running: 0, succeeded: 0, dead: 0, cancelled: 0 }
    const rest = { paused: false, estimated: [], oldest: null, workers: 0 }
    this.#stats.push({ queue, counts: { ...none, ...counts }, ...rest })
    return this
  }

  get history(): History {
    const final = { now: this.now, tasks: this.#final, stats: this.#stats, paused: [] }
    return { calls: this.#calls, runs: this.#runs, final, healed: this.#healed, clockWentBack: false }
  }

  #moment(): { position: number; at: number } {
    return { position: ++this.#position, at: this.now }
  }

  #call<V extends Verb>(verb: V, asked: CallOf<V>['asked'], told: CallOf<V>['told'], failed?: Failed): this {
    const invoked = ++this.#position
    const returned = failed === 'unknown' ? Number.POSITIVE_INFINITY : ++this.#position
    const times = { invoked, returned, at: this.now, until: this.now, sent: this.#mono, heard: this.#mono }
    const call: CallOf<V> = { node: 'n1', verb, ...times, status: failed ?? 'ok', asked, told }
    this.#calls.push(call as Call)
    return this
  }
}

type Taken = Partial<TaskRecord> & { readonly id: string }

interface Claiming {
  readonly queues?: readonly string[]
  readonly limit?: number
  readonly live?: boolean
  readonly idle?: boolean
}

interface Settling {
  readonly guard?: 'claim' | 'rescue' | 'overdue'
  readonly state?: TaskState
}
