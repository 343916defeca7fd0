// Conformance: claim. What taking changes, who may take, what is not taken, what the reply says about the rest.
// Order, pausing and repeated claim ids have topics of their own.

import assert from 'node:assert/strict'

import { LIMITS } from '../../core/limits.ts'
import { mintToken } from '../../core/ids.ts'
import { outcomes } from '../samples.ts'
import { ids } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

const taking = [
  check(
    'a taken task runs under a new token of this session, and nothing else of it changes',
    [2, 5],
    async (b) => {
      const session = await b.session()
      const id = await b.add({ timeout: 90_000 })
      const before = await b.get(id)
      b.clock.advance(7)
      const claimId = mintToken()
      const taken = await b.take(session, { claimId })
      assert.deepEqual(taken, {
        ...before,
        state: 'running',
        attempt: 1,
        claim: `${claimId}.1`,
        session,
        startedAt: b.now,
        deadlineAt: b.now + 90_000,
      })
      assert.deepEqual(await b.get(id), taken)
    },
  ),
  check('without a timeout there is no deadline', [5], async (b) => {
    assert.equal((await b.start({ timeout: null })).deadlineAt, null)
  }),
  check('each run raises the attempt, and the token with it', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    await b.add()
    const tokens = new Set<string | null>()
    for (const attempt of [1, 2, 3]) {
      const task = await b.take(session)
      assert.equal(task.attempt, attempt)
      assert.match(task.claim ?? '', new RegExp(`^[0-9a-f]{32}\\.${attempt}$`))
      tokens.add(task.claim)
      await b.end(task, outcomes.release())
    }
    assert.equal(tokens.size, 3)
  }),
  check(
    'progress of the attempt before is cleared; its outcome, reason and error stay',
    ['DESIGN §4'],
    async (b) => {
      const session = await b.session()
      const first = await b.start({}, session)
      const progress = { percent: 40, message: 'half way', at: b.now }
      await b.engine.report([{ id: first.id, claim: first.claim ?? '', progress, logs: [] }])
      const waiting = await b.end(first, outcomes.retry(0))
      const again = await b.take(session)
      assert.equal(again.progress, null)
      assert.deepEqual(
        [again.outcome, again.reason, again.error, again.failures],
        ['retry', 'failed', waiting.error, 1],
      )
    },
  ),
  check('no more than the limit is taken', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const all = await b.addAll(Array.from({ length: 7 }, () => ({})))
    const first = await b.claim(session, { limit: 3 })
    const second = await b.claim(session, { limit: 3 })
    const third = await b.claim(session, { limit: 3 })
    assert.deepEqual(
      [first, second, third].map((reply) => ids(reply.tasks)),
      [all.slice(0, 3), all.slice(3, 6), all.slice(6)],
    )
  }),
  check('a limit of 0 takes nothing and still tells of the rest', [12], async (b) => {
    const session = await b.session()
    const id = await b.add()
    const reply = await b.claim(session, { limit: 0 })
    assert.deepEqual([reply.live, reply.tasks, reply.more], [true, [], true])
    assert.deepEqual(await b.states([id]), ['ready'])
  }),
  check('several requests of one call are served in turn', ['DESIGN §4'], async (b) => {
    const [one, other] = [await b.session(), await b.session()]
    const all = await b.addAll([{}, {}, {}])
    const replies = await b.engine.claim([
      { session: one, claimId: mintToken(), queues: null, limit: 2 },
      { session: 'nobody', claimId: mintToken(), queues: null, limit: 2 },
      { session: other, claimId: mintToken(), queues: null, limit: 2 },
    ])
    assert.deepEqual(
      replies.map((reply) => ids(reply.tasks)),
      [all.slice(0, 2), [], all.slice(2)],
    )
    assert.deepEqual(
      replies.map((reply) => reply.live),
      [true, false, true],
    )
    assert.deepEqual(
      replies.map((reply) => reply.tasks[0]?.session),
      [one, undefined, other],
    )
  }),
  check('ten claims at once never take the same task, and together take all', [2], async (b) => {
    const session = await b.session()
    const all = await b.addAll(Array.from({ length: 45 }, () => ({})))
    const replies = await Promise.all(Array.from({ length: 10 }, () => b.claim(session, { limit: 5 })))
    const taken = replies.flatMap((reply) => ids(reply.tasks))
    assert.ok(replies.every((reply) => reply.tasks.length <= 5))
    assert.deepEqual(taken.toSorted(), all.toSorted())
  }),
]

const taker = [
  check('an absent session takes nothing', [1], async (b) => {
    const id = await b.add()
    const reply = await b.claim('nobody')
    assert.deepEqual([reply.live, reply.tasks], [false, []])
    assert.deepEqual(await b.states([id]), ['ready'])
  }),
  check('a dead session takes nothing, and promotes nothing', [1], async (b) => {
    const session = await b.session()
    const [due, ready] = [await b.add({ due: { after: 5 } }), await b.add()]
    await b.kill(session)
    b.clock.advance(10)
    const reply = await b.claim(session)
    assert.deepEqual([reply.live, reply.tasks], [false, []])
    assert.deepEqual(await b.states([due, ready]), ['scheduled', 'ready'])
  }),
  check('a session whose lease has passed takes as long as nobody declared it dead', [1], async (b) => {
    const session = await b.session({ lease: 1_000 })
    await b.add()
    b.clock.advance(5_000)
    assert.equal((await b.claim(session)).tasks.length, 1)
  }),
]

const notTaken = [
  check('a task is taken when it is due, and not a millisecond before', [12], async (b) => {
    const session = await b.session()
    const id = await b.add({ due: { after: 1_000 } })
    b.clock.advance(999)
    assert.deepEqual((await b.claim(session)).tasks, [])
    b.clock.advance(1)
    assert.deepEqual(ids((await b.claim(session)).tasks), [id])
  }),
  check('running, final and cancelled tasks are not taken', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    await b.start({}, session)
    await b.end(await b.start({}, session), outcomes.succeed())
    await b.end(await b.start({}, session), outcomes.die())
    await b.act('cancel', await b.add())
    await b.act('cancel', await b.add({ due: { after: 1 } }))
    b.clock.advance(1_000)
    const reply = await b.claim(session)
    assert.deepEqual([reply.tasks, reply.more, reply.nextDueIn], [[], false, null])
  }),
  check('only the named queues are taken from; their names are compared whole', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    await b.addAll([{ queue: 'mail' }, { queue: 'mails' }, { queue: 'Mail' }])
    const wanted = await b.add({ queue: 'mai' })
    assert.deepEqual(ids((await b.claim(session, { queues: ['mai', 'unknown'] })).tasks), [wanted])
  }),
  check('no queues, no tasks', ['DESIGN §4'], async (b) => {
    await b.add()
    const reply = await b.claim(await b.session(), { queues: [] })
    assert.deepEqual([reply.live, reply.tasks, reply.more, reply.nextDueIn], [true, [], false, null])
  }),
  check('an expired task is cancelled instead of taken, and does not use up the limit', [9], async (b) => {
    const session = await b.session()
    const [old, fresh] = await b.addAll([{ expires: { after: 1_000 }, priority: 5 }, {}])
    assert.ok(old !== undefined && fresh !== undefined)
    const before = await b.get(old)
    b.clock.advance(1_000)
    assert.deepEqual(ids((await b.claim(session, { limit: 1 })).tasks), [fresh])
    assert.deepEqual(await b.get(old), {
      ...before,
      state: 'cancelled',
      reason: 'expired',
      outcome: 'expire',
      finishedAt: b.now,
    })
  }),
  check('a task may start until the millisecond before it expires', [9], async (b) => {
    const session = await b.session()
    const id = await b.add({ expires: { after: 1_000 } })
    b.clock.advance(999)
    assert.deepEqual(ids((await b.claim(session)).tasks), [id])
  }),
  check('a task that falls due when it is expired already is not taken', [9], async (b) => {
    const session = await b.session()
    const id = await b.add({ due: { after: 2_000 }, expires: { after: 1_000 } })
    b.clock.advance(2_000)
    assert.deepEqual((await b.claim(session)).tasks, [])
    assert.equal((await b.get(id)).reason, 'expired')
  }),
  check('a running task does not expire', [9], async (b) => {
    const task = await b.start({ expires: { after: 1_000 } })
    b.clock.advance(5_000)
    assert.equal((await b.end(task, outcomes.succeed())).state, 'succeeded')
  }),
  check('a task that waits for its retry expires like any waiting task', [9], async (b) => {
    const session = await b.session()
    const task = await b.start({ expires: { after: 1_000 } }, session)
    await b.end(task, outcomes.retry(500))
    b.clock.advance(1_000)
    assert.deepEqual((await b.claim(session)).tasks, [])
    const after = await b.get(task.id)
    assert.deepEqual([after.state, after.reason, after.failures], ['cancelled', 'expired', 1])
  }),
]

const rest = [
  check('more says whether something claimable was left', [12], async (b) => {
    const session = await b.session()
    await b.addAll([{}, {}, {}])
    assert.equal((await b.claim(session, { limit: 2 })).more, true)
    assert.equal((await b.claim(session, { limit: 1 })).more, false)
    assert.equal((await b.claim(session)).more, false)
  }),
  check('more and nextDueIn look at the queues of the request only', [12, 13], async (b) => {
    const session = await b.session()
    await b.addAll([{ queue: 'a' }, { queue: 'b' }, { queue: 'b', due: { after: 9_000 } }])
    const reply = await b.claim(session, { queues: ['a'] })
    assert.deepEqual([reply.tasks.length, reply.more, reply.nextDueIn], [1, false, null])
    assert.equal((await b.claim(session, { queues: ['b'], limit: 0 })).nextDueIn, 9_000)
  }),
  check('nextDueIn is the time until the earliest scheduled task is due', [13], async (b) => {
    const session = await b.session()
    await b.addAll([{ due: { after: 9_000 } }, { due: { after: 4_000 }, queue: 'other' }])
    assert.equal((await b.claim(session)).nextDueIn, 4_000)
    b.clock.advance(3_999)
    assert.equal((await b.claim(session)).nextDueIn, 1)
    b.clock.advance(1)
    assert.equal((await b.claim(session)).nextDueIn, 5_000)
  }),
  check('a settled retry counts for nextDueIn', [13], async (b) => {
    const session = await b.session()
    await b.end(await b.start({}, session), outcomes.retry(12_345))
    assert.equal((await b.claim(session)).nextDueIn, 12_345)
  }),
  check('a claim promotes at most 1,000 tasks and says that more is due', [12, 20], async (b) => {
    const session = await b.session()
    const later = Array.from({ length: LIMITS.promote }, () => ({ due: { after: 1_000 } }))
    await b.addAll(later)
    const last = await b.add({ due: { after: 1_001 }, priority: 10 })
    b.clock.advance(2_000)
    const first = await b.claim(session, { limit: 1_000 })
    assert.deepEqual([first.tasks.length, first.more, first.nextDueIn], [1_000, true, 0])
    assert.ok(!ids(first.tasks).includes(last))
    const second = await b.claim(session, { limit: 1_000 })
    assert.deepEqual([ids(second.tasks), second.more, second.nextDueIn], [[last], false, null])
  }),
]

export const claimTopic: TopicSpec = { topic: 'claim', cases: [...taking, ...taker, ...notTaken, ...rest] }
