// Conformance: enqueue. What a new task looks like, identity by id and digest, places, batches.
// Unique keys have a topic of their own.

import assert from 'node:assert/strict'

import type { NewTask } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { newTask, outcomes } from '../samples.ts'
import type { Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

/** The record of a task that was just enqueued. `due`, `expires`, `unique` and `minted` do not appear as such. */
function freshRecord(task: NewTask, now: number, fields: Partial<TaskRecord>): TaskRecord {
  const { due: _due, expires: _expires, unique: _unique, minted: _minted, ...spec } = task
  return {
    ...spec,
    state: 'ready',
    place: null,
    createdAt: now,
    runAt: now,
    expiresAt: null,
    startedAt: null,
    finishedAt: null,
    attempt: 0,
    failures: 0,
    crashes: 0,
    losses: 0,
    releases: 0,
    snoozes: 0,
    claim: null,
    session: null,
    deadlineAt: null,
    cancelRequestedAt: null,
    uniqueKey: null,
    uniqueUntil: null,
    outcome: null,
    reason: null,
    result: null,
    error: null,
    progress: null,
    ...fields,
  }
}

const EVERY_FIELD: Partial<NewTask> = {
  id: 'every-field',
  type: 'report.build',
  queue: 'reports',
  priority: 7,
  payload: '[1,"two",{"three":null}]',
  payloadVersion: 3,
  codec: 'zstd',
  crash: { crashes: 5, losses: 2, delays: [1, 2, 3] },
  timeout: null,
  keep: { succeeded: 1_234, dead: 5_678 },
  tags: ['b', 'a', 'B'],
  meta: '{"who":"me"}',
  group: 'group-1',
  parentId: 'parent-1',
  rootId: 'root-1',
  traceContext: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
  origin: 'schedule:nightly',
}

const POLICIES: readonly NewTask['retry'][] = [
  { kind: 'fixed', retries: 0, delay: 0 },
  { kind: 'list', retries: 3, delays: [10_000, 30_000, 90_000] },
  { kind: 'exponential', retries: 12, base: 1_000, factor: 1.5, cap: 3_600_000, jitter: 0.1 },
]

/** Brings a task into each state; answers its id. */
const BROUGHT_TO: Readonly<Record<TaskRecord['state'], (b: Bench, task: NewTask) => Promise<unknown>>> = {
  scheduled: (b, task) => b.enqueue({ ...task, due: { after: 60_000 } }),
  ready: (b, task) => b.enqueue(task),
  running: (b, task) => b.start(task),
  succeeded: (b, task) => b.ended(outcomes.succeed(), task),
  dead: (b, task) => b.ended(outcomes.die(), task),
  cancelled: (b, task) => b.ended(outcomes.cancel(), task),
}
const STATES = Object.keys(BROUGHT_TO) as TaskRecord['state'][]

const shapes = [
  check('a task that is due is ready, with a place and every field as given', [11], async (b) => {
    const task = newTask(EVERY_FIELD)
    assert.deepEqual(await b.enqueue(task), { outcome: 'created', id: task.id, state: 'ready' })
    const stored = await b.get(task.id)
    assert.equal(typeof stored.place, 'number')
    assert.deepEqual(stored, freshRecord(task, b.now, { place: stored.place }))
  }),
  check('a task for later is scheduled and has no place', [11], async (b) => {
    const task = newTask({ due: { after: 1 } })
    assert.deepEqual(await b.enqueue(task), { outcome: 'created', id: task.id, state: 'scheduled' })
    const expected = freshRecord(task, b.now, { state: 'scheduled', runAt: b.now + 1 })
    assert.deepEqual(await b.get(task.id), expected)
  }),
  check('an instant in the future is kept as given', ['DESIGN §4'], async (b) => {
    const at = b.now + 86_400_000
    const task = await b.get(await b.add({ due: { at } }))
    assert.deepEqual([task.state, task.runAt, task.place], ['scheduled', at, null])
  }),
  check('an instant in the past is due at once and kept as given', ['DESIGN §4'], async (b) => {
    const at = b.now - 86_400_000
    const task = await b.get(await b.add({ due: { at } }))
    assert.deepEqual([task.state, task.runAt], ['ready', at])
    assert.notEqual(task.place, null)
  }),
  check('an instant that is now is due', ['DESIGN §4'], async (b) => {
    assert.equal((await b.get(await b.add({ due: { at: b.now } }))).state, 'ready')
  }),
  check('expires: a duration counts from engine now, an instant is kept', [9], async (b) => {
    const first = await b.get(await b.add({ expires: { after: 5_000 } }))
    const second = await b.get(await b.add({ expires: { at: b.now + 77 } }))
    assert.deepEqual([first.expiresAt, second.expiresAt], [b.now + 5_000, b.now + 77])
  }),
  check('a task that is expired already is created all the same', [9], async (b) => {
    const task = await b.get(await b.add({ expires: { at: b.now - 1 } }))
    assert.deepEqual([task.state, task.expiresAt], ['ready', b.now - 1])
  }),
  ...checkEach(
    POLICIES,
    (retry) => `the retry policy '${retry.kind}' comes back as it went in`,
    [7],
    async (b, retry) => {
      assert.deepEqual((await b.get(await b.add({ retry }))).retry, retry)
    },
  ),
  check('a minted id is enqueued like any other', [16], async (b) => {
    const task = newTask({ minted: true })
    assert.deepEqual(await b.enqueue(task), { outcome: 'created', id: task.id, state: 'ready' })
    assert.equal((await b.get(task.id)).id, task.id)
  }),
  check('what was passed can be changed afterwards without changing what is stored', [16], async (b) => {
    const tags = ['kept']
    const delays = [1_000]
    const task = newTask({ tags, retry: { kind: 'list', retries: 1, delays } })
    await b.enqueue(task)
    tags.push('added later')
    delays[0] = 9_999
    const stored = await b.get(task.id)
    assert.deepEqual([stored.tags, stored.retry], [['kept'], { kind: 'list', retries: 1, delays: [1_000] }])
  }),
]

const places = [
  check('places rise in array order and from call to call', [11], async (b) => {
    const first = await b.addAll([{ id: 'z' }, { id: 'a' }, { id: 'm' }])
    const second = await b.addAll([{ id: 'b' }, { id: 'y' }])
    const stored = await b.engine.records.get([...first, ...second])
    const drawn = stored.map((task) => task?.place ?? 0)
    assert.deepEqual(
      drawn,
      drawn.toSorted((left, right) => left - right),
    )
    assert.equal(new Set(drawn).size, 5)
  }),
  check('a full batch is created whole and in order', [14, 20], async (b) => {
    const list = Array.from({ length: LIMITS.batch }, (_, i) => newTask({ id: `t${i}` }))
    const replies = await b.engine.enqueue(list)
    assert.deepEqual(
      replies,
      list.map(({ id }) => ({ outcome: 'created', id, state: 'ready' })),
    )
    const { tasks } = await b.claim(await b.session(), { limit: LIMITS.batch })
    assert.deepEqual(
      tasks.map((task) => task.id),
      list.map((task) => task.id),
    )
  }),
]

const identity = [
  ...checkEach(
    STATES,
    (state) => `the same id and content is 'existing' while the task is ${state}`,
    [16],
    async (b, state) => {
      const task = newTask({ id: 'same' })
      await BROUGHT_TO[state](b, task)
      const before = await b.get(task.id)
      assert.equal(before.state, state)
      assert.deepEqual(await b.enqueue(task), { outcome: 'existing', id: task.id, state })
      assert.deepEqual(await b.get(task.id), before)
    },
  ),
  ...checkEach(
    STATES,
    (state) => `the same id with other content is 'conflict' while the task is ${state}`,
    [16],
    async (b, state) => {
      await BROUGHT_TO[state](b, newTask({ id: 'same' }))
      const before = await b.get('same')
      const other = newTask({ id: 'same', payload: '{"n":2}' })
      assert.deepEqual(await b.enqueue(other), { outcome: 'conflict', id: 'same', state })
      assert.deepEqual(await b.get('same'), before)
    },
  ),
  check('only the digest is compared', [16], async (b) => {
    const task = newTask({ id: 'same' })
    await b.enqueue(task)
    const reply = await b.enqueue({ ...task, timeout: 1, tags: ['new'], payloadVersion: 9 })
    assert.equal(reply.outcome, 'existing')
    assert.deepEqual((await b.get('same')).tags, [])
  }),
  check('inside one array an earlier item counts as already there', [16], async (b) => {
    const task = newTask({ id: 'same' })
    const other = newTask({ id: 'same', priority: 3 })
    const replies = await b.engine.enqueue([task, task, other])
    assert.deepEqual(
      replies.map((reply) => reply.outcome),
      ['created', 'existing', 'conflict'],
    )
    assert.equal((await b.get('same')).priority, 0)
  }),
  check('a refused item changes nothing of the others, and replies keep their order', [14, 16], async (b) => {
    await b.add({ id: 'taken' })
    const replies = await b.engine.enqueue([
      newTask({ id: 'first' }),
      newTask({ id: 'taken', priority: 9 }),
      newTask({ id: 'last', due: { after: 1_000 } }),
    ])
    assert.deepEqual(replies, [
      { outcome: 'created', id: 'first', state: 'ready' },
      { outcome: 'conflict', id: 'taken', state: 'ready' },
      { outcome: 'created', id: 'last', state: 'scheduled' },
    ])
    assert.deepEqual(await b.states(['first', 'taken', 'last']), ['ready', 'ready', 'scheduled'])
  }),
  check(
    'an id stays taken by the digest it was enqueued with, also when its priority was changed',
    [16],
    async (b) => {
      const task = newTask({ id: 'same' })
      await b.enqueue(task)
      await b.engine.records.act([{ verb: 'reprioritise', id: 'same', priority: 9 }])
      assert.equal((await b.enqueue(task)).outcome, 'existing')
      assert.equal((await b.enqueue(newTask({ id: 'same', priority: 9 }))).outcome, 'conflict')
    },
  ),
  check('fifty enqueues of one id at once create one task', [16], async (b) => {
    const task = newTask({ id: 'same' })
    const replies = await Promise.all(Array.from({ length: 50 }, () => b.enqueue(task)))
    const counts = Object.groupBy(replies, (reply) => reply.outcome)
    assert.deepEqual([counts.created?.length, counts.existing?.length], [1, 49])
    assert.equal((await b.claim(await b.session())).tasks.length, 1)
  }),
  check('what was acknowledged is visible to the next claim', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const list = await Promise.all(Array.from({ length: 20 }, () => b.add()))
    const { tasks } = await b.claim(session)
    assert.deepEqual(tasks.map((task) => task.id).toSorted(), list.toSorted())
  }),
]

const options = [
  check('a transaction that is not of this engine is refused and nothing is enqueued', [14], async (b) => {
    const task = newTask()
    await assert.rejects(b.engine.enqueue([task], { tx: { not: 'a transaction' } }))
    assert.deepEqual(await b.engine.records.get([task.id]), [null])
  }),
  check('notify asks for nothing but a hint', [13], async (b) => {
    const task = newTask()
    const replies = await b.engine.enqueue([task], { notify: true })
    assert.deepEqual(replies, [{ outcome: 'created', id: task.id, state: 'ready' }])
  }),
]

export const enqueueTopic: TopicSpec = {
  topic: 'enqueue',
  cases: [...shapes, ...places, ...identity, ...options],
}
