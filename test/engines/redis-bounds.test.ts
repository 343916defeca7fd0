// What one call of the Redis engine takes at most: bytes of one answer, due tasks of many queues, lists that moved.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'

import type { ClaimReply } from '../../src/core/hot-verbs.ts'
import { mintToken } from '../../src/core/ids.ts'
import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import { ManualClock, newSession, newTask } from '../../src/testing/index.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const skip = server === undefined ? 'NOT PROVEN HERE: redis' : false
const PLAIN = { minted: true } as const

interface Bench {
  readonly engine: RedisEngine
  readonly clock: ManualClock
  readonly session: string
  readonly claim: (limit: number, queues?: readonly string[]) => Promise<ClaimReply>
}

async function open(t: TestContext): Promise<Bench> {
  const namespace = `t${randomBytes(8).toString('hex')}`
  const url = `${server}?namespace=${namespace}`
  const clock = new ManualClock()
  const engine = await openRedis(url, { now: clock.now })
  t.after(async () => {
    await engine.close()
    await dropNamespace(parseRedisAddress(url, 'windlass'))
  })
  await engine.migrate()
  const session = newSession({ lease: 3_600_000 })
  await engine.startSession([session])
  const claim: Bench['claim'] = async (limit, queues) => {
    const request = { session: session.id, claimId: mintToken(), queues: queues ?? null, limit }
    const [reply] = await engine.claim([request])
    assert.ok(reply?.live)
    return reply
  }
  return { engine, clock, session: session.id, claim }
}

function bytesOf({ tasks }: ClaimReply): number {
  return tasks.reduce((sum, { payload }) => sum + Buffer.byteLength(payload), 0)
}

suite('bytes of a claim of Redis', { skip }, () => {
  test('a claim answers some megabytes at most, says that there is more, and keeps the order', async (t) => {
    const { engine, claim } = await open(t)
    const ids: string[] = []
    for (let i = 0; i < 12; i++) {
      const payload = JSON.stringify('é'.repeat(i % 2 === 0 ? 60_000 : 100_000))
      const tasks = Array.from({ length: 4 }, () => newTask({ ...PLAIN, payload }))
      ids.push(...(await engine.enqueue(tasks)).map(({ id }) => id))
    }
    const taken: string[] = []
    for (let more = true; more;) {
      const reply = await claim(1_000)
      assert.ok(bytesOf(reply) <= 4.5e6, `${bytesOf(reply)} bytes in one answer`)
      assert.ok(reply.tasks.length > 0)
      taken.push(...reply.tasks.map(({ id }) => id))
      more = reply.more
    }
    assert.deepEqual(taken, ids)
  })

  test('one task that is larger than that comes alone', async (t) => {
    const { engine, claim } = await open(t)
    const payload = JSON.stringify('x'.repeat(6_000_000))
    for (let i = 0; i < 2; i++) await engine.enqueue([newTask({ ...PLAIN, payload })])
    const replies = [await claim(10), await claim(10)]
    assert.deepEqual(
      replies.map(({ tasks, more }) => [tasks.length, more]),
      [
        [1, true],
        [1, false],
      ],
    )
  })

  test('1,000 small tasks come at once', async (t) => {
    const { engine, claim } = await open(t)
    const payload = JSON.stringify('x'.repeat(2_900))
    for (let i = 0; i < 4; i++)
      await engine.enqueue(Array.from({ length: 250 }, () => newTask({ ...PLAIN, payload })))
    assert.equal((await claim(1_000)).tasks.length, 1_000)
  })

  test('of two claims in one call the second takes what did not fit any more by itself', async (t) => {
    const { engine, session } = await open(t)
    const payload = JSON.stringify('x'.repeat(900_000))
    for (let i = 0; i < 10; i++) await engine.enqueue([newTask({ ...PLAIN, payload })])
    const request = { session, queues: null, limit: 100 }
    const replies = await engine.claim([
      { ...request, claimId: mintToken() },
      { ...request, claimId: mintToken() },
    ])
    assert.deepEqual(
      replies.map(({ tasks, more }) => [tasks.length, more]),
      [
        [4, true],
        [4, true],
      ],
    )
  })
})

suite('due tasks of many queues on Redis', { skip }, () => {
  test('where more is due than is promoted at once, no queue waits for the others', async (t) => {
    const { engine, clock, claim } = await open(t)
    const queues = ['a', 'b', 'c', 'd']
    for (const queue of queues)
      await engine.enqueue(Array.from({ length: 900 }, () => newTask({ queue, due: { after: 1_000 } })))
    clock.advance(1_000)
    const reply = await claim(1_000)
    assert.equal(reply.tasks.length, 1_000)
    assert.equal(reply.more, true)
    const counts = queues.map((queue) => reply.tasks.filter((task) => task.queue === queue).length)
    assert.deepEqual(counts, [250, 250, 250, 250])
  })
})
