// Entries of cancelled tasks in the lists of ready ones: skipped, dropped, and never in the way of a claim.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'

import { createClient } from '@redis/client'

import { mintToken } from '../../src/core/ids.ts'
import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import { newSession, newTask, outcomes } from '../../src/testing/index.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const skip = server === undefined ? 'NOT PROVEN HERE: redis' : false
const LANE = 'q:0\u001Fdefault'

interface Bench {
  readonly engine: RedisEngine
  /** Entries in the list of ready tasks, also stale ones. */
  readonly entries: () => Promise<number>
  readonly claim: (limit: number) => Promise<readonly string[]>
}

async function open(t: TestContext): Promise<Bench> {
  const namespace = `t${randomBytes(8).toString('hex')}`
  const url = `${server}?namespace=${namespace}`
  const engine = await openRedis(url)
  const client = createClient({ url: server ?? '' })
  await client.connect()
  t.after(async () => {
    client.destroy()
    await engine.close()
    await dropNamespace(parseRedisAddress(url, 'windlass'))
  })
  await engine.migrate()
  const session = newSession()
  await engine.startSession([session])
  return {
    engine,
    entries: () => client.lLen(`{windlass:${namespace}}:${LANE}`),
    claim: async (limit) => {
      const [reply] = await engine.claim([{ session: session.id, claimId: mintToken(), queues: null, limit }])
      return (reply?.tasks ?? []).map((task) => task.id)
    },
  }
}

async function fill(engine: RedisEngine, count: number): Promise<string[]> {
  const ids: string[] = []
  for (let left = count; left > 0; left -= 1_000) {
    const tasks = Array.from({ length: Math.min(1_000, left) }, () => newTask({ minted: true }))
    ids.push(...(await engine.enqueue(tasks)).map(({ id }) => id))
  }
  return ids
}

async function cancel(engine: RedisEngine, ids: readonly string[]): Promise<void> {
  const replies = await engine.records.act(ids.map((id) => ({ verb: 'cancel', id })))
  assert.ok(replies.every(({ outcome }) => outcome === 'done'))
}

suite('cancelled tasks in a list of ready ones', { skip }, () => {
  test('at its head are dropped with the cancels', async (t) => {
    const { engine, entries, claim } = await open(t)
    const ids = await fill(engine, 5_000)
    await cancel(engine, ids.slice(0, 4_000))
    assert.equal(await entries(), 1_000)
    assert.deepEqual(await claim(3), ids.slice(4_000, 4_003))
  })

  test('from the back to the head do not hide what is ready from a single claim', async (t) => {
    const { engine, claim } = await open(t)
    const ids = await fill(engine, 30_000)
    // Fewer than a quarter of the list at any time, so that nothing is dropped before the head itself is cancelled.
    for (let at = 7_000; at > 0; at -= 500) await cancel(engine, ids.slice(at - 500, at).toReversed())
    assert.deepEqual(await claim(2), ids.slice(7_000, 7_002))
  })

  test('everywhere are dropped when they are a quarter, and the order stays', async (t) => {
    const { engine, entries, claim } = await open(t)
    const ids = await fill(engine, 4_000)
    const [gone, left] = [ids.filter((_, i) => i % 2 === 1), ids.filter((_, i) => i % 2 === 0)]
    for (let at = 0; at < gone.length; at += 100) await cancel(engine, gone.slice(at, at + 100))
    assert.ok((await entries()) < 2_700, `${await entries()} entries are left for 2,000 tasks`)
    const taken: string[] = []
    for (let some = await claim(300); some.length > 0; some = await claim(300)) taken.push(...some)
    assert.deepEqual(taken, left)
  })
})

suite('tasks that move in a list of ready ones', { skip }, () => {
  test('stand at their new place only when they are run again after all', async (t) => {
    const { engine, claim } = await open(t)
    const ids = await fill(engine, 6)
    const [first = '', second = '', third = '', ...others] = ids
    // Not from the head on, so that their entries stay.
    await cancel(engine, [third, second])
    await engine.records.act([second, third].map((id) => ({ verb: 'requeue', id })))
    await engine.records.act([{ verb: 'reprioritise', id: first, priority: 0 }])
    assert.deepEqual(await engine.records.ahead([others[0] ?? '', second, first]), [0, 3, 5])
    assert.deepEqual(await claim(10), [...others, second, third, first])
  })

  test('cost a place in line nothing, and neither do released tasks', async (t) => {
    const { engine, claim } = await open(t)
    const ids = await fill(engine, 50)
    const [first = ''] = await claim(1)
    const task = (await engine.records.get([first]))[0]
    const settlement = {
      id: first,
      claim: task?.claim ?? '',
      guard: 'claim',
      followUps: [],
      logs: [],
    } as const
    await engine.settle([{ ...settlement, outcome: outcomes.release() }])
    await cancel(engine, ids.slice(20, 25))
    assert.deepEqual(await engine.records.ahead([first, ids[1] ?? '', ids[30] ?? '', ids[22] ?? '']), [
      0,
      1,
      25,
      null,
    ])
    assert.deepEqual(await claim(2), ids.slice(0, 2))
  })
})
