// Conformance: replayed claim. A claim whose reply was lost is asked again with the same claim id; the same tasks
// come back under the same tokens and nothing new is taken.

import assert from 'node:assert/strict'

import { mintToken } from '../../core/ids.ts'
import { outcomes } from '../samples.ts'
import { ids } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

export const replayedClaimTopic: TopicSpec = {
  topic: 'replayed claim',
  cases: [
    check('the same claim id gives the same tasks, unchanged and in claim order', [3], async (b) => {
      const session = await b.session()
      await b.addAll([{ priority: 1 }, { priority: 9 }, { priority: 5 }])
      const request = { claimId: mintToken(), limit: 3 }
      const first = await b.claim(session, request)
      b.clock.advance(5_000)
      const again = await b.claim(session, request)
      assert.deepEqual(again.tasks, first.tasks)
      assert.deepEqual(
        again.tasks.map((task) => task.attempt),
        [1, 1, 1],
      )
    }),
    check('nothing new is taken, even when the limit would allow it', [3], async (b) => {
      const session = await b.session()
      const [first, second] = await b.addAll([{}, {}])
      const claimId = mintToken()
      await b.claim(session, { claimId, limit: 1 })
      const again = await b.claim(session, { claimId, limit: 10 })
      assert.deepEqual(ids(again.tasks), [first])
      assert.deepEqual(await b.states([second ?? '']), ['ready'])
    }),
    check('twice in one call is a repeat too', [3], async (b) => {
      const session = await b.session()
      const all = await b.addAll([{}, {}, {}])
      const request = { session, claimId: mintToken(), queues: null, limit: 2 }
      const replies = await b.engine.claim([request, request])
      assert.deepEqual(
        replies.map((reply) => ids(reply.tasks)),
        [all.slice(0, 2), all.slice(0, 2)],
      )
      assert.deepEqual(await b.states(all), ['running', 'running', 'ready'])
    }),
    check('what was settled since is left out, what still runs is given', [3], async (b) => {
      const session = await b.session()
      const [one, two, three] = await b.addAll([{}, {}, {}])
      const claimId = mintToken()
      const { tasks } = await b.claim(session, { claimId })
      const second = tasks.find((task) => task.id === two)
      assert.ok(second !== undefined)
      await b.end(second, outcomes.succeed())
      await b.add()
      assert.deepEqual(ids((await b.claim(session, { claimId })).tasks), [one, three])
    }),
    check('when none runs under it any more it is a new claim', [3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      await b.add()
      await b.end(await b.take(session, { claimId }), outcomes.succeed())
      const fresh = await b.add()
      assert.deepEqual(ids((await b.claim(session, { claimId })).tasks), [fresh])
    }),
    check('a claim that took nothing is a new claim when it is asked again', [3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      assert.deepEqual((await b.claim(session, { claimId })).tasks, [])
      const id = await b.add()
      assert.deepEqual(ids((await b.claim(session, { claimId })).tasks), [id])
    }),
    check('a task that went on to another claim is not given again', [2, 3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      await b.addAll([{ priority: 9 }, {}])
      const { tasks } = await b.claim(session, { claimId })
      const [first, second] = tasks
      assert.ok(first !== undefined && second !== undefined)
      await b.end(first, outcomes.release())
      const elsewhere = await b.take(await b.session())
      assert.equal(elsewhere.id, first.id)
      assert.deepEqual((await b.claim(session, { claimId })).tasks, [second])
      assert.deepEqual(await b.get(first.id), elsewhere)
    }),
    check('a task taken anew under the same claim id has another token', [2], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      const first = await b.start({}, session)
      await b.end(first, outcomes.release())
      const second = await b.take(session, { claimId })
      await b.end(second, outcomes.release())
      const third = await b.take(session, { claimId })
      assert.deepEqual([second.claim, third.claim], [`${claimId}.2`, `${claimId}.3`])
      assert.equal((await b.settle(second, outcomes.succeed())).status, 'lost')
    }),
    check('it shows what became known since: a cancel request, progress', [3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      await b.add()
      const task = await b.take(session, { claimId })
      await b.act('cancel', task.id)
      const progress = { percent: 10, message: null, at: b.now }
      await b.engine.report([{ id: task.id, claim: task.claim ?? '', progress, logs: [] }])
      const again = await b.take(session, { claimId })
      assert.deepEqual(again, { ...task, cancelRequestedAt: b.now, progress })
    }),
    check('reports do not change the order in which it gives them', [3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      await b.addAll([{}, {}, {}])
      const { tasks } = await b.claim(session, { claimId })
      for (const { id, claim } of tasks.slice(0, 2)) {
        const progress = { percent: 1, message: null, at: b.now }
        await b.engine.report([{ id, claim: claim ?? '', progress, logs: [] }])
      }
      assert.deepEqual(ids((await b.claim(session, { claimId })).tasks), ids(tasks))
    }),
    check('it gives them back though their queue was paused meanwhile', [3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      const id = await b.add({ queue: 'mail' })
      await b.take(session, { claimId })
      await b.pause('mail')
      assert.deepEqual(ids((await b.claim(session, { claimId })).tasks), [id])
    }),
    check('a dead session gets nothing back', [1, 3], async (b) => {
      const session = await b.session()
      const claimId = mintToken()
      await b.add()
      await b.take(session, { claimId })
      await b.kill(session)
      const reply = await b.claim(session, { claimId })
      assert.deepEqual([reply.live, reply.tasks], [false, []])
    }),
    check('an unclaimed task that is released costs nothing and runs again', [3, 7], async (b) => {
      const session = await b.session()
      const task = await b.start({}, session)
      b.clock.advance(6_000)
      const reply = await b.beat(session, [], { held: { count: 0, hash: 0, list: [] } })
      assert.deepEqual(reply.unclaimed, [{ id: task.id, claim: task.claim }])
      const after = await b.end(task, outcomes.release(0, { reason: 'unclaimed' }))
      assert.deepEqual([after.state, after.failures, after.crashes, after.losses], ['ready', 0, 0, 0])
      assert.equal((await b.take(session)).id, task.id)
    }),
  ],
}
