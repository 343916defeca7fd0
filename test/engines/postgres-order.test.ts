// The skip detector (CONTRACT rule 22) on PostgreSQL: two producers whose commits overtake each other, releases, three
// priorities, a reading and a writing transaction of somebody else held open all the while. No ready task waits longer
// than 250 ms beyond its turn, and what a claim costs does not grow.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import pg from 'pg'

import { mintToken } from '../../src/core/ids.ts'
import { openPostgres, type PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'
import { newPlace, SERVER } from './postgres-place.ts'
import { judgeTurns } from './turns.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' : false
const place = skip === false ? newPlace() : null
let engine: PostgresEngine
const foreign: pg.Client[] = []

before(async () => {
  if (place === null) return
  engine = await openPostgres(place.url)
  await engine.migrate()
})
after(async () => {
  if (place === null) return
  await Promise.all(foreign.map((client) => client.end()))
  await engine.close()
  await place.drop()
})

/** A client of somebody else with a transaction that it leaves open. */
async function openForeign(...statements: readonly string[]): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: SERVER ?? '' })
  foreign.push(client)
  await client.connect()
  for (const sql of statements) await client.query(sql)
  return client
}

test('no ready task waits beyond its turn, whoever keeps what open', { skip, timeout: 120_000 }, async () => {
  await openForeign('BEGIN ISOLATION LEVEL REPEATABLE READ', `SELECT count(*) FROM ${place?.schema}.tasks`)
  await openForeign('BEGIN', 'CREATE TEMPORARY TABLE mine (n int)', 'INSERT INTO mine VALUES (1)')
  const producers = await Promise.all([openForeign(), openForeign()])
  await judgeTurns(engine, producers)
})

test('a held snapshot costs claims nothing', { skip, timeout: 60_000 }, async () => {
  const count = 12_000
  for (let i = 0; i < count; i += 1_000)
    await engine.enqueue(Array.from({ length: 1_000 }, () => newTask({ minted: true, queue: 'long' })))
  await openForeign('BEGIN ISOLATION LEVEL REPEATABLE READ', `SELECT count(*) FROM ${place?.schema}.tasks`)
  const session = newSession()
  await engine.startSession([session])
  const times: number[] = []
  for (let done = 0; done < count; done += 100) {
    const started = performance.now()
    const request = { session: session.id, claimId: mintToken(), queues: ['long'], limit: 100 }
    const tasks = (await engine.claim([request]))[0]?.tasks ?? []
    times.push(performance.now() - started)
    assert.equal(tasks.length, 100)
    const endings = tasks.map(({ id, claim }) => ({ id, claim: claim ?? '', guard: 'claim' as const }))
    const rest = { outcome: outcomes.succeed(), followUps: [], logs: [] }
    await engine.settle(endings.map((ending) => ({ ...ending, ...rest })))
  }
  // The quickest of each part: what a claim has to read is in all of them, what else the machine does is not.
  const [first, last] = [Math.min(...times.slice(10, 40)), Math.min(...times.slice(-30))]
  assert.ok(last < 3 * first + 5, `a claim took ${first} ms at first and ${last} ms at last`)
})
