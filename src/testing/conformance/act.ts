// Conformance: the operator's verbs: cancel, requeue, delete, reprioritise; and what a cancel request does to the
// endings that follow. Unique keys under requeue and delete are in the topic of unique keys.

import assert from 'node:assert/strict'

import type { Action } from '../../core/cold-verbs.ts'
import type { Outcome } from '../../core/hot-verbs.ts'
import type { TaskRecord } from '../../core/record.ts'
import { newError, newTask, outcomes } from '../samples.ts'
import { held } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

const CANCELLED = { state: 'cancelled', reason: 'cancelled', outcome: 'cancel' } as const

const cancels = [
  check('a ready task is cancelled at once', [9], async (b) => {
    const before = await b.get(await b.add())
    b.clock.advance(10)
    assert.deepEqual(await b.act('cancel', before.id), { outcome: 'done', state: 'cancelled', holder: null })
    assert.deepEqual(await b.get(before.id), { ...before, ...CANCELLED, finishedAt: b.now })
    assert.deepEqual((await b.claim(await b.session())).tasks, [])
  }),
  check('a scheduled task is cancelled at once, also one that waits for its retry', [9], async (b) => {
    const later = await b.add({ due: { after: 1_000 } })
    const failed = await b.ended(outcomes.retry(1_000))
    await b.act('cancel', later)
    await b.act('cancel', failed.id)
    assert.deepEqual(await b.get(failed.id), { ...failed, ...CANCELLED, finishedAt: b.now })
    b.clock.advance(5_000)
    const reply = await b.claim(await b.session())
    assert.deepEqual([reply.tasks, reply.nextDueIn], [[], null])
  }),
  check('a running task is only asked to stop', [9], async (b) => {
    const task = await b.start()
    b.clock.advance(10)
    assert.deepEqual(await b.act('cancel', task.id), { outcome: 'requested', state: 'running', holder: null })
    assert.deepEqual(await b.get(task.id), { ...task, cancelRequestedAt: b.now })
  }),
  check('asking again keeps the time of the first request', [9], async (b) => {
    const task = await b.start()
    const asked = b.now
    await b.act('cancel', task.id)
    b.clock.advance(10)
    assert.equal((await b.act('cancel', task.id)).outcome, 'requested')
    assert.equal((await b.get(task.id)).cancelRequestedAt, asked)
  }),
  check('a cancelled task stays as it is', [9], async (b) => {
    const id = await b.add()
    await b.act('cancel', id)
    const before = await b.get(id)
    b.clock.advance(10)
    assert.deepEqual(await b.act('cancel', id), { outcome: 'done', state: 'cancelled', holder: null })
    assert.deepEqual(await b.get(id), before)
  }),
  ...checkEach(
    [outcomes.succeed(), outcomes.die()],
    ({ to }) => `a task that is ${to} cannot be cancelled`,
    [9],
    async (b, outcome) => {
      const before = await b.ended(outcome)
      assert.deepEqual(await b.act('cancel', before.id), {
        outcome: 'refused',
        state: outcome.to,
        holder: null,
      })
      assert.deepEqual(await b.get(before.id), before)
    },
  ),
  check('a report of a task that was asked to stop says so, and still counts', [9], async (b) => {
    const task = await b.start()
    await b.act('cancel', task.id)
    const progress = { percent: 70, message: null, at: b.now }
    assert.deepEqual(await b.engine.report([{ ...held(task), progress, logs: [] }]), [{ status: 'cancel' }])
    assert.deepEqual((await b.get(task.id)).progress, progress)
  }),
]

const GO_ON: readonly Outcome[] = [
  outcomes.retry(10),
  outcomes.snooze(10),
  outcomes.release(),
  outcomes.release(10),
  outcomes.deadline(10),
]

const requested = [
  ...checkEach(
    GO_ON,
    ({ kind, to }) => `${kind} to ${to} after a request becomes cancelled, and its charges count`,
    [7, 9],
    async (b, outcome) => {
      const task = await b.start()
      await b.act('cancel', task.id)
      const reply = await b.settle(task, outcome)
      assert.deepEqual(reply, { status: 'applied', state: 'cancelled', followUps: [] })
      const after = await b.get(task.id)
      assert.deepEqual(after, {
        ...task,
        ...CANCELLED,
        error: outcome.error,
        claim: null,
        deadlineAt: null,
        cancelRequestedAt: null,
        finishedAt: b.now,
        failures: outcome.charge.failures ?? 0,
        releases: outcome.charge.releases ?? 0,
        snoozes: outcome.charge.snoozes ?? 0,
      })
      assert.deepEqual((await b.claim(await b.session())).tasks, [])
    },
  ),
  ...checkEach(
    [outcomes.succeed(), outcomes.die()],
    ({ kind }) => `${kind} wins over a request`,
    [9],
    async (b, outcome) => {
      const task = await b.start()
      await b.act('cancel', task.id)
      const after = await b.end(task, outcome)
      assert.deepEqual(
        [after.state, after.outcome, after.cancelRequestedAt],
        [outcome.to, outcome.kind, null],
      )
    },
  ),
  check('a rescue after a request is cancelled too', [9], async (b) => {
    const task = await b.start()
    await b.act('cancel', task.id)
    await b.kill(task.session ?? '')
    const after = await b.end(task, outcomes.crash(0), { guard: 'rescue' })
    assert.deepEqual(
      [after.state, after.reason, after.outcome, after.crashes],
      ['cancelled', 'cancelled', 'cancel', 1],
    )
  }),
  check('a request ends with its attempt: it does not reach into the next life', [9], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.act('cancel', task.id)
    await b.end(task, outcomes.cancel())
    await b.act('requeue', task.id)
    const again = await b.take(session)
    assert.equal(again.cancelRequestedAt, null)
    assert.equal((await b.end(again, outcomes.retry(10))).state, 'scheduled')
  }),
  check('follow-ups are enqueued with what a request made of the ending', [9], async (b) => {
    const task = await b.start()
    await b.act('cancel', task.id)
    const reply = await b.settle(task, outcomes.retry(1), { followUps: [newTask({ id: 'child' })] })
    assert.deepEqual(reply.followUps, [{ outcome: 'created', id: 'child', state: 'ready' }])
  }),
]

const FRESH = {
  state: 'ready',
  failures: 0,
  crashes: 0,
  losses: 0,
  releases: 0,
  snoozes: 0,
  reason: null,
  error: null,
  result: null,
  finishedAt: null,
  expiresAt: null,
} as const

const requeues = [
  ...checkEach(
    [
      outcomes.die({ charge: { failures: 4, crashes: 2, losses: 1, releases: 7, snoozes: 3 } }),
      outcomes.cancel({ charge: { failures: 4 }, error: newError() }),
    ],
    ({ to }) => `a task that is ${to} starts anew: counters and ending cleared, the attempt goes on`,
    ['DESIGN §4'],
    async (b, outcome) => {
      const session = await b.session()
      const before = await b.end(await b.start({ expires: { after: 1_000 } }, session), outcome)
      b.clock.advance(5_000)
      assert.deepEqual(await b.act('requeue', before.id), { outcome: 'done', state: 'ready', holder: null })
      const after = await b.get(before.id)
      assert.ok((after.place ?? 0) > (before.place ?? 0))
      const expected: TaskRecord = {
        ...before,
        ...FRESH,
        runAt: b.now,
        place: after.place,
        outcome: after.outcome,
      }
      assert.deepEqual(after, expected)
      assert.equal((await b.take(session)).attempt, 2)
    },
  ),
  check('a cancelled task that never ran can be requeued', ['DESIGN §4'], async (b) => {
    const id = await b.add({ due: { after: 60_000 } })
    await b.act('cancel', id)
    assert.equal((await b.act('requeue', id)).outcome, 'done')
    assert.deepEqual([(await b.take(await b.session())).id, (await b.get(id)).attempt], [id, 1])
  }),
  check('only dead and cancelled tasks are requeued', ['DESIGN §4'], async (b) => {
    const done = await b.ended(outcomes.succeed())
    const running = await b.start()
    const [ready, scheduled] = [await b.add(), await b.add({ due: { after: 1 } })]
    for (const [id, state] of [
      [done.id, 'succeeded'],
      [running.id, 'running'],
      [ready, 'ready'],
      [scheduled, 'scheduled'],
    ] as const) {
      const before = await b.get(id)
      assert.deepEqual(await b.act('requeue', id), { outcome: 'refused', state, holder: null })
      assert.deepEqual(await b.get(id), before)
    }
  }),
  check('two requeues of one task at once: one is done, the other refused', ['DESIGN §4'], async (b) => {
    const { id } = await b.ended(outcomes.die())
    const replies = await Promise.all([b.act('requeue', id), b.act('requeue', id)])
    assert.deepEqual(replies.map((reply) => reply.outcome).toSorted(), ['done', 'refused'])
  }),
]

const others = [
  check('a final task is deleted with its attempts and log lines', [9], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    const line = { at: b.now, level: 'warn' as const, message: 'gone soon' }
    await b.engine.report([{ ...held(first), progress: null, logs: [line] }])
    await b.end(first, outcomes.retry(0))
    await b.end(await b.take(session), outcomes.succeed())
    assert.deepEqual(await b.act('delete', first.id), { outcome: 'done', state: null, holder: null })
    assert.deepEqual(await b.states([first.id]), [null])
    assert.deepEqual(await b.engine.journal.attempts([first.id]), [[]])
    assert.deepEqual(await b.engine.journal.logs(first.id, null, 10), { lines: [], next: null })
    assert.deepEqual((await b.engine.records.find({ limit: 10, cursor: null })).tasks, [])
  }),
  check('a deleted id stays taken', [9, 16], async (b) => {
    const task = newTask({ id: 'same' })
    await b.ended(outcomes.die(), task)
    await b.act('delete', 'same')
    assert.deepEqual(await b.enqueue(task), { outcome: 'existing', id: 'same', state: 'succeeded' })
    const other = newTask({ id: 'same', payload: '2' })
    assert.deepEqual(await b.enqueue(other), { outcome: 'conflict', id: 'same', state: null })
    assert.deepEqual(await b.states(['same']), [null])
  }),
  check(
    'what is not final is neither deleted nor is a running task given another priority',
    [9],
    async (b) => {
      const running = await b.start()
      const [ready, scheduled] = [await b.add(), await b.add({ due: { after: 1 } })]
      for (const [id, state] of [
        [running.id, 'running'],
        [ready, 'ready'],
        [scheduled, 'scheduled'],
      ] as const) {
        assert.deepEqual(await b.act('delete', id), { outcome: 'refused', state, holder: null })
      }
      const action: Action = { verb: 'reprioritise', id: running.id, priority: 9 }
      assert.equal((await b.engine.records.act([action]))[0]?.outcome, 'refused')
      assert.deepEqual(await b.get(running.id), running)
    },
  ),
  check('a new priority of a ready task changes its priority and place only', [9], async (b) => {
    const before = await b.get(await b.add())
    const reply = await b.engine.records.act([{ verb: 'reprioritise', id: before.id, priority: 8 }])
    assert.deepEqual(reply, [{ outcome: 'done', state: 'ready', holder: null }])
    const after = await b.get(before.id)
    assert.ok((after.place ?? 0) > (before.place ?? 0))
    assert.deepEqual(after, { ...before, priority: 8, place: after.place })
  }),
  check('a final task gets no other priority', [9], async (b) => {
    const before = await b.ended(outcomes.succeed())
    const reply = await b.engine.records.act([{ verb: 'reprioritise', id: before.id, priority: 9 }])
    assert.equal(reply[0]?.outcome, 'refused')
    assert.deepEqual(await b.get(before.id), before)
  }),
  check('a batch answers each in order; unknown ids are not found', ['DESIGN §4'], async (b) => {
    const [one, two] = await b.addAll([{ id: 'one' }, { id: 'two' }])
    const replies = await b.engine.records.act([
      { verb: 'cancel', id: 'unknown' },
      { verb: 'cancel', id: one ?? '' },
      { verb: 'delete', id: one ?? '' },
      { verb: 'requeue', id: 'unknown' },
      { verb: 'delete', id: two ?? '' },
      { verb: 'delete', id: 'unknown' },
      { verb: 'reprioritise', id: 'unknown', priority: 1 },
    ])
    assert.deepEqual(
      replies.map((reply) => [reply.outcome, reply.state]),
      [
        ['not_found', null],
        ['done', 'cancelled'],
        ['done', null],
        ['not_found', null],
        ['refused', 'ready'],
        ['not_found', null],
        ['not_found', null],
      ],
    )
  }),
  check('cancel against claim: the task either runs and was asked to stop, or never ran', [9], async (b) => {
    const session = await b.session()
    const list = await b.addAll(Array.from({ length: 20 }, () => ({})))
    const [reply, ...acts] = await Promise.all([
      b.claim(session, { limit: 10 }),
      ...list.map((id) => b.act('cancel', id)),
    ])
    const taken = new Set(reply.tasks.map((task) => task.id))
    for (const [i, id] of list.entries()) {
      const { state, cancelRequestedAt } = await b.get(id)
      const expected = taken.has(id) ? ['running', acts[i]?.outcome === 'requested'] : ['cancelled', false]
      assert.deepEqual([state, cancelRequestedAt !== null], expected)
    }
  }),
]

export const actTopic: TopicSpec = {
  topic: 'cancel',
  cases: [...cancels, ...requested],
}

export const operateTopic: TopicSpec = { topic: 'operate', cases: [...requeues, ...others] }
