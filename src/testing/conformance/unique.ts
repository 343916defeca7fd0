// Conformance: unique keys. Who holds a key, for how long, and what happens around its end (CONTRACT rule 17).

import assert from 'node:assert/strict'

import { LIMITS } from '../../core/limits.ts'
import type { NewTask, Outcome } from '../../core/hot-verbs.ts'
import { newTask, outcomes } from '../samples.ts'
import type { Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

const KEY = { key: 'order-1', for: null }
const HOUR = 3_600_000
const FOR_AN_HOUR = { key: 'order-1', for: HOUR }

/** Another task for the same key. */
function another(fields: Partial<NewTask> = {}): NewTask {
  return newTask({ id: 'another', unique: KEY, ...fields })
}

const CREATED = { outcome: 'created', id: 'another', state: 'ready' } as const

const held = [
  check('the key and its end are on the record', [17], async (b) => {
    const [plain, timed] = await b.addAll([{ unique: KEY }, { unique: { key: 'other', for: HOUR } }])
    const first = await b.get(plain ?? '')
    const second = await b.get(timed ?? '')
    assert.deepEqual([first.uniqueKey, first.uniqueUntil], ['order-1', null])
    assert.deepEqual([second.uniqueKey, second.uniqueUntil], ['other', b.now + HOUR])
  }),
  check('a held key answers duplicate with its holder, and nothing is created', [17], async (b) => {
    await b.add({ id: 'holder', unique: KEY })
    const before = await b.get('holder')
    assert.deepEqual(await b.enqueue(another()), { outcome: 'duplicate', id: 'holder', state: 'ready' })
    assert.deepEqual(await b.states(['another']), [null])
    assert.deepEqual(await b.get('holder'), before)
  }),
  check('the reply carries the state of the holder', [17], async (b) => {
    await b.add({ id: 'holder', unique: KEY, due: { after: 10 } })
    assert.equal((await b.enqueue(another())).state, 'scheduled')
    b.clock.advance(10)
    const task = await b.take(await b.session())
    assert.equal((await b.enqueue(another())).state, 'running')
    await b.end(task, outcomes.retry(10))
    assert.equal((await b.enqueue(another())).state, 'scheduled')
  }),
  check('a key counts over all queues, types and priorities', [17], async (b) => {
    await b.add({ unique: KEY, queue: 'a' })
    const other = another({ queue: 'b', type: 'other', priority: 9 })
    assert.equal((await b.enqueue(other)).outcome, 'duplicate')
  }),
  check('the id of a duplicate stays free', [16, 17], async (b) => {
    await b.add({ unique: KEY })
    await b.enqueue(another())
    assert.deepEqual(await b.enqueue(newTask({ id: 'another' })), CREATED)
  }),
  check('the id is looked at before the key', [16, 17], async (b) => {
    await b.enqueue(another())
    assert.equal((await b.enqueue(another())).outcome, 'existing')
    const conflict = await b.enqueue(another({ payload: '2' }))
    assert.deepEqual(conflict, { outcome: 'conflict', id: 'another', state: 'ready' })
  }),
  check('an id whose own task is over is existing, though another holds the key now', [16, 17], async (b) => {
    const first = another({ id: 'first' })
    await b.ended(outcomes.succeed(), first)
    await b.enqueue(another())
    assert.deepEqual(await b.enqueue(first), { outcome: 'existing', id: 'first', state: 'succeeded' })
  }),
  check('inside one array the first item takes the key', [17], async (b) => {
    const replies = await b.engine.enqueue([another({ id: 'x' }), another({ id: 'y' }), another({ id: 'x' })])
    assert.deepEqual(replies, [
      { outcome: 'created', id: 'x', state: 'ready' },
      { outcome: 'duplicate', id: 'x', state: 'ready' },
      { outcome: 'existing', id: 'x', state: 'ready' },
    ])
  }),
  check('fifty enqueues for one key at once create one task', [17], async (b) => {
    const replies = await Promise.all(Array.from({ length: 50 }, () => b.enqueue(newTask({ unique: KEY }))))
    const counts = Object.groupBy(replies, (reply) => reply.outcome)
    assert.deepEqual([counts.created?.length, counts.duplicate?.length], [1, 49])
    assert.equal(new Set(replies.map((reply) => reply.id)).size, 1)
    const { tasks } = await b.engine.records.find({ limit: 100, cursor: null })
    assert.equal(tasks.length, 1)
  }),
  ...checkEach(
    [outcomes.retry(10), outcomes.snooze(10), outcomes.release(), outcomes.crash(), outcomes.loss()],
    (outcome) => `a task that goes on after ${outcome.kind} keeps its key`,
    [17],
    async (b, outcome) => {
      await b.ended(outcome, { unique: KEY })
      assert.equal((await b.enqueue(another())).outcome, 'duplicate')
    },
  ),
  check('a task that was asked to cancel keeps its key until it ends', [17], async (b) => {
    const task = await b.start({ unique: KEY })
    await b.act('cancel', task.id)
    assert.equal((await b.enqueue(another())).outcome, 'duplicate')
    await b.end(task, outcomes.retry(10))
    assert.deepEqual(await b.enqueue(another()), CREATED)
  }),
]

/** Every way in which a task becomes final. */
const ENDS: Readonly<Record<string, (b: Bench, fields: Partial<NewTask>) => Promise<unknown>>> = {
  succeeded: (b, fields) => b.ended(outcomes.succeed(), fields),
  dead: (b, fields) => b.ended(outcomes.die(), fields),
  'cancelled while it ran': (b, fields) => b.ended(outcomes.cancel(), fields),
  'cancelled while it waited': async (b, fields) => b.act('cancel', await b.add(fields)),
  'expired at a claim': async (b, fields) => {
    await b.add({ ...fields, expires: { after: 0 } })
    await b.claim(await b.session())
  },
  'expired at a sweep': async (b, fields) => {
    await b.add({ ...fields, expires: { after: 0 } })
    await b.sweep()
  },
  'rescued as poison': async (b, fields) => {
    const task = await b.start(fields)
    await b.kill(task.session ?? '')
    const poison: Outcome = outcomes.crash(0, { to: 'dead', reason: 'poison' })
    await b.end(task, poison, { guard: 'rescue' })
  },
}

const freed = [
  ...checkEach(
    Object.entries(ENDS),
    ([how]) => `the key is free once its task is ${how}`,
    [17],
    async (b, [, end]) => {
      await end(b, { id: 'holder', unique: KEY })
      assert.deepEqual(await b.enqueue(another()), CREATED)
      assert.equal((await b.enqueue(another({ id: 'third' }))).id, 'another')
    },
  ),
  ...checkEach(
    Object.entries(ENDS),
    ([how]) => `a key with a time is still held when its task is ${how}`,
    [17],
    async (b, [, end]) => {
      await end(b, { id: 'holder', unique: FOR_AN_HOUR })
      const { state } = await b.get('holder')
      assert.deepEqual(await b.enqueue(another()), { outcome: 'duplicate', id: 'holder', state })
    },
  ),
  check('a key with a time is held exactly until then', [17], async (b) => {
    await b.ended(outcomes.succeed(), { id: 'holder', unique: FOR_AN_HOUR })
    b.clock.advance(HOUR - 1)
    assert.equal((await b.enqueue(another({ unique: FOR_AN_HOUR }))).outcome, 'duplicate')
    b.clock.advance(1)
    assert.deepEqual(await b.enqueue(another({ unique: FOR_AN_HOUR })), CREATED)
    assert.equal((await b.enqueue(newTask({ unique: KEY }))).id, 'another')
  }),
  check(
    "a key with a time lapses though its task still waits, and later frees nobody else's",
    [17],
    async (b) => {
      const first = await b.start({ id: 'first', unique: FOR_AN_HOUR, timeout: null })
      b.clock.advance(HOUR)
      assert.deepEqual(await b.enqueue(another()), CREATED)
      await b.end(first, outcomes.succeed())
      assert.equal((await b.enqueue(newTask({ unique: KEY }))).id, 'another')
      await b.act('delete', 'first')
      assert.equal((await b.enqueue(newTask({ unique: KEY }))).id, 'another')
    },
  ),
  check('deleting a task frees its key, also one with a time', [17], async (b) => {
    await b.ended(outcomes.succeed(), { id: 'holder', unique: FOR_AN_HOUR })
    await b.act('delete', 'holder')
    assert.deepEqual(await b.enqueue(another()), CREATED)
  }),
  check('purging a task frees its key, also one with a time', [17], async (b) => {
    await b.ended(outcomes.succeed(), {
      id: 'holder',
      unique: FOR_AN_HOUR,
      keep: { succeeded: 1_000, dead: 1_000 },
    })
    b.clock.advance(2_000)
    assert.equal((await b.sweep()).purged, 1)
    assert.deepEqual(await b.enqueue(another()), CREATED)
  }),
]

const requeued = [
  check('a requeued task takes its key again', [17], async (b) => {
    await b.ended(outcomes.die(), { id: 'holder', unique: KEY })
    assert.equal((await b.act('requeue', 'holder')).outcome, 'done')
    assert.equal((await b.enqueue(another())).id, 'holder')
  }),
  check('a requeue is refused while another task holds the key, and changes nothing', [17], async (b) => {
    const dead = await b.ended(outcomes.die(), { id: 'first', unique: KEY })
    await b.enqueue(another())
    assert.deepEqual(await b.act('requeue', 'first'), { outcome: 'held', state: 'dead', holder: 'another' })
    assert.deepEqual(await b.get('first'), dead)
    assert.equal((await b.enqueue(newTask({ unique: KEY }))).id, 'another')
  }),
  check('once the other is over the requeue is done', [17], async (b) => {
    await b.ended(outcomes.die(), { id: 'first', unique: KEY })
    await b.ended(outcomes.succeed(), another())
    assert.equal((await b.act('requeue', 'first')).outcome, 'done')
  }),
  check('a requeue inside the time of its key is done, and the time stays', [17], async (b) => {
    await b.ended(outcomes.die(), { id: 'first', unique: FOR_AN_HOUR })
    b.clock.advance(HOUR - 1)
    assert.equal((await b.act('requeue', 'first')).outcome, 'done')
    assert.equal((await b.enqueue(another())).outcome, 'duplicate')
    b.clock.advance(1)
    assert.deepEqual(await b.enqueue(another()), CREATED)
  }),
  check('a requeue after the time of its key needs no key and takes none', [17], async (b) => {
    await b.ended(outcomes.die(), { id: 'first', unique: FOR_AN_HOUR })
    b.clock.advance(HOUR)
    await b.enqueue(another())
    assert.equal((await b.act('requeue', 'first')).outcome, 'done')
    assert.equal((await b.enqueue(newTask({ unique: KEY }))).id, 'another')
  }),
  check('of two dead tasks with one key, requeued in one call, one takes it', [17], async (b) => {
    await b.ended(outcomes.die(), { id: 'first', unique: KEY })
    await b.ended(outcomes.die(), another())
    const replies = await b.engine.records.act([
      { verb: 'requeue', id: 'first' },
      { verb: 'requeue', id: 'another' },
    ])
    assert.deepEqual(
      replies.map((reply) => [reply.outcome, reply.holder]),
      [
        ['done', null],
        ['held', 'first'],
      ],
    )
  }),
  check('a full batch with many keys answers each', [14, 17], async (b) => {
    const keys = Array.from({ length: LIMITS.batch }, (_, i) => `key-${i % 500}`)
    const replies = await b.engine.enqueue(keys.map((key) => newTask({ unique: { key, for: null } })))
    const counts = Object.groupBy(replies, (reply) => reply.outcome)
    assert.deepEqual([counts.created?.length, counts.duplicate?.length], [500, 500])
  }),
]

export const uniqueTopic: TopicSpec = { topic: 'unique', cases: [...held, ...freed, ...requeued] }
