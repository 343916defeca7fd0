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

export const retentionTopic: TopicSpec = { topic: 'retention', cases: [...byAge, ...byCount, ...left] }
