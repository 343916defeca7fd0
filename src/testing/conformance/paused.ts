// Conformance: queues paused. The settings document of a queue, obeyed at once by claims and promotion.

import assert from 'node:assert/strict'

import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { outcomes } from '../samples.ts'
import { ids } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

export const pausedTopic: TopicSpec = {
  topic: 'queues paused',
  cases: [
    check('nothing is taken from a paused queue, by name or among all', ['DESIGN §4'], async (b) => {
      const session = await b.session()
      const [stopped, open] = await b.addAll([{ queue: 'mail', priority: 10 }, { queue: 'open' }])
      await b.pause('mail')
      assert.deepEqual(ids((await b.claim(session, { queues: ['mail'] })).tasks), [])
      assert.deepEqual(ids((await b.claim(session, { queues: ['mail', 'open'] })).tasks), [open])
      assert.deepEqual((await b.claim(session)).tasks, [])
      assert.deepEqual(await b.states([stopped ?? '']), ['ready'])
    }),
    check('a resumed queue goes on where it stopped', ['DESIGN §4', 11], async (b) => {
      const session = await b.session()
      const all = await b.addAll([{ queue: 'mail' }, { queue: 'mail' }])
      await b.pause('mail')
      await b.claim(session)
      await b.pause('mail', false)
      assert.deepEqual(ids((await b.claim(session)).tasks), all)
    }),
    check('a paused queue is not promoted, and counts neither as more nor as next', [12, 13], async (b) => {
      const session = await b.session()
      await b.addAll([{ queue: 'mail' }, { id: 'later', queue: 'mail', due: { after: 1_000 } }])
      await b.pause('mail')
      b.clock.advance(5_000)
      for (const queues of [null, ['mail']]) {
        const reply = await b.claim(session, { queues })
        assert.deepEqual([reply.live, reply.tasks, reply.more, reply.nextDueIn], [true, [], false, null])
      }
      assert.equal((await b.get('later')).state, 'scheduled')
    }),
    check('tasks of a paused queue that expire are not touched by a claim', [9], async (b) => {
      const id = await b.add({ queue: 'mail', expires: { after: 1_000 } })
      await b.pause('mail')
      b.clock.advance(5_000)
      await b.claim(await b.session())
      assert.deepEqual(await b.states([id]), ['ready'])
    }),
    check('a paused queue still takes tasks in', ['DESIGN §4'], async (b) => {
      await b.pause('mail')
      const id = await b.add({ queue: 'mail' })
      assert.deepEqual(await b.states([id]), ['ready'])
    }),
    check(
      'what runs is neither stopped nor kept from ending, and a release waits',
      ['DESIGN §4'],
      async (b) => {
        const session = await b.session()
        const [first, second] = [
          await b.start({ queue: 'mail' }, session),
          await b.start({ queue: 'mail' }, session),
        ]
        await b.pause('mail')
        assert.deepEqual(await b.get(first.id), first)
        assert.equal((await b.end(first, outcomes.succeed())).state, 'succeeded')
        assert.equal((await b.end(second, outcomes.release())).state, 'ready')
        assert.deepEqual((await b.claim(session)).tasks, [])
      },
    ),
    check('a queue is paused by its whole name', ['DESIGN §4'], async (b) => {
      const all = await b.addAll([{ queue: 'Mail' }, { queue: 'mail ' }, { queue: 'mai' }])
      await b.pause('mail')
      assert.deepEqual(ids((await b.claim(await b.session())).tasks), all)
    }),
    check(
      'claims after the pause was acknowledged take nothing, however many run',
      ['DESIGN §4'],
      async (b) => {
        const session = await b.session()
        await b.addAll(Array.from({ length: 40 }, () => ({ queue: 'mail' })))
        await Promise.all([
          b.pause('mail'),
          ...Array.from({ length: 5 }, () => b.claim(session, { limit: 2 })),
        ])
        const replies = await Promise.all(Array.from({ length: 5 }, () => b.claim(session, { limit: 2 })))
        assert.deepEqual(
          replies.flatMap((reply) => reply.tasks),
          [],
        )
      },
    ),
    check('removing the settings opens the queue', ['DESIGN §4'], async (b) => {
      const id = await b.add({ queue: 'mail' })
      await b.pause('mail')
      await b.engine.documents.remove([{ kind: QUEUE_DOCUMENT, key: 'mail', version: 1 }])
      assert.deepEqual(ids((await b.claim(await b.session())).tasks), [id])
    }),
    ...checkEach(
      ['{}', '[]', 'null', '{"paused":"yes"}', '{"paused":1}', 'not json', ''],
      (body) => `settings that cannot be understood are not a pause: ${JSON.stringify(body)}`,
      ['DESIGN §4'],
      async (b, body) => {
        const id = await b.add({ queue: 'mail' })
        await b.engine.documents.put([{ kind: QUEUE_DOCUMENT, key: 'mail', version: 0, body }])
        assert.deepEqual(ids((await b.claim(await b.session())).tasks), [id])
      },
    ),
    check('a document of another kind pauses nothing', ['DESIGN §4'], async (b) => {
      const id = await b.add({ queue: 'mail' })
      await b.engine.documents.put([{ kind: 'limit', key: 'mail', version: 0, body: '{"paused":true}' }])
      assert.deepEqual(ids((await b.claim(await b.session())).tasks), [id])
    }),
  ],
}
