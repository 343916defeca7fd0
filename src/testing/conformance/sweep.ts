// Conformance: sweep. The turn, death by time, orphans and overdue tasks, promotion and expiry.
// Rescue settlements are in rescue.ts, what a sweep drops for good is in the topic of retention.

import assert from 'node:assert/strict'

import type { Orphan, SweepReply } from '../../core/hot-verbs.ts'
import { outcomes } from '../samples.ts'
import { ids, only, type Bench } from './bench.ts'
import { check, type TopicSpec } from './case.ts'
import { rescue } from './rescue.ts'

/** Two sessions that end by time and one that sweeps. */
async function expire(b: Bench): Promise<{ sweeper: string; old: string; young: string }> {
  const old = await b.session({ lease: 30_000 })
  const sweeper = await b.session({ lease: 3_600_000 })
  b.clock.advance(10_000)
  const young = await b.session({ lease: 30_000 })
  return { sweeper, old, young }
}

async function cursorsOf(b: Bench, limit: number): Promise<SweepReply[]> {
  const pages: SweepReply[] = []
  for (let cursor: string | null = null; pages.length < 50;) {
    const page: SweepReply = await b.sweep({ limit, cursor })
    pages.push(page)
    if (page.cursor === null) return pages
    cursor = page.cursor
  }
  throw new assert.AssertionError({ message: 'the cursor never ends' })
}

const turns = [
  check('one sweep in the given time: the others are told that it is not their turn', [10], async (b) => {
    const id = await b.add({ due: { after: 500 } })
    assert.equal((await b.sweep({ every: 5_000 })).turn, true)
    b.clock.advance(4_999)
    assert.deepEqual(await b.sweep({ every: 5_000 }), {
      turn: false,
      orphans: [],
      overdue: [],
      declaredDead: [],
      expired: 0,
      promoted: 0,
      purged: 0,
      cursor: null,
    })
    assert.deepEqual(await b.states([id]), ['scheduled'])
    b.clock.advance(1)
    assert.equal((await b.sweep({ every: 5_000 })).turn, true)
    assert.deepEqual(await b.states([id]), ['ready'])
  }),
  check('of ten processes that sweep at once one has the turn', [10], async (b) => {
    const replies = await Promise.all(Array.from({ length: 10 }, () => b.sweep({ every: 5_000 })))
    assert.equal(replies.filter((reply) => reply.turn).length, 1)
  }),
  check('a refused turn does not put off the next one', [10], async (b) => {
    await b.sweep({ every: 5_000 })
    for (const step of [2_000, 2_000, 1_000]) {
      b.clock.advance(step)
      assert.equal((await b.sweep({ every: 5_000 })).turn, step === 1_000)
    }
  }),
  check('every 0 always has the turn', [10], async (b) => {
    assert.deepEqual([(await b.sweep()).turn, (await b.sweep()).turn], [true, true])
  }),
  check('a page behind a cursor needs no turn', [10], async (b) => {
    const session = await b.session()
    await b.addAll([{}, {}])
    await b.claim(session)
    await b.kill(session)
    const first = await b.sweep({ every: 5_000, limit: 1 })
    assert.ok(first.cursor !== null)
    const second = await b.sweep({ every: 5_000, limit: 1, cursor: first.cursor })
    assert.deepEqual([second.turn, second.orphans.length], [true, 1])
  }),
]

const deaths = [
  check('declare: exactly the sessions whose lease has passed are dead, cause expired', [1, 6], async (b) => {
    const { sweeper, old, young } = await expire(b)
    b.clock.advance(19_999)
    assert.deepEqual((await b.sweep({ session: sweeper, declare: true })).declaredDead, [])
    b.clock.advance(1)
    assert.deepEqual((await b.sweep({ session: sweeper, declare: true })).declaredDead, [old])
    const dead = only(await b.engine.records.sessions({ state: 'dead', host: null }))
    assert.deepEqual([dead.id, dead.cause, dead.culprits, dead.endedAt], [old, 'expired', null, b.now])
    assert.equal((await b.beat(old, [])).status, 'gone')
    assert.equal((await b.beat(young, [])).status, 'live')
  }),
  check('without declare nobody is declared dead, however old the lease', [6], async (b) => {
    const { sweeper, old } = await expire(b)
    await b.start({}, old)
    b.clock.advance(3_000_000)
    const swept = await b.sweep({ session: sweeper })
    assert.deepEqual([swept.declaredDead, swept.orphans], [[], []])
    assert.equal((await b.beat(old, [])).status, 'live')
  }),
  check('a process without a session may not declare, whatever it says', [6], async (b) => {
    const { old } = await expire(b)
    b.clock.advance(60_000)
    assert.deepEqual((await b.sweep({ session: null, declare: true })).declaredDead, [])
    assert.equal((await b.beat(old, [])).status, 'live')
  }),
  check('extend: all live leases count from now, nobody is declared dead in this call', [6], async (b) => {
    const { sweeper, old, young } = await expire(b)
    b.clock.advance(60_000)
    const swept = await b.sweep({ session: sweeper, declare: true, extend: true })
    assert.deepEqual([swept.turn, swept.declaredDead], [true, []])
    b.clock.advance(29_999)
    assert.deepEqual((await b.sweep({ session: sweeper, declare: true })).declaredDead, [])
    b.clock.advance(1)
    const later = await b.sweep({ session: sweeper, declare: true })
    assert.deepEqual(later.declaredDead.toSorted(), [old, young].toSorted())
  }),
  check('extend does not revive the dead', [1, 6], async (b) => {
    const { old } = await expire(b)
    await b.kill(old)
    await b.sweep({ extend: true })
    assert.equal((await b.beat(old, [])).status, 'gone')
  }),
  check('extend also shortens: each lease is now + lease', [6], async (b) => {
    const session = await b.session({ lease: 30_000 })
    b.clock.advance(-600_000)
    await b.sweep({ extend: true })
    const live = only(await b.engine.records.sessions({ state: 'live', host: null }))
    assert.deepEqual([live.id, live.expiresAt], [session, b.now + 30_000])
  }),
  check('declared dead and orphaned in the same sweep', [1, 10], async (b) => {
    const { sweeper, old } = await expire(b)
    const task = await b.start({}, old)
    b.clock.advance(60_000)
    const swept = await b.sweep({ session: sweeper, declare: true })
    assert.ok(swept.declaredDead.includes(old))
    assert.deepEqual(swept.orphans, [{ task, cause: 'expired', culprits: null }])
  }),
  check('a task that simply takes long is left alone', ['DESIGN §1'], async (b) => {
    const [session, sweeper] = [await b.session(), await b.session({ lease: 86_400_000 })]
    const task = await b.start({ timeout: null }, session)
    for (let i = 0; i < 60; i++) {
      b.clock.advance(10_000)
      await b.beat(session, [{ id: task.id, claim: task.claim ?? '' }])
    }
    const swept = await b.sweep({ session: sweeper, declare: true })
    assert.deepEqual([swept.declaredDead, swept.orphans, swept.overdue], [[], [], []])
    assert.deepEqual(await b.get(task.id), task)
  }),
]

const stranded = [
  check(
    'orphans: the running tasks of dead sessions, with the cause and the culprits',
    [7, 10],
    async (b) => {
      const [dead, live] = [await b.session(), await b.session()]
      const [guilty, other] = [await b.start({}, dead), await b.start({}, dead)]
      await b.end(await b.start({}, dead), outcomes.succeed())
      await b.start({}, live)
      await b.kill(dead, [guilty.id])
      const { orphans, overdue } = await b.sweep()
      const expected = [guilty, other].map((task): Orphan => ({
        task,
        cause: 'killed',
        culprits: [guilty.id],
      }))
      const byId = (left: Orphan, right: Orphan) => (left.task.id < right.task.id ? -1 : 1)
      assert.deepEqual(orphans.toSorted(byId), expected.toSorted(byId))
      assert.deepEqual(overdue, [])
    },
  ),
  check('orphans are told, not settled', [10], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.kill(session)
    await b.sweep()
    assert.deepEqual(await b.get(task.id), task)
    assert.equal((await b.sweep()).orphans.length, 1)
  }),
  check('overdue: running tasks of living sessions at deadline + grace', [5], async (b) => {
    const session = await b.session()
    const task = await b.start({ timeout: 60_000 }, session)
    await b.start({ timeout: null }, session)
    await b.start({ timeout: 61_000 }, session)
    b.clock.advance(69_999)
    assert.deepEqual((await b.sweep({ grace: 10_000 })).overdue, [])
    b.clock.advance(1)
    assert.deepEqual((await b.sweep({ grace: 10_000 })).overdue, [task])
  }),
  check('an overdue task of a dead session is an orphan, not overdue', [5], async (b) => {
    const session = await b.session()
    const task = await b.start({ timeout: 1_000 }, session)
    await b.kill(session)
    b.clock.advance(60_000)
    const swept = await b.sweep()
    assert.deepEqual([swept.orphans.map((one) => one.task), swept.overdue], [[task], []])
  }),
  check('pages hold at most the limit, and together each stranded task once', [10, 20], async (b) => {
    const [dead, live] = [await b.session(), await b.session()]
    await b.addAll(Array.from({ length: 13 }, () => ({})))
    const orphaned = ids((await b.claim(dead)).tasks)
    await b.addAll(Array.from({ length: 4 }, () => ({ timeout: 1 })))
    const overdue = ids((await b.claim(live)).tasks)
    await b.kill(dead)
    b.clock.advance(60_000)
    const pages = await cursorsOf(b, 5)
    assert.ok(pages.every((page) => page.orphans.length + page.overdue.length <= 5))
    assert.deepEqual(
      pages.flatMap((page) => ids(page.orphans.map((one) => one.task))).toSorted(),
      orphaned.toSorted(),
    )
    assert.deepEqual(pages.flatMap((page) => ids(page.overdue)).toSorted(), overdue.toSorted())
  }),
  check('settling what a page told moves nothing off the next page', [10], async (b) => {
    const session = await b.session()
    await b.addAll(Array.from({ length: 9 }, () => ({})))
    const { tasks } = await b.claim(session)
    await b.kill(session)
    const told: string[] = []
    for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
      const page: SweepReply = await b.sweep({ limit: 2, cursor })
      told.push(...ids(page.orphans.map((one) => one.task)))
      await rescue(b, page)
      cursor = page.cursor
    }
    assert.deepEqual(told.toSorted(), ids(tasks).toSorted())
  }),
]

const upkeep = [
  check('due tasks are promoted in the order (due, id), paused queues left alone', [11, 12], async (b) => {
    await b.addAll([
      { id: 'c', due: { after: 10 } },
      { id: 'b', due: { after: 10 } },
      { id: 'a', due: { after: 20 } },
      { id: 'later', due: { after: 5_000 } },
      { id: 'paused', queue: 'paused', due: { after: 1 } },
    ])
    await b.pause('paused')
    b.clock.advance(100)
    assert.equal((await b.sweep()).promoted, 3)
    assert.deepEqual(await b.states(['c', 'b', 'a', 'later', 'paused']), [
      'ready',
      'ready',
      'ready',
      'scheduled',
      'scheduled',
    ])
    assert.deepEqual(ids((await b.claim(await b.session())).tasks), ['b', 'c', 'a'])
  }),
  check('waiting tasks that are over are cancelled as expired, wherever they wait', [9], async (b) => {
    await b.addAll([
      { id: 'ready', expires: { after: 1_000 } },
      { id: 'scheduled', due: { after: 9_000 }, expires: { after: 1_000 } },
      { id: 'paused', queue: 'paused', expires: { after: 1_000 } },
      { id: 'fresh', expires: { after: 1_001 } },
      { id: 'never' },
    ])
    await b.pause('paused')
    b.clock.advance(1_000)
    assert.equal((await b.sweep()).expired, 3)
    assert.deepEqual(await b.states(['ready', 'scheduled', 'paused', 'fresh', 'never']), [
      'cancelled',
      'cancelled',
      'cancelled',
      'ready',
      'ready',
    ])
    const { reason, outcome, finishedAt, attempt } = await b.get('scheduled')
    assert.deepEqual([reason, outcome, finishedAt, attempt], ['expired', 'expire', b.now, 0])
  }),
  check('expiry and promotion are bounded by the limit', [10, 20], async (b) => {
    await b.addAll([
      ...Array.from({ length: 5 }, () => ({ expires: { after: 10 } })),
      ...Array.from({ length: 5 }, () => ({ due: { after: 10 } })),
    ])
    b.clock.advance(100)
    const counts: number[][] = []
    for (let i = 0; i < 4; i++) {
      const { expired, promoted } = await b.sweep({ limit: 2 })
      counts.push([expired, promoted])
    }
    assert.deepEqual(counts, [
      [2, 2],
      [2, 2],
      [1, 1],
      [0, 0],
    ])
  }),
]

export const sweepTopic: TopicSpec = {
  topic: 'sweep and rescue',
  cases: [...turns, ...deaths, ...stranded, ...upkeep],
}
