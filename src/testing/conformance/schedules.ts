// Conformance: schedules. Compare-and-set of the rule, and ticks that fire exactly once with what they enqueue.
// When a rule is due next is the scheduler's to compute.

import assert from 'node:assert/strict'

import type { Firing, SchedulePut } from '../../core/cold-verbs.ts'
import type { ScheduleRecord } from '../../core/record.ts'
import { newTask } from '../samples.ts'
import { only, type Bench } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

const HOUR = 3_600_000

async function put(b: Bench, fields: Partial<SchedulePut> = {}) {
  const item = {
    name: 'nightly',
    version: 0,
    body: '{"cron":"0 3 * * *"}',
    paused: false,
    dueAt: null,
    ...fields,
  }
  return only(await b.engine.schedules.put([item]))
}

async function read(b: Bench, name = 'nightly'): Promise<ScheduleRecord> {
  return only(await b.engine.schedules.list([name]))
}

function firing(b: Bench, fields: Partial<Firing> = {}): Firing {
  return {
    name: 'nightly',
    version: 1,
    dueAt: b.now,
    nextDueAt: b.now + HOUR,
    tasks: [newTask({ id: `tick-${b.now}`, origin: 'schedule:nightly' })],
    journal: [{ stream: 'tick', key: 'nightly', at: b.now, body: '{}' }],
    ...fields,
  }
}

async function fire(b: Bench, fields: Partial<Firing> = {}) {
  return only(await b.engine.schedules.fire([firing(b, fields)]))
}

async function ticks(b: Bench) {
  const query = { stream: 'tick', key: null, from: null, to: null, limit: 100, cursor: null }
  return (await b.engine.journal.read(query)).entries
}

const rules = [
  check('version 0 creates, and the schedule comes back as it went in', ['DESIGN §6'], async (b) => {
    assert.deepEqual(await put(b, { dueAt: b.now + HOUR }), { status: 'put', version: 1 })
    assert.deepEqual(await read(b), {
      name: 'nightly',
      version: 1,
      body: '{"cron":"0 3 * * *"}',
      paused: false,
      dueAt: b.now + HOUR,
      lastFiredAt: null,
      updatedAt: b.now,
    })
  }),
  check('only the standing version is replaced', ['DESIGN §6'], async (b) => {
    assert.deepEqual(await put(b, { version: 1 }), { status: 'conflict', version: 0 })
    await put(b)
    assert.deepEqual(await put(b, { body: 'x' }), { status: 'conflict', version: 1 })
    b.clock.advance(10)
    assert.deepEqual(await put(b, { version: 1, body: 'y', paused: true }), { status: 'put', version: 2 })
    assert.deepEqual(await put(b, { version: 1, body: 'z' }), { status: 'conflict', version: 2 })
    const { body, paused, version, updatedAt } = await read(b)
    assert.deepEqual([body, paused, version, updatedAt], ['y', true, 2, b.now])
  }),
  check('of ten puts at once exactly one wins', ['DESIGN §6'], async (b) => {
    await put(b)
    const replies = await Promise.all(Array.from({ length: 10 }, () => put(b, { version: 1 })))
    assert.equal(replies.filter((reply) => reply.status === 'put').length, 1)
    assert.equal((await read(b)).version, 2)
  }),
  check(
    'list: all or the named ones, in the byte order of names; unknown ones are left out',
    ['DESIGN §6'],
    async (b) => {
      for (const name of ['b', 'a', 'B']) await put(b, { name })
      const names = async (list: readonly string[] | null) =>
        (await b.engine.schedules.list(list)).map((one) => one.name)
      assert.deepEqual(await names(null), ['B', 'a', 'b'])
      assert.deepEqual(await names(['b', 'unknown', 'B']), ['B', 'b'])
      assert.deepEqual(await names([]), [])
    },
  ),
  check('remove takes the standing version only', ['DESIGN §6'], async (b) => {
    const remove = async (version: number) =>
      only(await b.engine.schedules.remove([{ name: 'nightly', version }]))
    assert.deepEqual(await remove(1), { status: 'not_found' })
    await put(b)
    assert.deepEqual(await remove(2), { status: 'conflict' })
    assert.deepEqual(await remove(1), { status: 'removed' })
    assert.deepEqual(await b.engine.schedules.list(null), [])
    assert.equal((await put(b)).status, 'put')
  }),
  check(
    'due: what is due and not paused, earliest first, up to the limit, with engine now',
    ['DESIGN §6'],
    async (b) => {
      await put(b, { name: 'late', dueAt: b.now - 10 })
      await put(b, { name: 'later', dueAt: b.now - 5 })
      await put(b, { name: 'just', dueAt: b.now })
      await put(b, { name: 'future', dueAt: b.now + 1 })
      await put(b, { name: 'paused', dueAt: b.now - 20, paused: true })
      await put(b, { name: 'never', dueAt: null })
      const due = async (limit: number) => {
        const { now, schedules } = await b.engine.schedules.due(limit)
        assert.equal(now, b.now)
        return schedules.map((one) => one.name)
      }
      assert.deepEqual(await due(10), ['late', 'later', 'just'])
      assert.deepEqual(await due(2), ['late', 'later'])
      b.clock.advance(1)
      assert.deepEqual(await due(10), ['late', 'later', 'just', 'future'])
    },
  ),
]

const firings = [
  check(
    'fire: the tick moves on, its tasks and entries are there, the version stays',
    ['DESIGN §6'],
    async (b) => {
      const due = b.now
      await put(b, { dueAt: due })
      const before = await read(b)
      b.clock.advance(250)
      const tasks = [newTask({ id: 'one' }), newTask({ id: 'two', due: { after: 10 } })]
      const reply = await fire(b, { dueAt: due, tasks })
      assert.deepEqual(reply, {
        status: 'fired',
        tasks: [
          { outcome: 'created', id: 'one', state: 'ready' },
          { outcome: 'created', id: 'two', state: 'scheduled' },
        ],
      })
      assert.deepEqual(await read(b), { ...before, dueAt: b.now + HOUR, lastFiredAt: b.now })
      assert.deepEqual(await b.states(['one', 'two']), ['ready', 'scheduled'])
      assert.deepEqual(await ticks(b), [{ stream: 'tick', key: 'nightly', at: b.now, body: '{}' }])
    },
  ),
  check('the same tick again is stale and leaves nothing', ['DESIGN §6'], async (b) => {
    const dueAt = b.now
    await put(b, { dueAt })
    await fire(b)
    const before = await read(b)
    b.clock.advance(1)
    assert.deepEqual(await fire(b, { dueAt, tasks: [newTask({ id: 'again' })] }), {
      status: 'stale',
      tasks: [],
    })
    assert.deepEqual(await read(b), before)
    assert.deepEqual([await b.states(['again']), (await ticks(b)).length], [[null], 1])
  }),
  check('of ten schedulers that fire one tick at once one fires', ['DESIGN §6'], async (b) => {
    await put(b, { dueAt: b.now })
    const replies = await Promise.all(
      Array.from({ length: 10 }, (_, i) => fire(b, { tasks: [newTask({ id: `by-${i}` })] })),
    )
    assert.equal(replies.filter((reply) => reply.status === 'fired').length, 1)
    const { tasks } = await b.engine.records.find({ limit: 100, cursor: null })
    assert.deepEqual([tasks.length, (await ticks(b)).length], [1, 1])
  }),
  check('two ticks of one schedule in one call: the second is stale', ['DESIGN §6'], async (b) => {
    await put(b, { dueAt: b.now })
    const one = firing(b, { tasks: [] })
    const replies = await b.engine.schedules.fire([one, one])
    assert.deepEqual(
      replies.map((reply) => reply.status),
      ['fired', 'stale'],
    )
  }),
  check('a changed, paused, removed or unknown schedule does not fire', ['DESIGN §6'], async (b) => {
    const dueAt = b.now
    for (const name of ['changed', 'paused', 'removed']) await put(b, { name, dueAt })
    await put(b, { name: 'changed', version: 1, dueAt })
    await put(b, { name: 'paused', version: 1, dueAt, paused: true })
    await b.engine.schedules.remove([{ name: 'removed', version: 1 }])
    for (const fields of [
      { name: 'changed' },
      { name: 'paused', version: 2 },
      { name: 'removed' },
      { name: 'unknown' },
    ]) {
      assert.deepEqual(await fire(b, fields), { status: 'stale', tasks: [] }, fields.name)
    }
    assert.deepEqual((await b.engine.records.find({ limit: 10, cursor: null })).tasks, [])
    assert.deepEqual(await ticks(b), [])
  }),
  check('a due time that was moved does not fire for the old one', ['DESIGN §6'], async (b) => {
    await put(b, { dueAt: b.now })
    assert.equal((await fire(b, { dueAt: b.now - 1 })).status, 'stale')
    assert.equal((await fire(b, { dueAt: b.now })).status, 'fired')
  }),
  check('a tick whose task is there already fires all the same', ['DESIGN §6'], async (b) => {
    const task = newTask({ id: 'tick' })
    await b.enqueue(task)
    await put(b, { dueAt: b.now })
    const reply = await fire(b, { tasks: [task, newTask({ id: 'tick', payload: '2' })] })
    assert.equal(reply.status, 'fired')
    assert.deepEqual(
      reply.tasks.map((one) => one.outcome),
      ['existing', 'conflict'],
    )
  }),
  check('a rule may end: no next due time', ['DESIGN §6'], async (b) => {
    await put(b, { dueAt: b.now })
    await fire(b, { nextDueAt: null })
    assert.equal((await read(b)).dueAt, null)
    b.clock.advance(HOUR)
    assert.deepEqual((await b.engine.schedules.due(10)).schedules, [])
  }),
  check('changing a rule does not forget when it last fired', ['DESIGN §6'], async (b) => {
    const fired = b.now
    await put(b, { dueAt: fired })
    await fire(b)
    b.clock.advance(10)
    await put(b, { version: 1, body: 'new', dueAt: b.now })
    assert.equal((await read(b)).lastFiredAt, fired)
  }),
]

export const schedulesTopic: TopicSpec = {
  topic: "schedules' compare-and-set",
  cases: [...rules, ...firings],
}
