// Conformance: two connections to one store. What one did the other sees; what one took the other does not get.

import assert from 'node:assert/strict'

import type { Engine } from '../../core/engine.ts'
import { mintToken } from '../../core/ids.ts'
import { newSession, newTask, outcomes } from '../samples.ts'
import { ids, only, settlement, type Bench } from './bench.ts'
import { check, type CaseSpec, type Rule, type TopicSpec } from './case.ts'

/** A case on two connections; the store was migrated through the first. */
function shared(
  name: string,
  rule: readonly Rule[],
  body: (b: Bench, other: Engine) => Promise<void>,
): CaseSpec {
  return check(
    name,
    rule,
    async (b) => {
      const other = await b.second()
      await other.migrate()
      await body(b, other)
    },
    { needs: ['reopen'] },
  )
}

export const connectionsTopic: TopicSpec = {
  topic: 'two connections',
  cases: [
    shared('they know that it is one store, and its time', ['DESIGN §9'], async (b, other) => {
      assert.equal(other.instanceId, b.engine.instanceId)
      b.clock.advance(5)
      assert.equal(await other.now(), b.now)
    }),
    shared(
      'what one enqueues, the other sees as it is, and knows the id and the key',
      [16, 17],
      async (b, other) => {
        const unique = { key: 'k', for: null }
        const task = newTask({ id: 'same', unique })
        await b.enqueue(task)
        assert.deepEqual(await other.records.get(['same']), [await b.get('same')])
        const replies = await other.enqueue([
          task,
          newTask({ id: 'same', payload: '2' }),
          newTask({ unique }),
        ])
        assert.deepEqual(
          replies.map((reply) => [reply.outcome, reply.id]),
          [
            ['existing', 'same'],
            ['conflict', 'same'],
            ['duplicate', 'same'],
          ],
        )
      },
    ),
    shared(
      'fifty enqueues of one id and of one key over both create one task each',
      [16, 17],
      async (b, other) => {
        const task = newTask({ id: 'same' })
        const replies = await Promise.all(
          Array.from({ length: 50 }, (_, i) => {
            const keyed = newTask({ unique: { key: 'k', for: null } })
            return (i % 2 === 0 ? b.engine : other).enqueue([task, keyed])
          }),
        )
        const told = replies.flat().map((reply) => reply.outcome)
        const counts = Object.groupBy(told, (outcome) => outcome)
        assert.deepEqual(
          [counts.created?.length, counts.existing?.length, counts.duplicate?.length],
          [2, 49, 49],
        )
        const { tasks } = await b.engine.records.find({ limit: 100, cursor: null })
        assert.equal(tasks.length, 2)
      },
    ),
    shared('places rise over both: first come, first served', [11], async (b, other) => {
      const order: string[] = []
      for (let i = 0; i < 10; i++) {
        const task = newTask({ id: `t${i}` })
        await (i % 2 === 0 ? b.engine : other).enqueue([task])
        order.push(task.id)
      }
      assert.deepEqual(ids((await b.claim(await b.session())).tasks), order)
    }),
    shared(
      'a session started by one claims, beats and settles through the other',
      [1, 2, 3],
      async (b, other) => {
        const session = newSession()
        await other.startSession([session])
        assert.deepEqual(await b.engine.startSession([session]), ['exists'])
        const task = await b.start({}, session.id)
        const claim = { session: session.id, claimId: mintToken(), queues: null, limit: 1 }
        assert.deepEqual(only(await other.claim([claim])).tasks, [])
        const reply = only(await other.settle([settlement(task, outcomes.succeed())]))
        assert.equal(reply.status, 'applied')
        assert.equal((await b.settle(task, outcomes.succeed())).status, 'already')
      },
    ),
    shared('a claim is repeated through the other connection', [3], async (b, other) => {
      const session = await b.session()
      const claimId = mintToken()
      await b.addAll([{}, {}])
      const first = await b.claim(session, { claimId, limit: 2 })
      const again = only(await other.claim([{ session, claimId, queues: null, limit: 2 }]))
      assert.deepEqual(again.tasks, first.tasks)
    }),
    shared('claims at once never take the same task, and together take all', [2], async (b, other) => {
      const sessions = [await b.session(), await b.session()] as const
      const all = await b.addAll(Array.from({ length: 200 }, () => ({})))
      const taken: string[] = []
      for (let round = 0; round < 20; round++) {
        const replies = await Promise.all(
          Array.from({ length: 4 }, async (_, i) => {
            const engine = i % 2 === 0 ? b.engine : other
            const session = sessions[i % 2 === 0 ? 0 : 1]
            return only(await engine.claim([{ session, claimId: mintToken(), queues: null, limit: 5 }]))
          }),
        )
        assert.ok(replies.every((reply) => reply.tasks.length <= 5))
        taken.push(...replies.flatMap((reply) => ids(reply.tasks)))
      }
      assert.equal(new Set(taken).size, taken.length)
      assert.deepEqual(taken.toSorted(), all.toSorted())
    }),
    shared('of two settlements at once one is applied', [2, 8], async (b, other) => {
      for (let i = 0; i < 10; i++) {
        const task = await b.start()
        const [mine, theirs] = await Promise.all([
          b.settle(task, outcomes.retry(3_600_000)),
          other.settle([settlement(task, outcomes.succeed())]),
        ])
        const statuses = [mine.status, only(theirs).status]
        assert.deepEqual(statuses.toSorted(), ['applied', 'lost'])
      }
    }),
    shared('death seen through one is death for the other', [1, 2, 10], async (b, other) => {
      const session = await b.session()
      const task = await b.start({}, session)
      await other.endSession([{ session, cause: 'killed', culprits: null }])
      assert.equal((await b.beat(session, [])).status, 'gone')
      assert.equal((await b.claim(session)).live, false)
      const swept = await b.sweep()
      assert.deepEqual(ids(swept.orphans.map((orphan) => orphan.task)), [task.id])
      const rescue = settlement(task, outcomes.crash(0), { guard: 'rescue' })
      assert.equal(only(await other.settle([rescue])).status, 'applied')
      assert.equal((await b.settle(task, outcomes.succeed())).status, 'lost')
    }),
    shared('the turn to sweep is one for both', [10], async (b, other) => {
      const request = {
        session: null,
        every: 5_000,
        declare: false,
        extend: false,
        grace: 0,
        limit: 10,
        cursor: null,
        keepCount: 10,
        keepBytes: null,
      }
      const replies = await Promise.all([b.engine.sweep(request), other.sweep(request)])
      assert.equal(replies.filter((reply) => reply.turn).length, 1)
    }),
    shared('a pause and a cancel reach the other at once', [3, 9], async (b, other) => {
      const session = await b.session()
      const task = await b.start({}, session)
      await b.add({ queue: 'mail' })
      await b.pause('mail')
      await b.act('cancel', task.id)
      const claim = { session, claimId: mintToken(), queues: null, limit: 1 }
      assert.deepEqual(only(await other.claim([claim])).tasks, [])
      const report = { id: task.id, claim: task.claim ?? '', progress: null, logs: [] }
      assert.deepEqual(await other.report([report]), [{ status: 'cancel' }])
    }),
    shared('documents, schedules and journal are one for both', ['DESIGN §4'], async (b, other) => {
      const document = { kind: 'k', key: 'k', version: 0, body: 'x' }
      await b.engine.documents.put([document])
      assert.deepEqual(await other.documents.put([document]), [{ status: 'conflict', version: 1 }])
      const schedule = { name: 'n', version: 0, body: '', paused: false, dueAt: b.now }
      await b.engine.schedules.put([schedule])
      const tick = { name: 'n', version: 1, dueAt: b.now, nextDueAt: null, tasks: [], journal: [] }
      const fired = await Promise.all([b.engine.schedules.fire([tick]), other.schedules.fire([tick])])
      assert.deepEqual(fired.map((one) => only(one).status).toSorted(), ['fired', 'stale'])
      await b.engine.journal.append([{ stream: 's', key: 'k', at: 1, body: 'x' }])
      const query = { stream: 's', key: null, from: null, to: null, limit: 1, cursor: null }
      assert.equal((await other.journal.read(query)).entries.length, 1)
    }),
    shared('one changes feed: both write it, both read the same', ['DESIGN §4'], async (b, other) => {
      for (let i = 0; i < 5; i++) {
        const task = await b.start()
        await other.settle([settlement(task, outcomes.succeed())])
      }
      const [mine, theirs] = await Promise.all([
        b.engine.records.changes(0, 100),
        other.records.changes(0, 100),
      ])
      assert.deepEqual(theirs, mine)
      assert.deepEqual(
        mine.changes.map((change) => change.state),
        Array.from({ length: 5 }, () => ['ready', 'running', 'succeeded']).flat(),
      )
    }),
    shared('closing one leaves the other open', ['DESIGN §4'], async (b, other) => {
      await b.add({ id: 't' })
      await other.close()
      assert.equal((await b.get('t')).state, 'ready')
      await assert.rejects(other.now(), { code: 'engine_closed' })
    }),
    shared(
      'what was acknowledged before a close is there for the next connection',
      ['DESIGN §1'],
      async (b) => {
        const [task, id] = [await b.start({ id: 'running' }), await b.add({ id: 'ready' })]
        await b.engine.close()
        const next = await b.second()
        await next.migrate()
        const read = await next.records.get([task.id, id])
        assert.deepEqual(
          read.map((one) => one?.state ?? null),
          ['running', 'ready'],
        )
        assert.equal(only(await next.settle([settlement(task, outcomes.succeed())])).status, 'applied')
      },
    ),
  ],
}
