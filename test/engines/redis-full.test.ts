// A Redis server at its memory limit: new tasks are refused cleanly, and everything that lets work drain goes on.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { WindlassError } from '../../src/core/errors.ts'
import { mintToken } from '../../src/core/ids.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import { newSession, newTask, outcomes } from '../../src/testing/index.ts'
import { startOwn } from '../servers/own-server.ts'

const payload = JSON.stringify('x'.repeat(2_000))

/** Enqueues until the server takes no more; answers how many it took and what it said. */
async function fillUp(store: RedisEngine): Promise<{ taken: number; refusal: unknown }> {
  for (let taken = 0; ; taken += 50) {
    try {
      await store.enqueue(Array.from({ length: 50 }, () => newTask({ payload, minted: true })))
    } catch (refusal) {
      return { taken, refusal }
    }
  }
}

suite('a Redis server that is full', () => {
  test('refuses new tasks cleanly while work goes on, and takes some again', (t) =>
    startOwn(t, { kind: 'redis', settings: { maxmemory: '6mb' } }, async ({ url }) => {
      const store = await openRedis(url)
      t.after(() => store.close())
      await store.migrate()
      const [dying, working] = [newSession({ lease: 60_000 }), newSession({ lease: 60_000 })]
      await store.startSession([dying, working])
      const { taken, refusal } = await fillUp(store)
      assert.ok(refusal instanceof WindlassError, String(refusal))
      assert.deepEqual([refusal.code, refusal.applied], ['engine_full', 'no'])
      assert.equal((await store.records.stats(['default']))[0]?.counts.ready, taken, 'half a call was kept')
      const id = (await store.records.find({ limit: 1, cursor: null })).tasks[0]?.id
      assert.ok(id !== undefined, 'what was acknowledged can be read')
      await drain(store, dying.id, working.id)
      assert.equal((await store.records.stats(['default']))[0]?.counts.ready, 0)
      await store.sweep({ ...SWEEP, keepCount: 0, limit: 1_000 })
      const [again] = await store.enqueue([newTask({ payload })])
      assert.equal(again?.outcome, 'created')
    }))
})

const SWEEP = {
  session: null,
  every: 0,
  declare: false,
  extend: false,
  grace: 0,
  cursor: null,
  keepCount: 1_000_000,
  keepBytes: null,
}

/** Rescues what a dead session held, then works off everything. */
async function drain(store: RedisEngine, dying: string, working: string): Promise<void> {
  const claim = async (session: string, limit: number) => {
    const [reply] = await store.claim([{ session, claimId: mintToken(), queues: null, limit }])
    return reply?.tasks ?? []
  }
  const held = await claim(dying, 10)
  assert.equal(held.length, 10)
  await store.endSession([{ session: dying, cause: 'killed', culprits: null }])
  const { orphans } = await store.sweep({ ...SWEEP, limit: 100 })
  assert.equal(orphans.length, 10)
  const rescued = await store.settle(
    orphans.map(({ task }) => ({
      id: task.id,
      claim: task.claim ?? '',
      guard: 'rescue',
      outcome: outcomes.release(),
      followUps: [],
      logs: [],
    })),
  )
  assert.ok(rescued.every(({ status }) => status === 'applied'))
  const beat = { count: 0, hash: 0, list: null }
  const [reply] = await store.heartbeat([
    { session: working, renew: true, held: beat, unclaimedAfter: 5_000, draining: false },
  ])
  assert.equal(reply?.status, 'live')
  for (let tasks = await claim(working, 500); tasks.length > 0; tasks = await claim(working, 500)) {
    const settled = await store.settle(
      tasks.map((task) => ({
        id: task.id,
        claim: task.claim ?? '',
        guard: 'claim',
        outcome: outcomes.succeed('"done"'),
        followUps: [],
        logs: [],
      })),
    )
    assert.ok(settled.every(({ status }) => status === 'applied'))
  }
}
