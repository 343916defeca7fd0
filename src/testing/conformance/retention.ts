// Conformance: retention. What a sweep drops for good: finished tasks, tombstones, dead sessions.
// Dropped changes are in the topic of the changes feed.

import assert from 'node:assert/strict'

import { DEFAULTS } from '../../core/limits.ts'
import type { Outcome } from '../../core/hot-verbs.ts'
import { newTask, outcomes } from '../samples.ts'
import { ids, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

const KEEP = { succeeded: 10_000, dead: 50_000 }
const HOUR = 3_600_000

/** Finished tasks, one a millisecond, oldest first. */
async function finish(b: Bench, count: number): Promise<string[]> {
  const done: string[] = []
  for (let i = 0; i < count; i++) {
    done.push((await b.ended(outcomes.succeed(), { id: `t${i}` })).id)
    b.clock.advance(1)
  }
  return done
}

const TIMES: readonly (readonly [Outcome, number])[] = [
  [outcomes.succeed(), KEEP.succeeded],
  [outcomes.die(), KEEP.dead],
  [outcomes.cancel(), KEEP.dead],
]

const byAge = [
  ...checkEach(
    TIMES,
    ([{ to }]) => `${to} is kept for its own time from the end, not longer`,
    ['DESIGN §4'],
    async (b, [outcome, kept]) => {
      const task = await b.start({ keep: KEEP })
      b.clock.advance(30_000)
      await b.end(task, outcome)
      b.clock.advance(kept - 1)
      assert.equal((await b.sweep()).purged, 0)
      assert.deepEqual(await b.states([task.id]), [outcome.to])
      b.clock.advance(1)
      assert.equal((await b.sweep()).purged, 1)
      assert.deepEqual(await b.states([task.id]), [null])
    },
  ),
  check('a task that is purged takes its attempts and log lines along', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const task = await b.start({ keep: KEEP }, session)
    const line = { at: b.now, level: 'info' as const, message: 'x' }
    await b.end(task, outcomes.retry(0), { logs: [line] })
    await b.end(await b.take(session), outcomes.succeed(), { logs: [line] })
    b.clock.advance(KEEP.succeeded)
    await b.sweep()
    assert.deepEqual(await b.engine.journal.attempts([task.id]), [[]])
    assert.deepEqual(await b.engine.journal.logs(task.id, null, 10), { lines: [], next: null })
    assert.deepEqual((await b.engine.records.find({ limit: 10, cursor: null })).tasks, [])
    const stats = await b.engine.records.stats(['default'])
    assert.equal(stats[0]?.counts.succeeded, 0)
  }),
  check('what is not final is never purged, however old', ['DESIGN §4'], async (b) => {
    const keep = { succeeded: 1, dead: 1 }
    const running = await b.start({ keep, timeout: null })
    const [ready, later] = await b.addAll([{ keep }, { keep, due: { after: 500 * DEFAULTS.keep.dead } }])
    const retried = await b.ended(outcomes.retry(500 * DEFAULTS.keep.dead), { keep, priority: 9 })
    b.clock.advance(100 * DEFAULTS.keep.dead)
    assert.equal((await b.sweep({ keepCount: 0 })).purged, 0)
    const list = [running.id, ready ?? '', later ?? '', retried.id]
    assert.deepEqual(await b.states(list), ['running', 'ready', 'scheduled', 'scheduled'])
  }),
  check('a requeued task is not purged for its end before', ['DESIGN §4'], async (b) => {
    const task = await b.ended(outcomes.die(), { keep: KEEP })
    b.clock.advance(KEEP.dead - 1)
    await b.act('requeue', task.id)
    b.clock.advance(KEEP.dead)
    assert.equal((await b.sweep()).purged, 0)
    assert.deepEqual(await b.states([task.id]), ['ready'])
  }),
  check('a sweep purges at most its limit', [10, 20], async (b) => {
    await finish(b, 5)
    b.clock.advance(DEFAULTS.keep.succeeded)
    const purged = [await b.sweep({ limit: 2 }), await b.sweep({ limit: 2 }), await b.sweep({ limit: 2 })]
    assert.deepEqual(
      purged.map((reply) => reply.purged),
      [2, 2, 1],
    )
  }),
]

const byCount = [
  check('the oldest finished tasks over the count are purged', ['DESIGN §4'], async (b) => {
    const [first, second, ...rest] = await finish(b, 5)
    await b.add()
    assert.equal((await b.sweep({ keepCount: 5 })).purged, 0)
    assert.equal((await b.sweep({ keepCount: 3 })).purged, 2)
    assert.deepEqual(await b.states([first ?? '', second ?? '']), [null, null])
    assert.deepEqual(await b.states(rest), ['succeeded', 'succeeded', 'succeeded'])
  }),
  check('what is purged by age counts first', ['DESIGN §4'], async (b) => {
    await b.ended(outcomes.die(), { id: 'dead' })
    b.clock.advance(1)
    await b.ended(outcomes.succeed(), { id: 'short', keep: { succeeded: 10, dead: 10 } })
    b.clock.advance(10)
    assert.equal((await b.sweep({ keepCount: 1 })).purged, 1)
    assert.deepEqual(await b.states(['dead', 'short']), ['dead', null])
  }),
  check('all finished states count together, by the time of their end', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const slow = await b.start({ id: 'slow' }, session)
    await b.ended(outcomes.die(), { id: 'dead' })
    b.clock.advance(1)
    await b.act('cancel', await b.add({ id: 'cancelled' }))
    b.clock.advance(1)
    await b.end(slow, outcomes.succeed())
    await b.sweep({ keepCount: 2 })
    assert.deepEqual(await b.states(['dead', 'cancelled', 'slow']), [null, 'cancelled', 'succeeded'])
    await b.sweep({ keepCount: 1 })
    assert.deepEqual(await b.states(['cancelled', 'slow']), [null, 'succeeded'])
  }),
]

/** Finished tasks that weigh what `weights` says in payload and result, one a millisecond, oldest first. */
async function finishOf(b: Bench, weights: readonly (readonly [number, number | null])[]): Promise<string[]> {
  const done: string[] = []
  for (const [i, [payload, result]] of weights.entries()) {
    const outcome = result === null ? outcomes.die() : outcomes.succeed(textOf(result))
    done.push((await b.ended(outcome, { id: `t${i}`, payload: textOf(payload) })).id)
    b.clock.advance(1)
  }
  return done
}

/** JSON of so many bytes, two of which are quotation marks. */
function textOf(bytes: number): string {
  return JSON.stringify('x'.repeat(bytes - 2))
}

const byBytes = [
  check('the oldest finished tasks go until the bytes of the others fit', ['DESIGN §4'], async (b) => {
    const [first, second, third, ...rest] = await finishOf(
      b,
      [100, 300, 10, 200, 50].map((bytes) => [bytes, null] as const),
    )
    assert.equal((await b.sweep({ keepBytes: 660 })).purged, 0)
    assert.equal((await b.sweep({ keepBytes: 659 })).purged, 1)
    assert.deepEqual(await b.states([first ?? '', second ?? '']), [null, 'dead'])
    assert.equal((await b.sweep({ keepBytes: 250 })).purged, 2)
    assert.deepEqual(await b.states([second ?? '', third ?? '', ...rest]), [null, null, 'dead', 'dead'])
    assert.equal((await b.sweep({ keepBytes: 1 })).purged, 2)
  }),
  check('results count as payloads do, short or long', ['DESIGN §4'], async (b) => {
    const done = await finishOf(b, [
      [10, 20],
      [10, 3_000],
      [10, null],
    ])
    assert.equal((await b.sweep({ keepBytes: 3_050 })).purged, 0)
    assert.equal((await b.sweep({ keepBytes: 3_049 })).purged, 1)
    assert.equal((await b.sweep({ keepBytes: 3_019 })).purged, 1)
    assert.deepEqual(await b.states(done), [null, null, 'dead'])
  }),
  check('bytes are those of UTF-8', ['DESIGN §4'], async (b) => {
    const payload = JSON.stringify('任务😀')
    await b.ended(outcomes.succeed(payload), { payload })
    assert.equal((await b.sweep({ keepBytes: 24 })).purged, 0)
    assert.equal((await b.sweep({ keepBytes: 23 })).purged, 1)
  }),
  check('without a bound of bytes all are kept', ['DESIGN §4'], async (b) => {
    const done = await finishOf(b, [
      [9_000, 9_000],
      [9_000, null],
    ])
    assert.equal((await b.sweep({ keepBytes: null })).purged, 0)
    assert.deepEqual(await b.states(done), ['succeeded', 'dead'])
  }),
  check('a sweep purges at most its limit of what is over the bytes', [10, 20], async (b) => {
    const done = await finishOf(
      b,
      [50, 50, 50, 50, 50].map((bytes) => [bytes, 50] as const),
    )
    const purged = []
    for (let i = 0; i < 3; i++) purged.push((await b.sweep({ keepBytes: 200, limit: 2 })).purged)
    assert.deepEqual(purged, [2, 1, 0])
    assert.deepEqual((await b.states(done)).slice(2), [null, 'succeeded', 'succeeded'])
  }),
  check('waiting and running tasks neither count nor go for their bytes', ['DESIGN §4'], async (b) => {
    const payload = textOf(5_000)
    const running = await b.start({ payload, timeout: null })
    const [done] = await finishOf(b, [[100, 100]])
    const [ready, later] = await b.addAll([{ payload }, { payload, due: { after: HOUR } }])
    assert.equal((await b.sweep({ keepBytes: 200 })).purged, 0)
    const list = [running.id, ready ?? '', later ?? '', done ?? '']
    assert.deepEqual(await b.states(list), ['running', 'ready', 'scheduled', 'succeeded'])
  }),
  check('what is purged by age or count no longer weighs', ['DESIGN §4'], async (b) => {
    await b.ended(outcomes.die(), { id: 'dead', payload: textOf(100) })
    b.clock.advance(1)
    const keep = { succeeded: 10, dead: 10 }
    await b.ended(outcomes.succeed(), { id: 'short', payload: textOf(5_000), keep })
    b.clock.advance(10)
    assert.equal((await b.sweep({ keepBytes: 100 })).purged, 1)
    assert.deepEqual(await b.states(['dead', 'short']), ['dead', null])
    await b.ended(outcomes.die(), { id: 'next', payload: textOf(100) })
    assert.equal((await b.sweep({ keepCount: 1, keepBytes: 100 })).purged, 1)
    assert.deepEqual(await b.states(['dead', 'next']), [null, 'dead'])
  }),
  check('retentions of several lengths are one history', ['DESIGN §4'], async (b) => {
    for (const [i, days] of [3, 1, 2, 1].entries()) {
      const keep = { succeeded: days * 24 * HOUR, dead: 24 * HOUR }
      await b.ended(outcomes.succeed(textOf(11)), { id: `t${i}`, payload: textOf(100), keep })
      b.clock.advance(1)
    }
    assert.equal((await b.sweep({ keepBytes: 222 })).purged, 2)
    assert.deepEqual(await b.states(['t0', 't1', 't2', 't3']), [null, null, 'succeeded', 'succeeded'])
  }),
  check('of more than a thousand the bytes are known from both ends', ['DESIGN §4'], async (b) => {
    const halves: string[][] = []
    for (const bytes of [100, 300]) {
      const half = await b.addAll(Array.from({ length: 600 }, () => ({ payload: textOf(bytes) })))
      await b.engine.records.act(half.map((id) => ({ verb: 'cancel', id })))
      b.clock.advance(1)
      halves.push(half)
    }
    assert.equal((await b.sweep({ keepBytes: 240_000 })).purged, 0)
    assert.equal((await b.sweep({ keepBytes: 220_000 })).purged, 200)
    const [older = [], newer = []] = await Promise.all(halves.map((half) => b.states(half)))
    assert.deepEqual(
      [older, newer].map((half) => half.filter((state) => state === null).length),
      [200, 0],
    )
  }),
  check('a requeued task does not weigh for its end before', ['DESIGN §4'], async (b) => {
    const [back, stays] = await finishOf(b, [
      [1_000, null],
      [100, null],
    ])
    await b.act('requeue', back ?? '')
    assert.equal((await b.sweep({ keepBytes: 100 })).purged, 0)
    assert.deepEqual(await b.states([back ?? '', stays ?? '']), ['ready', 'dead'])
  }),
]

const left = [
  check('the id of a purged task stays taken for 48 hours', [16], async (b) => {
    const task = newTask({ id: 'same', keep: KEEP })
    await b.ended(outcomes.succeed(), task)
    b.clock.advance(KEEP.succeeded)
    await b.sweep()
    const conflict = newTask({ id: 'same', payload: '2' })
    for (const step of [0, 48 * HOUR - 1]) {
      b.clock.advance(step)
      await b.sweep()
      assert.deepEqual(await b.enqueue(task), { outcome: 'existing', id: 'same', state: 'succeeded' })
      assert.deepEqual(await b.enqueue(conflict), { outcome: 'conflict', id: 'same', state: null })
    }
    b.clock.advance(2)
    await b.sweep()
    assert.deepEqual(await b.enqueue(conflict), { outcome: 'created', id: 'same', state: 'ready' })
  }),
  check('when an id is free again its old unique key has nothing to do with it', [16, 17], async (b) => {
    const unique = { key: 'k', for: 1_000 * HOUR }
    await b.ended(outcomes.succeed(), { id: 'same', unique })
    await b.act('delete', 'same')
    b.clock.advance(49 * HOUR)
    await b.sweep()
    await b.add({ id: 'same' })
    assert.equal((await b.enqueue(newTask({ unique }))).outcome, 'created')
  }),
  check('a tombstone is no task: it cannot be read, found, acted upon or settled', [16], async (b) => {
    const task = await b.start({ id: 'same' })
    await b.end(task, outcomes.succeed())
    await b.act('delete', 'same')
    assert.deepEqual(await b.states(['same']), [null])
    assert.deepEqual(await b.act('requeue', 'same'), { outcome: 'not_found', state: null, holder: null })
    assert.deepEqual(await b.settle(task, outcomes.succeed()), { status: 'lost', state: null, followUps: [] })
    assert.deepEqual((await b.engine.records.find({ limit: 10, cursor: null })).tasks, [])
  }),
  check('the tombstone of one id does not touch another', [16], async (b) => {
    await b.ended(outcomes.succeed(), { id: 'same' })
    await b.act('delete', 'same')
    assert.equal((await b.enqueue(newTask({ id: 'Same' }))).outcome, 'created')
  }),
  check(
    'dead sessions are forgotten an hour after their end, unless they own a running task',
    [1],
    async (b) => {
      const [empty, owner] = [await b.session(), await b.session()]
      const task = await b.start({ timeout: null }, owner)
      await b.kill(empty)
      await b.kill(owner)
      const known = async () => ids(await b.engine.records.sessions({ state: 'dead', host: null })).toSorted()
      b.clock.advance(HOUR - 1)
      await b.sweep()
      assert.deepEqual(await known(), [empty, owner].toSorted())
      b.clock.advance(2)
      await b.sweep()
      assert.deepEqual(await known(), [owner])
      await b.end(task, outcomes.crash(0), { guard: 'rescue' })
      await b.sweep()
      assert.deepEqual(await known(), [])
    },
  ),
  check('living sessions are never forgotten', [1], async (b) => {
    const session = await b.session({ lease: 1_000 })
    b.clock.advance(100 * HOUR)
    await b.sweep()
    assert.equal((await b.beat(session, [])).status, 'live')
  }),
]

export const retentionTopic: TopicSpec = {
  topic: 'retention',
  cases: [...byAge, ...byCount, ...byBytes, ...left],
}
