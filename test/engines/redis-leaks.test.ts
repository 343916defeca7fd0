// What Redis is left with when tasks are gone: shared tails are counted exactly, and nothing of a purged task stays.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { suite, test, type TestContext } from 'node:test'

import { createClient } from '@redis/client'

import { mintToken } from '../../src/core/ids.ts'
import { DEFAULTS } from '../../src/core/limits.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import { ManualClock, newError, newSession, newTask, outcomes } from '../../src/testing/index.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const skip = server === undefined ? 'NOT PROVEN HERE: redis' : false
const DAY = 86_400_000

interface Bench {
  readonly engine: RedisEngine
  readonly clock: ManualClock
  readonly session: string
  readonly hash: (key: string) => Promise<Record<string, string>>
  /** The keys of the store, without what the namespace puts before them. */
  readonly keys: () => Promise<string[]>
}

async function open(t: TestContext): Promise<Bench> {
  const namespace = `t${randomBytes(8).toString('hex')}`
  const url = `${server}?namespace=${namespace}`
  const clock = new ManualClock()
  const engine = await openRedis(url, { now: clock.now, changesKept: 10 })
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
  const prefix = `{windlass:${namespace}}:`
  return {
    engine,
    clock,
    session: session.id,
    hash: async (key) => ({ ...(await client.hGetAll(`${prefix}${key}`)) }),
    keys: async () => (await client.keys(`${prefix}*`)).map((key) => key.slice(prefix.length)).toSorted(),
  }
}

/** Each number that rows have in place of a tail, and how many rows have it. */
async function tailsOf({ hash }: Bench): Promise<Record<string, string>> {
  const counts = new Map<string, number>()
  for (const row of Object.values(await hash('s'))) {
    const [, key = '', ...more] = row.split('\u001E')
    if (more.length === 0) counts.set(key, (counts.get(key) ?? 0) + 1)
  }
  return Object.fromEntries([...counts].map(([key, count]) => [key, String(count)]))
}

/** The counts that are kept are those of the rows, and each number has its text. */
async function assertCounted(bench: Bench): Promise<number> {
  const counted = await tailsOf(bench)
  const kept = Object.entries(await bench.hash('y'))
  const counts = kept.filter(([field]) => field.startsWith('n'))
  assert.deepEqual(Object.fromEntries(counts.map(([field, count]) => [field.slice(1), count])), counted)
  const texts = kept.filter(([field]) => !field.startsWith('n'))
  assert.deepEqual(texts.map(([field]) => field).toSorted(), Object.keys(counted).toSorted())
  return Object.keys(counted).length
}

async function claim({ engine, session }: Bench, limit: number): Promise<readonly TaskRecord[]> {
  const [reply] = await engine.claim([{ session, claimId: mintToken(), queues: null, limit }])
  return reply?.tasks ?? []
}

/** Ends tasks in many ways, so that tails are shared, left, made anew and left alone. */
async function workOff(bench: Bench): Promise<void> {
  const { engine, clock } = bench
  const ways = [
    outcomes.succeed('1'),
    outcomes.succeed('1'),
    outcomes.succeed(`"${'x'.repeat(100)}"`),
    outcomes.retry(1_000, { error: newError('again') }),
    outcomes.die({ error: newError('enough') }),
    outcomes.release(),
    outcomes.cancel(),
  ]
  for (let round = 0; round < 12; round++) {
    const tasks = await claim(bench, 40)
    const settled = tasks.map((task, i) => ({
      id: task.id,
      claim: task.claim ?? '',
      guard: 'claim' as const,
      outcome: ways[(i * (round + 1)) % ways.length] ?? outcomes.succeed('1'),
      followUps: [],
      logs: i % 9 === 0 ? [{ at: clock.now(), level: 'info' as const, message: 'x' }] : [],
    }))
    await engine.settle(settled)
    assert.equal(round > 3 || (await assertCounted(bench)) > 0, true, 'no tail is shared')
    clock.advance(1_000)
  }
  for (let tasks = await claim(bench, 100); tasks.length > 0; tasks = await claim(bench, 100)) {
    const plain = { guard: 'claim', outcome: outcomes.succeed('2'), followUps: [], logs: [] } as const
    await engine.settle(tasks.map((task) => ({ id: task.id, claim: task.claim ?? '', ...plain })))
    clock.advance(1_000)
  }
}

suite('what Redis keeps', { skip }, () => {
  test('tails are counted exactly, and nothing of a purged task stays', async (t) => {
    const bench = await open(t)
    const { engine, clock, session } = bench
    await engine.enqueue(Array.from({ length: 120 }, () => newTask({ minted: true })))
    await engine.enqueue(
      Array.from({ length: 60 }, (_, i) =>
        newTask({ group: 'g', parentId: 'p', expires: { after: DAY }, unique: { key: `k${i}`, for: null } }),
      ),
    )
    await workOff(bench)
    const cancelled = await engine.records.find({ states: ['cancelled'], limit: 5, cursor: null })
    await engine.records.act(cancelled.tasks.map(({ id }) => ({ verb: 'requeue', id })))
    await engine.records.act(cancelled.tasks.map(({ id }) => ({ verb: 'cancel', id })))
    await assertCounted(bench)
    await engine.endSession([{ session, cause: 'stopped', culprits: null }])
    // First the tasks go, then what remembers them.
    for (const later of [DEFAULTS.keep.dead + DAY, 3 * DAY]) {
      clock.advance(later)
      for (let i = 0; i < 5; i++) await sweepAll(engine)
    }
    await assertCounted(bench)
    const kept = new Set(['c', 'm', 'w', 'wz'])
    assert.deepEqual(
      (await bench.keys()).filter((key) => !kept.has(key)),
      [],
    )
  })
})

async function sweepAll(engine: RedisEngine): Promise<void> {
  await engine.sweep({
    session: null,
    every: 0,
    declare: false,
    extend: false,
    grace: 0,
    limit: 1_000,
    cursor: null,
    keepCount: 1_000_000,
    keepBytes: null,
  })
}
