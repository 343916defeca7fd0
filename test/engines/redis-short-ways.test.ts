// The short ways of one task alone (enqueue-one.lua, only-task.lua) against the general ones: the same random program of
// verbs on two namespaces with the same ids and the same clock, once as the engine sends it and once so that the general
// scripts take each claim and each enqueue. What is answered and what is stored must be the same.

import assert from 'node:assert/strict'
import { randomBytes } from 'node:crypto'
import { test, type TestContext } from 'node:test'

import { createClient } from '@redis/client'

import type { NewTask, Outcome } from '../../src/core/hot-verbs.ts'
import { mintToken } from '../../src/core/ids.ts'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../src/core/queue-settings.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { Bodies } from '../../src/engines/redis/body.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { Link } from '../../src/engines/redis/link.ts'
import { encodeTasks, enqueueReplies } from '../../src/engines/redis/new-tasks.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import { Store } from '../../src/engines/redis/store.ts'
import { FIELD, LINE } from '../../src/engines/redis/words.ts'
import { ManualClock, newSession, newTask, outcomes, Random } from '../../src/testing/index.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL'] ?? ''
const skip = server === '' ? 'NOT PROVEN HERE: redis' : false
const SEED = Number(process.env['WINDLASS_SEED'] ?? '1')
const PROGRAMS = Number(process.env['WINDLASS_PROGRAMS'] ?? '12')
const STEPS = 40
const KEEP = { succeeded: 20_000, dead: 30_000 }
const QUEUES = ['a', 'b'] as const

/** One of the two stores. */
interface Side {
  readonly engine: RedisEngine
  readonly enqueue: (task: NewTask) => Promise<unknown>
  readonly claim: (
    claimId: string,
    queues: readonly string[] | null,
    limit: number,
  ) => Promise<readonly TaskRecord[]>
  readonly dump: () => Promise<Record<string, unknown>>
}

const session = newSession({ lease: 86_400_000 })

async function open(t: TestContext, now: () => number, short: boolean): Promise<Side> {
  const namespace = `t${randomBytes(8).toString('hex')}`
  const url = `${server}?namespace=${namespace}`
  const address = parseRedisAddress(url, 'windlass')
  const engine = await openRedis(url, { now, changesKept: 30 })
  const link = new Link(address, { callTimeout: 10_000 })
  const client = clientOf(server)
  await Promise.all([link.open(), client.connect()])
  t.after(async () => {
    client.destroy()
    link.close()
    await engine.close()
    await dropNamespace(address)
  })
  await engine.migrate()
  await engine.startSession([session])
  const store = new Store(link, { namespace, now, changesKept: 30 })
  const bodies = new Bodies()
  const prefix = `{windlass:${namespace}}:`
  return {
    engine,
    enqueue: async (task) =>
      short
        ? engine.enqueue([task])
        : enqueueReplies([task], await store.run('enqueue', encodeTasks([task], bodies))),
    claim: async (claimId, queues, limit) => {
      const request = { session: session.id, claimId, queues, limit }
      // Two requests at once are never taken the short way; the second asks for no queue.
      const second = short ? [] : [{ ...request, claimId: `${claimId}-`, queues: [] }]
      const [reply] = await engine.claim([request, ...second])
      return reply?.tasks ?? []
    },
    dump: async () => {
      const keys = (await client.keys(`${prefix}*`)).toSorted()
      const values = keys.map(async (key) => [key.slice(prefix.length), await valueOf(client, key)] as const)
      return Object.fromEntries(await Promise.all(values))
    },
  }
}

type Client = ReturnType<typeof clientOf>

function clientOf(url: string) {
  return createClient({ url })
}

async function valueOf(client: Client, key: string): Promise<unknown> {
  const type = await client.type(key)
  if (type === 'hash') {
    const { instance: _, ...fields } = await client.hGetAll(key)
    return Object.entries(fields).toSorted(([a], [b]) => (a < b ? -1 : 1))
  }
  if (type === 'set') return (await client.sMembers(key)).toSorted()
  if (type === 'zset') return client.zRangeWithScores(key, 0, -1)
  if (type === 'list') return client.lRange(key, 0, -1)
  if (type === 'stream') return client.sendCommand(['XRANGE', key, '-', '+'])
  return client.get(key)
}

/** Does the same on both sides; answers what both answered. */
type Both = <R>(verb: (side: Side) => Promise<R>) => Promise<R>

class Program {
  readonly #both: Both
  readonly #random: Random
  readonly #clock: ManualClock
  readonly #tasks: NewTask[] = []
  readonly #claims: string[] = []
  #running: readonly TaskRecord[] = []
  #versions = { a: 0, b: 0 }

  constructor(both: Both, random: Random, clock: ManualClock) {
    this.#both = both
    this.#random = random
    this.#clock = clock
  }

  async step(): Promise<void> {
    const random = this.#random
    const way = random.below(20)
    if (way < 5) await this.#enqueue()
    else if (way < 13) await this.#claim()
    else if (way < 17) await this.#settle()
    else if (way < 18) await this.#act()
    else if (way === 18) await this.#pause()
    else await this.#sweep()
    this.#clock.advance(random.pick([0, 0, 1, 400, 3_000]))
  }

  async #enqueue(): Promise<void> {
    const random = this.#random
    const known = random.chance(0.25) ? random.oneOf(this.#tasks) : undefined
    const fresh = newTask({
      queue: random.pick(QUEUES),
      type: random.pick(['x', 'y']),
      priority: random.pick([0, 0, 5]),
      timeout: random.pick([null, 60_000]),
      due: { after: random.pick([0, 0, 0, 1_000]) },
      expires: random.pick([null, null, null, { after: 2_000 }]),
      minted: random.chance(0.9),
      keep: KEEP,
    })
    const task = known === undefined ? fresh : random.chance(0.5) ? known : { ...known, digest: 'other' }
    this.#tasks.push(task)
    await this.#both((side) => side.enqueue(task))
  }

  async #claim(): Promise<void> {
    const random = this.#random
    const claimId = (random.chance(0.15) ? random.oneOf(this.#claims) : undefined) ?? mintToken()
    this.#claims.push(claimId)
    const queues = random.pick([null, null, ['a'], ['b', 'a']])
    const limit = random.pick([1, 1, 1, 3])
    const taken = await this.#both((side) => side.claim(claimId, queues, limit))
    this.#running = [...this.#running, ...taken]
  }

  async #settle(): Promise<void> {
    const random = this.#random
    const task = random.oneOf(this.#running)
    if (task === undefined) return
    const ways: readonly [Outcome, ...Outcome[]] = [
      outcomes.succeed('1'),
      outcomes.succeed(`"${'x'.repeat(90)}"`),
      outcomes.retry(1_000),
      outcomes.release(),
      outcomes.release(),
      outcomes.snooze(500),
      outcomes.loss(0),
      outcomes.die(),
    ]
    const outcome = random.pick(ways)
    const settlement = {
      id: task.id,
      claim: task.claim ?? '',
      guard: 'claim',
      outcome,
      followUps: [],
      logs: [],
    } as const
    await this.#both(({ engine }) => engine.settle([settlement]))
  }

  async #act(): Promise<void> {
    const random = this.#random
    const id = random.oneOf(this.#tasks)?.id
    if (id === undefined) return
    const verb = random.pick(['cancel', 'requeue', 'delete', 'reprioritise'])
    const action = verb === 'reprioritise' ? { verb, id, priority: 5 } : { verb, id }
    await this.#both(({ engine }) => engine.records.act([action]))
  }

  async #pause(): Promise<void> {
    const key = this.#random.pick(QUEUES)
    const body = writeQueueSettings({ paused: this.#random.chance(0.1) })
    const put = { kind: QUEUE_DOCUMENT, key, version: this.#versions[key], body }
    const [reply] = await this.#both(({ engine }) => engine.documents.put([put]))
    this.#versions[key] = reply?.version ?? 0
  }

  async #sweep(): Promise<void> {
    const request = {
      session: null,
      every: 0,
      declare: false,
      extend: false,
      grace: 0,
      limit: 100,
      cursor: null,
    }
    await this.#both(({ engine }) => engine.sweep({ ...request, keepCount: 20, keepBytes: null }))
  }
}

/** Each lane counts the ready rows that an entry leads to. */
function assertCounted(dump: Record<string, unknown>): void {
  const pairs = (key: string): [string, string][] => (dump[key] ?? []) as [string, string][]
  const rows = new Map(pairs('s'))
  const lanes = new Map(pairs('n1'))
  let ready = 0
  for (const [lane, count] of lanes) {
    const live = new Set<string>()
    for (const entry of (dump[`q:${lane}`] ?? []) as string[]) {
      const id = entry.slice(entry.indexOf(FIELD) + 1)
      const [code, place] = rows.get(id)?.split(LINE)[0]?.split(FIELD) ?? []
      if (code === '1' && (entry === id ? place === '=' : entry === `${place}${FIELD}${id}`)) live.add(id)
    }
    for (const { value } of (dump[`z:${lane}`] ?? []) as { value: string }[])
      if (rows.get(value)?.startsWith('1') === true) live.add(value)
    assert.equal(live.size, Number(count), `lane ${lane}`)
    ready += Number(count)
  }
  assert.equal([...rows.values()].filter((row) => row.startsWith('1')).length, ready)
}

test(`one task alone is stored as any other is (seed ${SEED})`, { skip }, async (t) => {
  const seeds = new Random(SEED)
  const clock = new ManualClock()
  const sides = [await open(t, clock.now, true), await open(t, clock.now, false)] as const
  const both: Both = async (verb) => {
    const [one, other] = await Promise.all([verb(sides[0]), verb(sides[1])])
    assert.deepEqual(one, other)
    return one
  }
  for (let n = 0; n < PROGRAMS; n++) {
    const program = new Program(both, seeds.fork(), clock)
    for (let step = 0; step < STEPS; step++) {
      await program.step()
      if (step % 8 === 7) assertCounted(await both((side) => side.dump()))
    }
    clock.advance(15_000)
  }
})
