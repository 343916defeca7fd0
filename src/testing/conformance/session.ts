// Conformance: session and lease. Start, renewal, the one irrevocable step from live to dead.
// What a heartbeat reconciles is a topic of its own; death declared by time is with the sweep.

import assert from 'node:assert/strict'

import type { SessionRecord } from '../../core/record.ts'
import { newSession, outcomes } from '../samples.ts'
import { only, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

async function read(b: Bench, id: string): Promise<SessionRecord> {
  const all = await b.engine.records.sessions({ state: null, host: null })
  return only(all.filter((session) => session.id === id))
}

const life = [
  check('a new session is live, with every field as given and a lease from engine now', [1], async (b) => {
    const session = newSession({
      queues: ['mail', 'Mail'],
      types: ['a', 'b'],
      lease: 420_000,
      concurrency: 64,
      name: '工人 1',
      startTime: '18446744073709551615',
    })
    assert.deepEqual(await b.engine.startSession([session]), ['started'])
    assert.deepEqual(await read(b, session.id), {
      ...session,
      state: 'live',
      cause: null,
      culprits: null,
      draining: false,
      beat: 0,
      startedAt: b.now,
      seenAt: b.now,
      expiresAt: b.now + 420_000,
      endedAt: null,
    })
  }),
  check('a known id answers exists, living or dead, and nothing changes', [1], async (b) => {
    const session = newSession()
    assert.deepEqual(await b.engine.startSession([session, session]), ['started', 'exists'])
    const before = await read(b, session.id)
    b.clock.advance(100)
    assert.deepEqual(await b.engine.startSession([{ ...session, name: 'other' }]), ['exists'])
    assert.deepEqual(await read(b, session.id), before)
    await b.kill(session.id)
    assert.deepEqual(await b.engine.startSession([session]), ['exists'])
    assert.equal((await read(b, session.id)).state, 'dead')
  }),
  check('sessions with the same name and process are different sessions', [1], async (b) => {
    const [one, other] = [await b.session(), await b.session()]
    await b.kill(one)
    assert.equal((await b.beat(other, [])).status, 'live')
  }),
  check('a heartbeat renews: lease from now, beat and seen time rise, draining is stored', [1], async (b) => {
    const id = await b.session({ lease: 30_000 })
    const before = await read(b, id)
    b.clock.advance(10_000)
    const reply = await b.beat(id, [], { draining: true })
    assert.deepEqual([reply.status, reply.now], ['live', b.now])
    assert.deepEqual(await read(b, id), {
      ...before,
      beat: 1,
      seenAt: b.now,
      expiresAt: b.now + 30_000,
      draining: true,
    })
    await b.beat(id, [])
    assert.deepEqual([(await read(b, id)).beat, (await read(b, id)).draining], [2, false])
  }),
  check('a heartbeat that only asks writes nothing', [3], async (b) => {
    const id = await b.session()
    const before = await read(b, id)
    b.clock.advance(10_000)
    assert.equal((await b.beat(id, [], { renew: false, draining: true })).status, 'live')
    assert.deepEqual(await read(b, id), before)
  }),
  check('a lease that has passed is renewed as long as nobody declared the session dead', [1], async (b) => {
    const id = await b.session({ lease: 1_000 })
    b.clock.advance(3_600_000)
    assert.equal((await b.beat(id, [])).status, 'live')
    assert.equal((await read(b, id)).expiresAt, b.now + 1_000)
  }),
  check('renewal keeps the tasks of a session', [1], async (b) => {
    const id = await b.session({ lease: 1_000 })
    const task = await b.start({}, id)
    for (let i = 0; i < 5; i++) {
      b.clock.advance(900)
      await b.beat(id, [{ id: task.id, claim: task.claim ?? '' }])
      await b.sweep({ session: await b.session({ lease: 100_000 }), declare: true })
    }
    assert.deepEqual(await b.get(task.id), task)
  }),
]

const death = [
  ...checkEach(
    ['stopped', 'killed', 'deadline'] as const,
    (cause) => `a witness ends a session, cause ${cause}`,
    [1, 6],
    async (b, cause) => {
      const session = await b.session()
      const before = await read(b, session)
      b.clock.advance(10)
      const culprits = ['task-1', 'task-2']
      assert.deepEqual(await b.engine.endSession([{ session, cause, culprits }]), ['ended'])
      assert.deepEqual(await read(b, session), {
        ...before,
        state: 'dead',
        cause,
        culprits,
        endedAt: b.now,
      })
    },
  ),
  check('death is once and for ever: the first cause and culprits stay', [1], async (b) => {
    const session = await b.session()
    await b.kill(session, ['guilty'])
    const before = await read(b, session)
    b.clock.advance(10)
    assert.deepEqual(await b.engine.endSession([{ session, cause: 'stopped', culprits: null }]), ['already'])
    assert.deepEqual(await read(b, session), before)
  }),
  check('culprits: nobody is told from unknown', [7], async (b) => {
    const [nobody, unknown] = [await b.session(), await b.session()]
    await b.kill(nobody, [])
    await b.kill(unknown, null)
    assert.deepEqual([(await read(b, nobody)).culprits, (await read(b, unknown)).culprits], [[], null])
  }),
  check('an unknown session cannot be ended', [1], async (b) => {
    assert.deepEqual(await b.engine.endSession([{ session: 'nobody', cause: 'killed', culprits: null }]), [
      'absent',
    ])
    assert.deepEqual(await b.engine.records.sessions({ state: null, host: null }), [])
  }),
  check('a batch of ends answers each, in order', [1], async (b) => {
    const [one, other] = [await b.session(), await b.session()]
    const end = (session: string) => ({ session, cause: 'killed' as const, culprits: null })
    const replies = await b.engine.endSession([end(one), end('nobody'), end(one), end(other)])
    assert.deepEqual(replies, ['ended', 'absent', 'already', 'ended'])
  }),
  check('a heartbeat never revives a dead session', [1], async (b) => {
    const session = await b.session()
    await b.kill(session)
    const before = await read(b, session)
    b.clock.advance(10)
    const reply = await b.beat(session, [])
    assert.deepEqual([reply.status, reply.lost, reply.unclaimed, reply.cancels], ['gone', [], [], []])
    assert.deepEqual(await read(b, session), before)
    assert.equal((await b.claim(session)).live, false)
  }),
  check('an absent session is gone, and a heartbeat does not make it', [1], async (b) => {
    assert.equal((await b.beat('nobody', [])).status, 'gone')
    assert.deepEqual(await b.engine.records.sessions({ state: null, host: null }), [])
  }),
  check('the end of a session changes none of its tasks: they wait for the sweep', [2, 10], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.kill(session)
    assert.deepEqual(await b.get(task.id), task)
    assert.deepEqual((await b.claim(await b.session())).tasks, [])
  }),
  check('the end of one session leaves others and their tasks alone', [1], async (b) => {
    const [one, other] = [await b.session(), await b.session()]
    const task = await b.start({}, other)
    await b.kill(one)
    assert.equal((await b.beat(other, [])).status, 'live')
    assert.equal((await b.settle(task, outcomes.succeed())).status, 'applied')
  }),
]

export const sessionTopic: TopicSpec = { topic: 'session and lease', cases: [...life, ...death] }
