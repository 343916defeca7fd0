// Enqueue and settle inside the caller's transaction on PostgreSQL: through `pg` itself, and through the transactions
// of Drizzle, Kysely and Knex as these libraries make them.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import { drizzle } from 'drizzle-orm/node-postgres'
import knex from 'knex'
import { Kysely, PostgresDialect } from 'kysely'
import pg from 'pg'

import { openPostgres, type PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'
import { newPlace, SERVER } from './postgres-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' : false

/** Runs `work` in a transaction of a library; rolls back if it throws. */
type Library = (work: (tx: object) => Promise<void>) => Promise<void>

const LIBRARIES: Readonly<Record<string, (pool: pg.Pool) => Library>> = {
  pg: (pool) => async (work) => {
    const client = await pool.connect()
    try {
      await client.query('BEGIN')
      await work(client)
      await client.query('COMMIT')
    } catch (error) {
      await client.query('ROLLBACK')
      throw error
    } finally {
      client.release()
    }
  },
  Drizzle: (pool) => {
    const db = drizzle(pool)
    return (work) => db.transaction((tx) => work(tx))
  },
  Kysely: (pool) => {
    const db = new Kysely<object>({ dialect: new PostgresDialect({ pool }) })
    return (work) => db.transaction().execute((tx) => work(tx))
  },
  Knex: () => async (work) => {
    const db = knex({ client: 'pg', connection: SERVER ?? '', pool: { min: 0, max: 1 } })
    try {
      await db.transaction((tx) => work(tx))
    } finally {
      await db.destroy()
    }
  },
}

class RollBack extends Error {}

const place = skip === false ? newPlace() : null
let engine: PostgresEngine
let pool: pg.Pool

before(async () => {
  if (place === null) return
  engine = await openPostgres(place.url)
  await engine.migrate()
  pool = new pg.Pool({ connectionString: SERVER ?? '', max: 2 })
})
after(async () => {
  if (place === null) return
  await engine.close()
  await pool.end()
  await place.drop()
})

const stateOf = async (id: string): Promise<string | null> => {
  const [task] = await engine.records.get([id])
  return task?.state ?? null
}

for (const [name, library] of Object.entries(LIBRARIES)) {
  test(`${name}: what is enqueued is there once the caller commits, not before`, { skip }, async () => {
    const unique = { key: mintToken(), for: null }
    const task = newTask({ unique, queue: mintToken() })
    await library(pool)(async (tx) => {
      const [reply] = await engine.enqueue([task], { tx, notify: true })
      assert.equal(reply?.outcome, 'created')
      assert.deepEqual(await engine.enqueue([task], { tx }), [{ ...reply, outcome: 'existing' }])
      const [other] = await engine.enqueue([newTask({ unique })], { tx })
      assert.deepEqual([other?.outcome, other?.id], ['duplicate', task.id])
      assert.equal(await stateOf(task.id), null)
    })
    assert.equal(await stateOf(task.id), 'ready')
  })

  test(`${name}: a rollback takes it back`, { skip }, async () => {
    const task = newTask()
    const work = library(pool)(async (tx) => {
      await engine.enqueue([task], { tx })
      throw new RollBack()
    })
    await assert.rejects(work, RollBack)
    assert.equal(await stateOf(task.id), null)
    assert.equal((await engine.enqueue([task]))[0]?.outcome, 'created')
  })

  test(`${name}: a settlement and its follow-up commit with the caller`, { skip }, async () => {
    const session = newSession()
    const queue = mintToken()
    await engine.startSession([session])
    await engine.enqueue([newTask({ queue })])
    const request = { session: session.id, claimId: mintToken(), queues: [queue], limit: 1 }
    const [task] = (await engine.claim([request]))[0]?.tasks ?? []
    assert.ok(task?.claim)
    const child = newTask()
    const settlement = {
      id: task.id,
      claim: task.claim,
      guard: 'claim' as const,
      outcome: outcomes.succeed('1'),
      followUps: [child],
      logs: [{ at: 1, level: 'info' as const, message: 'bye' }],
    }
    await library(pool)(async (tx) => {
      const [reply] = await engine.settle([settlement], { tx })
      assert.deepEqual([reply?.status, reply?.followUps[0]?.outcome], ['applied', 'created'])
      assert.equal(await stateOf(task.id), 'running')
    })
    assert.deepEqual([await stateOf(task.id), await stateOf(child.id)], ['succeeded', 'ready'])
    assert.equal((await engine.settle([settlement]))[0]?.status, 'already')
  })
}

test('what is not in a transaction is refused, and nothing is changed', { skip }, async () => {
  const client = await pool.connect()
  const task = newTask()
  const refused = { code: 'invalid_option', applied: 'no' }
  try {
    for (const tx of [client, pool, {}]) await assert.rejects(engine.enqueue([task], { tx }), refused)
  } finally {
    client.release()
  }
  assert.equal(await stateOf(task.id), null)
})

test('a transaction on another database is refused and stays usable', { skip }, async () => {
  const other = newPlace()
  const elsewhere = await openPostgres(other.url)
  await elsewhere.migrate()
  const stranger = new pg.Client({ connectionString: SERVER ?? '' })
  await stranger.connect()
  try {
    await stranger.query('BEGIN')
    await other.run("UPDATE @store SET value = 'another' WHERE key = 'instance'")
    await assert.rejects(elsewhere.enqueue([newTask()], { tx: stranger }), { code: 'invalid_option' })
    assert.equal((await stranger.query('SELECT 1 AS one')).rows.length, 1)
  } finally {
    await stranger.end()
  }
  await elsewhere.close()
  await other.drop()
})
