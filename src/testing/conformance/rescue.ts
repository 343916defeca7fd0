// Conformance: rescue. Who may take a task from a session that died, and from one that overslept a deadline.
// Finding those tasks is the sweep's part, deciding what becomes of them is core's.

import assert from 'node:assert/strict'

import { decide } from '../../core/decide.ts'
import type { SweepReply } from '../../core/hot-verbs.ts'
import { outcomes } from '../samples.ts'
import { held, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

/** Rescues as a sweeper does: core decides, the engine is told. */
export async function rescue(b: Bench, swept: SweepReply): Promise<void> {
  for (const { task, cause, culprits } of swept.orphans) {
    const culprit = culprits === null ? null : culprits.includes(task.id)
    const outcome = decide({ kind: 'orphaned', cause, culprit }, task, 0)
    await b.settle(task, outcome, { guard: 'rescue' })
  }
}

const rescues = [
  check('a rescue needs a dead session: under a living one it is lost', [2], async (b) => {
    const task = await b.start()
    b.clock.advance(3_600_000)
    assert.deepEqual(await b.settle(task, outcomes.crash(), { guard: 'rescue' }), {
      status: 'lost',
      state: 'running',
      followUps: [],
    })
    assert.deepEqual(await b.get(task.id), task)
  }),
  check('a rescue needs the token: a task that was claimed anew is safe', [2], async (b) => {
    const [dead, live] = [await b.session(), await b.session()]
    const first = await b.start({}, dead)
    await b.kill(dead)
    await b.end(first, outcomes.crash(0), { guard: 'rescue' })
    const second = await b.take(live)
    assert.equal((await b.settle(first, outcomes.loss(), { guard: 'rescue' })).status, 'lost')
    assert.deepEqual(await b.get(first.id), second)
  }),
  check('a rescue needs the token, also when the session of the new claim is dead too', [2], async (b) => {
    const [dead, next] = [await b.session(), await b.session()]
    const first = await b.start({}, dead)
    await b.kill(dead)
    await b.end(first, outcomes.crash(0), { guard: 'rescue' })
    const second = await b.take(next)
    await b.kill(next)
    assert.equal((await b.settle(first, outcomes.loss(), { guard: 'rescue' })).status, 'lost')
    assert.deepEqual(await b.get(first.id), second)
  }),
  check('a rescue counts a crash or a loss, never a failure or a release', [7], async (b) => {
    for (const [outcome, grown] of [
      [outcomes.crash(0), { crashes: 1, losses: 0 }],
      [outcomes.loss(0), { crashes: 0, losses: 1 }],
    ] as const) {
      const session = await b.session()
      const task = await b.start({}, session)
      await b.kill(session)
      const { crashes, losses, failures, releases, state } = await b.end(task, outcome, { guard: 'rescue' })
      assert.deepEqual(
        { crashes, losses, failures, releases, state },
        { ...grown, failures: 0, releases: 0, state: 'scheduled' },
      )
      await b.act('cancel', task.id)
    }
  }),
  check('of two rescues at once one is applied', [2, 10], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.kill(session)
    const replies = await Promise.all([
      b.settle(task, outcomes.crash(), { guard: 'rescue' }),
      b.settle(task, outcomes.crash(), { guard: 'rescue' }),
    ])
    assert.deepEqual(replies.map((reply) => reply.status).toSorted(), ['already', 'applied'])
    assert.equal((await b.get(task.id)).crashes, 1)
  }),
  check('a rescue that is lost hinders no other rescue', [10], async (b) => {
    const session = await b.session()
    const [gone, stays] = [await b.start({}, session), await b.start({}, session)]
    await b.kill(session)
    const { orphans } = await b.sweep()
    await b.end(gone, outcomes.succeed())
    const replies = await Promise.all(
      orphans.map(({ task }) => b.settle(task, outcomes.crash(), { guard: 'rescue' })),
    )
    assert.deepEqual(replies.map((reply) => reply.status).toSorted(), ['applied', 'lost'])
    assert.deepEqual(await b.states([gone.id, stays.id]), ['succeeded', 'scheduled'])
  }),
  check('the third crash is dead(poison); crashes before back off 0 and 10 s', [7], async (b) => {
    const { id } = await b.get(await b.add())
    for (const wait of [0, 10_000]) {
      const session = await b.session()
      const task = await b.take(session)
      await b.kill(session, [id])
      await rescue(b, await b.sweep())
      assert.equal((await b.get(id)).runAt, b.now + wait)
      b.clock.advance(wait)
      assert.equal(task.id, id)
    }
    const session = await b.session()
    await b.take(session)
    await b.kill(session, [id])
    await rescue(b, await b.sweep())
    const { state, reason, crashes, failures, finishedAt } = await b.get(id)
    assert.deepEqual([state, reason, crashes, failures, finishedAt], ['dead', 'poison', 3, 0, b.now])
    assert.deepEqual((await b.claim(await b.session())).tasks, [])
  }),
  check('innocent tasks of a crashed session go back to their place, uncharged', [7, 11], async (b) => {
    const session = await b.session()
    const [guilty, innocent] = [await b.start({}, session), await b.start({}, session)]
    await b.kill(session, [guilty.id])
    await rescue(b, await b.sweep())
    const after = await b.get(innocent.id)
    assert.deepEqual(
      [after.state, after.place, after.crashes, after.releases],
      ['ready', innocent.place, 0, 1],
    )
    assert.equal((await b.get(guilty.id)).crashes, 1)
  }),
  check('overdue guard: only at the deadline, and then also under a living session', [5], async (b) => {
    const task = await b.start({ timeout: 60_000 })
    b.clock.advance(59_999)
    assert.equal((await b.settle(task, outcomes.deadline(), { guard: 'overdue' })).status, 'lost')
    b.clock.advance(1)
    const after = await b.end(task, outcomes.deadline(1_000), { guard: 'overdue' })
    assert.deepEqual(
      [after.state, after.failures, after.outcome, after.reason],
      ['scheduled', 1, 'deadline', 'timeout'],
    )
    assert.equal((await b.settle(task, outcomes.succeed())).status, 'lost')
  }),
  ...checkEach(
    [null, 60_000] as const,
    (timeout) => `overdue guard: lost for a token that is not valid, timeout ${timeout}`,
    [2, 5],
    async (b, timeout) => {
      const session = await b.session()
      const first = await b.start({ timeout }, session)
      await b.end(first, outcomes.release())
      const second = await b.take(session)
      b.clock.advance(3_600_000)
      assert.equal((await b.settle(first, outcomes.deadline(), { guard: 'overdue' })).status, 'lost')
      const now = await b.settle(second, outcomes.deadline(), { guard: 'overdue' })
      assert.equal(now.status, timeout === null ? 'lost' : 'applied')
    },
  ),
]

const missing = [
  check(
    'an absent session counts as dead, cause missing: its tasks are orphans and can be rescued',
    [1, 2, 10],
    async (b) => {
      const session = await b.session()
      const task = await b.start({}, session)
      assert.equal((await b.settle(task, outcomes.loss(), { guard: 'rescue' })).status, 'lost')
      await b.ability('forgetSession')(session)
      assert.equal((await b.beat(session, [held(task)])).status, 'gone')
      const swept = await b.sweep()
      assert.deepEqual(swept.orphans, [{ task, cause: 'missing', culprits: null }])
      await rescue(b, swept)
      const { state, losses, crashes } = await b.get(task.id)
      assert.deepEqual([state, losses, crashes], ['scheduled', 1, 0])
    },
    { needs: ['forgetSession'] },
  ),
  check(
    'the holder settles its task though the session is absent, as long as nobody rescued it',
    [2],
    async (b) => {
      const session = await b.session()
      const task = await b.start({}, session)
      await b.ability('forgetSession')(session)
      assert.equal((await b.settle(task, outcomes.succeed())).status, 'applied')
    },
    { needs: ['forgetSession'] },
  ),
]

export const rescueTopic: TopicSpec = { topic: 'sweep and rescue', cases: [...rescues, ...missing] }
