// Conformance: heartbeat and reconciliation. What a worker holds against what the engine believes, and what else
// an answer carries. Renewal itself is in the topic of sessions.

import assert from 'node:assert/strict'

import { heldHash } from '../../core/held.ts'
import type { Held } from '../../core/hot-verbs.ts'
import { mintToken } from '../../core/ids.ts'
import { outcomes } from '../samples.ts'
import { held } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

/** A beat that carries the whole list. */
function listed(list: readonly Held[]) {
  return { held: { count: list.length, hash: heldHash(list), list } }
}

const agreement = [
  check('nothing held and nothing running: no mismatch', [3], async (b) => {
    const reply = await b.beat(await b.session(), [])
    assert.deepEqual([reply.status, reply.mismatch, reply.lost, reply.unclaimed], ['live', false, [], []])
  }),
  check('what is held is what runs, in any order: no mismatch', [3], async (b) => {
    const session = await b.session()
    await b.addAll([{}, {}, {}])
    const { tasks } = await b.claim(session)
    const mine = tasks.map(held)
    assert.equal((await b.beat(session, mine)).mismatch, false)
    assert.equal((await b.beat(session, mine.toReversed())).mismatch, false)
  }),
  check('another count is a mismatch', [3], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    assert.equal((await b.beat(session, [])).mismatch, true)
    const double = { count: 2, hash: heldHash([held(task)]), list: null }
    assert.equal((await b.beat(session, [], { held: double })).mismatch, true)
  }),
  check('the same count with another token is a mismatch', [3], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    const reply = await b.beat(session, [{ id: task.id, claim: `${mintToken()}.1` }])
    assert.deepEqual([reply.mismatch, reply.lost, reply.unclaimed], [true, [], []])
  }),
  check('a mismatch does not keep the lease from being renewed', [1, 3], async (b) => {
    const session = await b.session({ lease: 1_000 })
    await b.start({}, session)
    b.clock.advance(900)
    assert.equal((await b.beat(session, [])).mismatch, true)
    b.clock.advance(900)
    const swept = await b.sweep({ session: await b.session(), declare: true })
    assert.deepEqual(swept.declaredDead, [])
  }),
  check('the tasks of other sessions do not count', [3], async (b) => {
    const session = await b.session()
    await b.start({}, await b.session())
    assert.equal((await b.beat(session, [])).mismatch, false)
    const reply = await b.beat(session, [], { ...listed([]), unclaimedAfter: 0 })
    assert.deepEqual(reply.unclaimed, [])
  }),
]

const lists = [
  check('with a list: lost is held and not ours any more, exactly', [3], async (b) => {
    const session = await b.session()
    await b.addAll([{}, {}, {}])
    const { tasks } = await b.claim(session)
    const [kept, settled, released] = tasks
    assert.ok(kept !== undefined && settled !== undefined && released !== undefined)
    await b.end(settled, outcomes.succeed())
    await b.end(released, outcomes.release())
    await b.take(await b.session())
    const unknown = { id: 'unknown', claim: `${mintToken()}.1` }
    const mine = [held(kept), held(settled), held(released), unknown]
    const reply = await b.beat(session, mine, listed(mine))
    assert.equal(reply.mismatch, false)
    assert.deepEqual(reply.lost, [held(settled), held(released), unknown])
    assert.deepEqual(reply.unclaimed, [])
  }),
  check(
    'with a list: a task held under an old token is lost, and its new claim is not',
    [2, 3],
    async (b) => {
      const session = await b.session()
      const first = await b.start({}, session)
      await b.end(first, outcomes.release())
      const second = await b.take(session)
      const mine = [held(first), held(second)]
      const reply = await b.beat(session, mine, listed(mine))
      assert.deepEqual([reply.lost, reply.unclaimed], [[held(first)], []])
    },
  ),
  check('with a list: unclaimed is running here and not held, once it is old enough', [3], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    b.clock.advance(4_999)
    assert.deepEqual((await b.beat(session, [], listed([]))).unclaimed, [])
    b.clock.advance(1)
    assert.deepEqual((await b.beat(session, [], listed([]))).unclaimed, [held(task)])
    assert.deepEqual((await b.beat(session, [held(task)], listed([held(task)]))).unclaimed, [])
  }),
  check('reconciling changes no task', [3], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    b.clock.advance(60_000)
    await b.beat(session, [], listed([{ id: 'unknown', claim: 'x.1' }]))
    assert.deepEqual(await b.get(task.id), task)
  }),
  check('a beat that only asks reconciles all the same', [3], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    b.clock.advance(60_000)
    assert.equal((await b.beat(session, [], { renew: false })).mismatch, true)
    const reply = await b.beat(session, [], { ...listed([]), renew: false })
    assert.deepEqual(reply.unclaimed, [held(task)])
  }),
]

const carried = [
  check('cancels: the running tasks of this session that were asked to stop, every time', [3], async (b) => {
    const [session, other] = [await b.session(), await b.session()]
    const mine = await b.start({}, session)
    const untouched = await b.start({}, session)
    const theirs = await b.start({}, other)
    await b.act('cancel', mine.id)
    await b.act('cancel', theirs.id)
    const all = [held(mine), held(untouched)]
    for (const more of [{}, {}, listed(all)]) {
      assert.deepEqual((await b.beat(session, all, more)).cancels, [held(mine)])
    }
    await b.end(mine, outcomes.cancel())
    assert.deepEqual((await b.beat(session, [held(untouched)])).cancels, [])
  }),
  check('paused: all paused queues of the store', [3], async (b) => {
    const session = await b.session()
    assert.deepEqual((await b.beat(session, [])).paused, [])
    await b.pause('mail')
    await b.pause('Mail')
    await b.pause('open', false)
    assert.deepEqual((await b.beat(session, [])).paused.toSorted(), ['Mail', 'mail'])
    await b.pause('mail', false)
    assert.deepEqual((await b.beat(session, [])).paused, ['Mail'])
  }),
  check('nextDueIn: time until any task is due, of any queue', [13], async (b) => {
    const session = await b.session({ queues: ['a'] })
    assert.equal((await b.beat(session, [])).nextDueIn, null)
    await b.addAll([
      { queue: 'a', due: { after: 9_000 } },
      { queue: 'b', due: { after: 3_000 } },
    ])
    assert.equal((await b.beat(session, [])).nextDueIn, 3_000)
    b.clock.advance(3_500)
    assert.equal((await b.beat(session, [])).nextDueIn, 0)
  }),
  check('a batch of beats is answered each by its own', [1, 3], async (b) => {
    const [live, dead] = [await b.session(), await b.session()]
    const task = await b.start({}, live)
    await b.kill(dead)
    const beat = (session: string, mine: readonly Held[]) => ({
      session,
      renew: true,
      unclaimedAfter: 0,
      draining: false,
      held: { count: mine.length, hash: heldHash(mine), list: null },
    })
    const replies = await b.engine.heartbeat([beat(dead, []), beat(live, [held(task)]), beat('nobody', [])])
    assert.deepEqual(
      replies.map((reply) => [reply.status, reply.mismatch]),
      [
        ['gone', false],
        ['live', false],
        ['gone', false],
      ],
    )
  }),
]

export const heartbeatTopic: TopicSpec = {
  topic: 'heartbeat and reconciliation',
  cases: [...agreement, ...lists, ...carried],
}
