// Conformance: settle. What each outcome writes, what it charges, what travels with it.
// Stale and repeated settlements have a topic of their own, rescues are with the sweep.

import assert from 'node:assert/strict'

import type { Outcome } from '../../core/hot-verbs.ts'
import { mintToken } from '../../core/ids.ts'
import type { TaskRecord } from '../../core/record.ts'
import { newError, newTask, outcomes } from '../samples.ts'
import { ids, only, settlement } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

/** What every ending clears. */
const ENDED = { claim: null, deadlineAt: null, cancelRequestedAt: null } as const

const written = [
  check('succeed: result stored, finished now, nothing charged', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    b.clock.advance(250)
    const reply = await b.settle(task, outcomes.succeed('{"sum":42}'))
    assert.deepEqual(reply, { status: 'applied', state: 'succeeded', followUps: [] })
    const expected: TaskRecord = {
      ...task,
      ...ENDED,
      state: 'succeeded',
      outcome: 'succeed',
      result: '{"sum":42}',
      finishedAt: b.now,
    }
    assert.deepEqual(await b.get(task.id), expected)
  }),
  check('succeed clears the reason and the error of attempts before', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    await b.end(await b.start({}, session), outcomes.retry(0))
    const done = await b.end(
      await b.take(session),
      outcomes.succeed('1', { reason: 'failed', error: newError() }),
    )
    assert.deepEqual([done.reason, done.error, done.outcome, done.failures], [null, null, 'succeed', 1])
  }),
  check('succeed without a result leaves it null', ['DESIGN §4'], async (b) => {
    assert.equal((await b.ended(outcomes.succeed(null))).result, null)
  }),
  check('retry: scheduled after the delay without a place, one failure', [7, 11], async (b) => {
    const task = await b.start()
    b.clock.advance(250)
    const reply = await b.settle(task, outcomes.retry(60_000))
    assert.deepEqual(reply, { status: 'applied', state: 'scheduled', followUps: [] })
    const expected: TaskRecord = {
      ...task,
      ...ENDED,
      state: 'scheduled',
      place: null,
      runAt: b.now + 60_000,
      failures: 1,
      outcome: 'retry',
      reason: 'failed',
      error: newError(),
    }
    assert.deepEqual(await b.get(task.id), expected)
  }),
  check('a delay of 0 schedules for now: the next claim takes it', [11, 13], async (b) => {
    const session = await b.session()
    const task = await b.end(await b.start({}, session), outcomes.retry(0))
    assert.deepEqual([task.state, task.runAt, task.place], ['scheduled', b.now, null])
    assert.equal((await b.take(session)).id, task.id)
  }),
  check('snooze: scheduled, counts as a snooze only', [7], async (b) => {
    const task = await b.start()
    const expected: TaskRecord = {
      ...task,
      ...ENDED,
      state: 'scheduled',
      place: null,
      runAt: b.now + 5_000,
      snoozes: 1,
      outcome: 'snooze',
    }
    assert.deepEqual(await b.end(task, outcomes.snooze(5_000)), expected)
  }),
  check('release: ready at its old place, counts as a release only', [7, 11], async (b) => {
    const task = await b.start()
    b.clock.advance(250)
    const expected: TaskRecord = {
      ...task,
      ...ENDED,
      state: 'ready',
      releases: 1,
      outcome: 'release',
      reason: 'drained',
    }
    assert.notEqual(task.place, null)
    assert.deepEqual(await b.end(task, outcomes.release()), expected)
  }),
  check('release with a delay: scheduled, counts as a release only', [7], async (b) => {
    const task = await b.start()
    const after = await b.end(task, outcomes.release(30_000, { reason: 'unknown_type' }))
    assert.deepEqual(
      [after.state, after.runAt, after.place, after.releases, after.failures, after.reason],
      ['scheduled', b.now + 30_000, null, 1, 0, 'unknown_type'],
    )
  }),
  check('die: dead with reason and error, finished now', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    b.clock.advance(250)
    const expected: TaskRecord = {
      ...task,
      ...ENDED,
      state: 'dead',
      failures: 1,
      outcome: 'die',
      reason: 'fatal',
      error: newError(),
      finishedAt: b.now,
    }
    assert.deepEqual(await b.end(task, outcomes.die()), expected)
  }),
  check('cancel: cancelled, nothing charged', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    const expected: TaskRecord = {
      ...task,
      ...ENDED,
      state: 'cancelled',
      outcome: 'cancel',
      reason: 'cancelled',
      finishedAt: b.now,
    }
    assert.deepEqual(await b.end(task, outcomes.cancel()), expected)
  }),
  check(
    'an outcome without an error leaves the one before; its reason always replaces',
    ['DESIGN §4'],
    async (b) => {
      const session = await b.session()
      const failed = await b.end(await b.start({}, session), outcomes.retry(0, { error: newError('first') }))
      const snoozed = await b.end(await b.take(session), outcomes.snooze(0))
      assert.deepEqual([snoozed.error, snoozed.reason, snoozed.outcome], [failed.error, null, 'snooze'])
      const cancelled = await b.end(await b.take(session), outcomes.cancel())
      assert.deepEqual([cancelled.error, cancelled.reason], [failed.error, 'cancelled'])
    },
  ),
  check('an error is kept whole', ['DESIGN §4'], async (b) => {
    const error = {
      code: 'E_DEMO',
      name: 'DemoError',
      message: 'with "quotes", a \\ and\nlines',
      stack: 'DemoError: …\n    at demo.ts:1:1',
      causes: [
        { name: 'TypeError', message: 'cause 1' },
        { name: 'Error', message: '' },
      ],
    }
    assert.deepEqual((await b.ended(outcomes.die({ error }))).error, error)
  }),
]

const CHARGES: readonly {
  readonly name: string
  readonly outcome: Outcome
  readonly grown: Partial<TaskRecord>
}[] = [
  { name: 'retry', outcome: outcomes.retry(0), grown: { failures: 1 } },
  { name: 'snooze', outcome: outcomes.snooze(0), grown: { snoozes: 1 } },
  { name: 'release', outcome: outcomes.release(), grown: { releases: 1 } },
  { name: 'crash', outcome: outcomes.crash(), grown: { crashes: 1 } },
  { name: 'loss', outcome: outcomes.loss(), grown: { losses: 1 } },
  { name: 'deadline', outcome: outcomes.deadline(0), grown: { failures: 1 } },
]

function countersOf({ failures, crashes, losses, releases, snoozes }: TaskRecord) {
  return { failures, crashes, losses, releases, snoozes }
}

const charged = [
  ...checkEach(
    CHARGES,
    ({ name }) => `${name} grows its own counter by what is charged and no other`,
    [7, 9],
    async (b, { outcome, grown }) => {
      const session = await b.session()
      const none = { failures: 0, crashes: 0, losses: 0, releases: 0, snoozes: 0 }
      const once = await b.end(await b.start({}, session), outcome)
      assert.deepEqual(countersOf(once), { ...none, ...grown })
      const twice = await b.end(await b.take(session), outcome)
      const doubled = Object.fromEntries(Object.entries(grown).map(([key]) => [key, 2]))
      assert.deepEqual(countersOf(twice), { ...none, ...doubled })
    },
  ),
  check('counters grow by the charge as given, whatever the kind', [9], async (b) => {
    const charge = { failures: 2, crashes: 3, losses: 4, releases: 5, snoozes: 6 }
    assert.deepEqual(countersOf(await b.ended(outcomes.die({ charge }))), charge)
    const free = await b.ended(outcomes.retry(0, { charge: {} }))
    assert.deepEqual(countersOf(free), { failures: 0, crashes: 0, losses: 0, releases: 0, snoozes: 0 })
  }),
]

const travelling = [
  check('follow-ups are enqueued with the settlement, in order, and answered', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    const followUps = [
      newTask({ id: 'child-1', parentId: task.id }),
      newTask({ id: 'child-2', due: { after: 50 } }),
    ]
    const reply = await b.settle(task, outcomes.succeed(), { followUps })
    assert.deepEqual(reply.followUps, [
      { outcome: 'created', id: 'child-1', state: 'ready' },
      { outcome: 'created', id: 'child-2', state: 'scheduled' },
    ])
    assert.deepEqual(await b.states(['child-1', 'child-2']), ['ready', 'scheduled'])
    assert.equal((await b.get('child-1')).parentId, task.id)
  }),
  check(
    'a refused follow-up is answered as such and hinders neither the others nor the settlement',
    [14],
    async (b) => {
      const same = newTask({ id: 'same' })
      await b.enqueue(same)
      const task = await b.start({ priority: 9 })
      const followUps = [newTask({ id: 'same', payload: '2' }), same, newTask({ id: 'child' })]
      const reply = await b.settle(task, outcomes.succeed(), { followUps })
      assert.equal(reply.status, 'applied')
      assert.deepEqual(
        reply.followUps.map((one) => one.outcome),
        ['conflict', 'existing', 'created'],
      )
    },
  ),
  check('a follow-up may take the unique key that its parent frees', [17], async (b) => {
    const unique = { key: 'loop', for: null }
    const task = await b.start({ unique })
    const reply = await b.settle(task, outcomes.succeed(), { followUps: [newTask({ id: 'next', unique })] })
    assert.deepEqual(reply.followUps, [{ outcome: 'created', id: 'next', state: 'ready' }])
  }),
  check('log lines that were not reported yet are kept', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    const line = (message: string) => ({ at: b.now, level: 'info' as const, message })
    await b.engine.report([{ id: task.id, claim: task.claim ?? '', progress: null, logs: [line('one')] }])
    await b.end(task, outcomes.succeed(), { logs: [line('two'), line('three')] })
    const { lines } = await b.engine.journal.logs(task.id, null, 100)
    assert.deepEqual(lines, [line('one'), line('two'), line('three')])
  }),
]

const batches = [
  check(
    'a batch settles each by itself: one refused changes nothing of the others',
    ['DESIGN §4'],
    async (b) => {
      const session = await b.session()
      await b.addAll([{}, {}, {}])
      const { tasks } = await b.claim(session)
      const [first, second, third] = tasks
      assert.ok(first !== undefined && second !== undefined && third !== undefined)
      const replies = await b.engine.settle([
        settlement(first, outcomes.succeed()),
        settlement(second, outcomes.succeed(), { claim: `${mintToken()}.1` }),
        settlement(third, outcomes.retry(10)),
      ])
      assert.deepEqual(
        replies.map((reply) => [reply.status, reply.state]),
        [
          ['applied', 'succeeded'],
          ['lost', 'running'],
          ['applied', 'scheduled'],
        ],
      )
      assert.deepEqual(await b.get(second.id), second)
    },
  ),
  check("a batch that settles a follow-up's parent twice applies it once", [8], async (b) => {
    const task = await b.start()
    const once = settlement(task, outcomes.succeed(), { followUps: [newTask({ id: 'child' })] })
    const replies = await b.engine.settle([once, once])
    assert.deepEqual(
      replies.map((reply) => [reply.status, reply.followUps.length]),
      [
        ['applied', 1],
        ['already', 0],
      ],
    )
  }),
  check('fifty equal settlements at once: one is applied, the others already stand', [8], async (b) => {
    const task = await b.start()
    const replies = await Promise.all(Array.from({ length: 50 }, () => b.settle(task, outcomes.retry(10))))
    const counts = Object.groupBy(replies, (reply) => reply.status)
    assert.deepEqual([counts.applied?.length, counts.already?.length], [1, 49])
    assert.equal((await b.get(task.id)).failures, 1)
  }),
  check('of two different settlements at once exactly one is applied', [2], async (b) => {
    const task = await b.start()
    const replies = await Promise.all([b.settle(task, outcomes.succeed()), b.settle(task, outcomes.die())])
    assert.deepEqual(replies.map((reply) => reply.status).toSorted(), ['applied', 'lost'])
    const winner = only(replies.filter((reply) => reply.status === 'applied')).state
    assert.equal((await b.get(task.id)).state, winner)
  }),
]

const guard = [
  check('the token alone guards: a lease that has passed does not matter', [2], async (b) => {
    const session = await b.session({ lease: 1_000 })
    const task = await b.start({}, session)
    b.clock.advance(60_000)
    assert.equal((await b.settle(task, outcomes.succeed())).status, 'applied')
  }),
  check('the token alone guards: a dead session settles what nobody has rescued yet', [2], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.kill(session)
    assert.equal((await b.settle(task, outcomes.succeed())).status, 'applied')
  }),
  check('the session stays as the one that ran it last', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const task = await b.end(await b.start({}, session), outcomes.retry(10))
    assert.equal(task.session, session)
  }),
  check('after an ending the task is free for the next claim, under another token', [2], async (b) => {
    const [one, other] = [await b.session(), await b.session()]
    const first = await b.start({}, one)
    await b.end(first, outcomes.release())
    const second = await b.take(other)
    assert.deepEqual([second.id, second.session, second.attempt], [first.id, other, 2])
    assert.notEqual(second.claim, first.claim)
    assert.deepEqual(ids((await b.claim(one)).tasks), [])
  }),
]

export const settleTopic: TopicSpec = {
  topic: 'settle',
  cases: [...written, ...charged, ...travelling, ...batches, ...guard],
}
