// Conformance: order. Priority falling, then place; who keeps a place and who draws a new one (CONTRACT rule 11).

import assert from 'node:assert/strict'

import type { Outcome } from '../../core/hot-verbs.ts'
import { outcomes } from '../samples.ts'
import { ids, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

/** Everything claimable, in the order of one claim. */
async function drain(b: Bench, queues: readonly string[] | null = null): Promise<string[]> {
  return ids((await b.claim(await b.session(), { queues, limit: 1_000 })).tasks)
}

const basics = [
  check('larger priorities first, first come first served inside one', [11], async (b) => {
    await b.addAll([
      { id: 'low-1', priority: 0 },
      { id: 'high-1', priority: 10 },
      { id: 'mid-1', priority: 5 },
      { id: 'low-2', priority: 0 },
      { id: 'high-2', priority: 10 },
      { id: 'mid-2', priority: 5 },
    ])
    assert.deepEqual(await drain(b), ['high-1', 'high-2', 'mid-1', 'mid-2', 'low-1', 'low-2'])
  }),
  check('every priority from 0 to 10 is a step of its own', [11], async (b) => {
    const mixed = [3, 10, 0, 7, 1, 9, 5, 2, 8, 4, 6]
    await b.addAll(mixed.map((priority) => ({ id: `p${priority}`, priority })))
    assert.deepEqual(
      await drain(b),
      [10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0].map((priority) => `p${priority}`),
    )
  }),
  check('the order does not depend on ids or on times', [11], async (b) => {
    await b.add({ id: 'z', due: { at: b.now } })
    b.clock.advance(-1_000)
    await b.add({ id: 'm', due: { at: b.now - 86_400_000 } })
    b.clock.advance(5_000)
    await b.add({ id: 'a' })
    assert.deepEqual(await drain(b), ['z', 'm', 'a'])
  }),
  check('the order holds over many claims of one task', [11], async (b) => {
    const session = await b.session()
    const all = await b.addAll(Array.from({ length: 30 }, (_, i) => ({ id: `t${i}`, priority: i % 3 })))
    const expected = [2, 1, 0].flatMap((rest) => all.filter((_, i) => i % 3 === rest))
    const taken: string[] = []
    for (let i = 0; i < 30; i++) taken.push((await b.take(session)).id)
    assert.deepEqual(taken, expected)
  }),
  check('a newcomer of higher priority overtakes what waits', [11], async (b) => {
    const session = await b.session()
    await b.addAll([{ id: 'one' }, { id: 'two' }])
    await b.take(session)
    await b.add({ id: 'urgent', priority: 1 })
    assert.deepEqual(await drain(b), ['urgent', 'two'])
  }),
  check('a list of queues: the first is emptied before the second is looked at', [11], async (b) => {
    await b.addAll([
      { id: 'b-high', queue: 'b', priority: 10 },
      { id: 'a-low', queue: 'a', priority: 0 },
      { id: 'c', queue: 'c', priority: 10 },
      { id: 'a-high', queue: 'a', priority: 3 },
    ])
    assert.deepEqual(await drain(b, ['a', 'c', 'b']), ['a-high', 'a-low', 'c', 'b-high'])
  }),
  check('a list of queues keeps to the limit over all of them', [11], async (b) => {
    await b.addAll([
      { id: 'a1', queue: 'a' },
      { id: 'b1', queue: 'b' },
      { id: 'b2', queue: 'b' },
    ])
    const reply = await b.claim(await b.session(), { queues: ['b', 'a'], limit: 2 })
    assert.deepEqual([ids(reply.tasks), reply.more], [['b1', 'b2'], true])
  }),
  check('a queue named twice is one queue', [11], async (b) => {
    await b.addAll([
      { id: 'a1', queue: 'a' },
      { id: 'a2', queue: 'a' },
    ])
    assert.deepEqual(await drain(b, ['a', 'a']), ['a1', 'a2'])
  }),
  check('all queues are one lane by priority', [11], async (b) => {
    await b.addAll([
      { id: 'a-low', queue: 'a', priority: 1 },
      { id: 'b-high', queue: 'b', priority: 9 },
      { id: 'c-mid', queue: 'c', priority: 5 },
      { id: 'a-high', queue: 'a', priority: 9 },
    ])
    assert.deepEqual(await drain(b), ['b-high', 'a-high', 'c-mid', 'a-low'])
  }),
]

const promotion = [
  check('promotion goes by due time, then by id, and comes after what was ready', [11, 12], async (b) => {
    await b.addAll([
      { id: 'b', due: { after: 1_000 } },
      { id: 'a', due: { after: 1_000 } },
      { id: 'first', due: { after: 500 } },
      { id: 'ready' },
    ])
    b.clock.advance(5_000)
    assert.deepEqual(await drain(b), ['ready', 'first', 'a', 'b'])
  }),
  check('ids are compared by their bytes', [11], async (b) => {
    const sorted = ['10', '9', 'B', 'a', 'z', 'é', '\uffee', '😀']
    await b.addAll(sorted.toReversed().map((id) => ({ id, due: { after: 1_000 } })))
    b.clock.advance(1_000)
    assert.deepEqual(await drain(b), sorted)
  }),
  check('a promoted task of higher priority still runs first', [11, 12], async (b) => {
    await b.addAll([{ id: 'ready' }, { id: 'later', priority: 1, due: { after: 1_000 } }])
    b.clock.advance(1_000)
    assert.deepEqual(await drain(b), ['later', 'ready'])
  }),
  check('a place is drawn at promotion: what was enqueued meanwhile is first', [11], async (b) => {
    await b.add({ id: 'later', due: { after: 1_000 } })
    b.clock.advance(1_000)
    await b.add({ id: 'now' })
    assert.deepEqual(await drain(b), ['now', 'later'])
  }),
]

/** Tasks first, second and third; the first runs and comes back by `again`. */
async function comesBack(b: Bench, again: (b: Bench, id: string) => Promise<unknown>): Promise<string[]> {
  await b.addAll([{ id: 'first' }, { id: 'second' }, { id: 'third' }])
  await again(b, 'first')
  return drain(b)
}

const DRAW_NEW: readonly Outcome[] = [
  outcomes.retry(0),
  outcomes.snooze(0),
  outcomes.crash(0),
  outcomes.loss(0),
  outcomes.deadline(0),
]

const again = [
  check('a released task keeps its place', [11], async (b) => {
    const order = await comesBack(b, async () => b.end(await b.take(await b.session()), outcomes.release()))
    assert.deepEqual(order, ['first', 'second', 'third'])
  }),
  check(
    'several released tasks come back in their old order, whatever the order of release',
    [11],
    async (b) => {
      const session = await b.session()
      const all = await b.addAll(Array.from({ length: 6 }, () => ({})))
      const { tasks } = await b.claim(session, { limit: 4 })
      for (const task of tasks.toReversed()) await b.end(task, outcomes.release())
      assert.deepEqual(await drain(b), all)
    },
  ),
  check('a task that was released behind a delay draws a new place', [11], async (b) => {
    const order = await comesBack(b, async () => {
      await b.end(await b.take(await b.session()), outcomes.release(1_000))
      b.clock.advance(1_000)
    })
    assert.deepEqual(order, ['second', 'third', 'first'])
  }),
  ...checkEach(
    DRAW_NEW,
    ({ kind }) => `a new place is drawn after ${kind}`,
    [11],
    async (b, outcome) => {
      const order = await comesBack(b, async () => b.end(await b.take(await b.session()), outcome))
      assert.deepEqual(order, ['second', 'third', 'first'])
    },
  ),
  check('a requeued task draws a new place', [11], async (b) => {
    const order = await comesBack(b, async (_, id) => {
      await b.end(await b.take(await b.session()), outcomes.die())
      await b.act('requeue', id)
    })
    assert.deepEqual(order, ['second', 'third', 'first'])
  }),
  check('a new priority draws a new place, also the same one', [9, 11], async (b) => {
    await b.addAll([{ id: 'first' }, { id: 'second' }, { id: 'third', priority: 5 }])
    await b.engine.records.act([{ verb: 'reprioritise', id: 'first', priority: 5 }])
    await b.engine.records.act([{ verb: 'reprioritise', id: 'third', priority: 5 }])
    assert.deepEqual(await drain(b), ['first', 'third', 'second'])
  }),
  check('a scheduled task takes its new priority along', [9, 11], async (b) => {
    await b.addAll([
      { id: 'now', priority: 4 },
      { id: 'later', due: { after: 1_000 } },
    ])
    await b.engine.records.act([{ verb: 'reprioritise', id: 'later', priority: 5 }])
    const later = await b.get('later')
    assert.deepEqual([later.state, later.priority, later.place], ['scheduled', 5, null])
    b.clock.advance(1_000)
    assert.deepEqual(await drain(b), ['later', 'now'])
  }),
]

const counted = [
  check('ahead: how many ready tasks of the queue a claim would take before', [11], async (b) => {
    await b.addAll([
      { id: 'low' },
      { id: 'high', priority: 5 },
      { id: 'low-2' },
      { id: 'elsewhere', queue: 'other' },
      { id: 'later', due: { after: 1_000 } },
    ])
    const list = ['high', 'low', 'low-2', 'elsewhere', 'later', 'unknown']
    assert.deepEqual(await b.engine.records.ahead(list), [0, 1, 2, 0, null, null])
    const task = await b.take(await b.session({ name: 'one' }), { queues: ['default'] })
    assert.deepEqual(await b.engine.records.ahead(list), [null, 0, 1, 0, null, null])
    await b.end(task, outcomes.release())
    assert.deepEqual(await b.engine.records.ahead(['high', 'low']), [0, 1])
  }),
]

export const orderTopic: TopicSpec = {
  topic: 'order',
  cases: [...basics, ...promotion, ...again, ...counted],
}
