// Conformance: limits, empty arrays, and the engine around its verbs: time, durability, what is closed stays closed.

import assert from 'node:assert/strict'

import type { Engine } from '../../core/engine.ts'
import { appliedOf, WindlassError } from '../../core/errors.ts'
import { LIMITS } from '../../core/limits.ts'
import { mintToken } from '../../core/ids.ts'
import { newSession, newTask, outcomes } from '../samples.ts'
import { settlement, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

/** Every verb that takes an array, with an empty one. */
const EMPTY: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  enqueue: (engine) => engine.enqueue([]),
  claim: (engine) => engine.claim([]),
  settle: (engine) => engine.settle([]),
  report: (engine) => engine.report([]),
  startSession: (engine) => engine.startSession([]),
  heartbeat: (engine) => engine.heartbeat([]),
  endSession: (engine) => engine.endSession([]),
  'records.get': (engine) => engine.records.get([]),
  'records.act': (engine) => engine.records.act([]),
  'records.stats': (engine) => engine.records.stats([]),
  'records.ahead': (engine) => engine.records.ahead([]),
  'schedules.put': (engine) => engine.schedules.put([]),
  'schedules.list': (engine) => engine.schedules.list([]),
  'schedules.remove': (engine) => engine.schedules.remove([]),
  'schedules.fire': (engine) => engine.schedules.fire([]),
  'documents.get': (engine) => engine.documents.get([]),
  'documents.put': (engine) => engine.documents.put([]),
  'documents.remove': (engine) => engine.documents.remove([]),
  'journal.attempts': (engine) => engine.journal.attempts([]),
}

const FIND = { limit: 1, cursor: null }
const READ = { stream: 's', key: null, from: null, to: null, limit: 1, cursor: null }
const SWEEP = {
  session: null,
  every: 0,
  declare: false,
  extend: false,
  grace: 0,
  limit: 1,
  cursor: null,
  keepCount: 1,
  keepBytes: null,
} as const

/** Every other verb, in a form that an open engine takes. */
const REST: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  migrate: (engine) => engine.migrate(),
  durability: (engine) => engine.durability(),
  now: (engine) => engine.now(),
  sweep: (engine) => engine.sweep(SWEEP),
  watch: async (engine) => engine.watch(() => undefined)(),
  'records.find': (engine) => engine.records.find(FIND),
  'records.sessions': (engine) => engine.records.sessions({ state: null, host: null }),
  'records.changes': (engine) => engine.records.changes(0, 1),
  'schedules.due': (engine) => engine.schedules.due(1),
  'documents.list': (engine) => engine.documents.list('k', null, 1),
  'journal.append': (engine) => engine.journal.append([{ stream: 's', key: 'k', at: 1, body: '' }]),
  'journal.read': (engine) => engine.journal.read(READ),
  'journal.logs': (engine) => engine.journal.logs('id', null, 1),
  'journal.prune': (engine) => engine.journal.prune('s', 0, 1),
}

/** The array verbs with one item each: an empty array may be answered without asking the store. */
const ONE: Readonly<Record<string, (engine: Engine) => Promise<unknown>>> = {
  enqueue: (engine) => engine.enqueue([newTask()]),
  claim: (engine) => engine.claim([{ session: 's', claimId: mintToken(), queues: null, limit: 1 }]),
  report: (engine) => engine.report([{ id: 'i', claim: 'c.1', progress: null, logs: [] }]),
  startSession: (engine) => engine.startSession([newSession()]),
  heartbeat: (engine) =>
    engine.heartbeat([
      {
        session: 's',
        renew: true,
        held: { count: 0, hash: 0, list: null },
        unclaimedAfter: 0,
        draining: false,
      },
    ]),
  endSession: (engine) => engine.endSession([{ session: 's', cause: 'stopped', culprits: null }]),
  'records.get': (engine) => engine.records.get(['i']),
  'records.act': (engine) => engine.records.act([{ verb: 'cancel', id: 'i' }]),
  'records.stats': (engine) => engine.records.stats(null),
  'records.ahead': (engine) => engine.records.ahead(['i']),
  'schedules.list': (engine) => engine.schedules.list(null),
  'schedules.remove': (engine) => engine.schedules.remove([{ name: 'n', version: 1 }]),
  'documents.get': (engine) => engine.documents.get([{ kind: 'k', key: 'k' }]),
  'documents.put': (engine) => engine.documents.put([{ kind: 'k', key: 'k', version: 0, body: '' }]),
  'journal.attempts': (engine) => engine.journal.attempts(['i']),
}

async function isClosed(call: () => Promise<unknown>): Promise<void> {
  await assert.rejects(
    async () => call(),
    (error) => {
      assert.ok(error instanceof WindlassError, String(error))
      assert.deepEqual([error.code, appliedOf(error)], ['engine_closed', 'no'])
      return true
    },
  )
}

const empty = [
  ...checkEach(
    Object.entries(EMPTY),
    ([verb]) => `${verb} of nothing is nothing`,
    ['DESIGN §4'],
    async (b, [, call]) => {
      await b.add()
      assert.deepEqual(await call(b.engine), [])
      assert.deepEqual((await b.engine.records.find({ limit: 10, cursor: null })).tasks.length, 1)
    },
  ),
  check('appending nothing is nothing', ['DESIGN §4'], async (b) => {
    await b.engine.journal.append([])
    assert.deepEqual(await b.engine.journal.read(READ), { entries: [], next: null })
  }),
]

const full = [
  check('a full batch is settled, reported and read whole', [14, 20], async (b) => {
    const session = await b.session()
    await b.addAll(Array.from({ length: LIMITS.batch }, () => ({})))
    const { tasks } = await b.claim(session, { limit: LIMITS.batch })
    assert.equal(tasks.length, LIMITS.batch)
    const reports = tasks.map(({ id, claim }) => ({ id, claim: claim ?? '', progress: null, logs: [] }))
    assert.ok((await b.engine.report(reports)).every((reply) => reply.status === 'ok'))
    const replies = await b.engine.settle(tasks.map((task) => settlement(task, outcomes.succeed())))
    assert.ok(replies.every((reply) => reply.status === 'applied' && reply.state === 'succeeded'))
    const read = await b.engine.records.get(tasks.map((task) => task.id))
    assert.ok(read.every((task, i) => task?.id === tasks[i]?.id && task?.state === 'succeeded'))
  }),
  check('a batch of 1 MiB of payload is taken in', [14], async (b) => {
    const payload = JSON.stringify('x'.repeat(LIMITS.payloadBytes - 2))
    const tasks = Array.from({ length: LIMITS.batchBytes / LIMITS.payloadBytes }, () => newTask({ payload }))
    const replies = await b.engine.enqueue(tasks)
    assert.ok(replies.every((reply) => reply.outcome === 'created'))
    const taken = await b.claim(await b.session())
    assert.ok(taken.tasks.every((task) => task.payload === payload))
  }),
]

async function movesWith(b: Bench): Promise<void> {
  assert.equal(await b.engine.now(), b.now)
  b.clock.advance(123_456)
  assert.equal(await b.engine.now(), b.now)
}

const around = [
  check('engine time is the time it was opened with', ['DESIGN §4'], movesWith),
  check('the durability class is said', ['DESIGN §1'], async (b) => {
    const { class: level, text } = await b.engine.durability()
    assert.match(level, /^D[0123]$/)
    assert.match(text, /\w/)
  }),
  check('a store has an id of its own', ['DESIGN §9'], async (b) => {
    assert.match(b.engine.instanceId, /^\S{8,}$/)
    assert.equal(typeof b.engine.name, 'string')
  }),
]

const closed = [
  ...checkEach(
    Object.entries({ ...ONE, ...REST }),
    ([verb]) => `${verb} after close is engine_closed, not applied`,
    ['DESIGN §4'],
    async (b, [, call]) => {
      await call(b.engine)
      await b.engine.close()
      await isClosed(() => call(b.engine))
    },
  ),
  check('settle after close is engine_closed, not applied', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    await b.engine.close()
    await isClosed(() => b.settle(task, outcomes.succeed()))
  }),
  check('close may be called twice, also at once', ['DESIGN §4'], async (b) => {
    await Promise.all([b.engine.close(), b.engine.close()])
    await b.engine.close()
  }),
]

export const emptyTopic: TopicSpec = { topic: 'limits and empty arrays', cases: [...empty, ...full] }
export const closedTopic: TopicSpec = { topic: 'closed engine', cases: [...around, ...closed] }
