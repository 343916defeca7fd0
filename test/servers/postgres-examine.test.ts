// What PostgreSQL tells the doctor: a transaction that somebody forgot, the pool, and connections of everybody.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import pg from 'pg'

import { openEngine } from '../../src/engines/open.ts'
import { openBench } from './bench.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL'] ?? ''

test('a transaction held open is seen with its age and its owner', async (t) => {
  const { direct } = await openBench(t, server)
  const client = new pg.Client({ connectionString: server, application_name: 'forgotten' })
  await client.connect()
  try {
    await client.query('BEGIN')
    await client.query('SELECT 1')
    await client.query('SELECT pg_sleep(0.2)')
    const facts = await direct.examine()
    const { age = 0, who = '' } = facts.transaction ?? {}
    // Another test on this server may hold an older one.
    assert.ok(age >= 200)
    assert.match(who, / \(pid \d+\)$/)
  } finally {
    await client.end()
  }
})

test('version, connections and the pool as it was configured', async (t) => {
  const { url } = await openBench(t, server)
  const engine = await openEngine(url, { pool: { size: 3, maxOverflow: 2, timeout: null } })
  t.after(() => engine.close())
  const facts = await engine.examine()
  assert.match(facts.version, /^\d+(\.\d+)*$/)
  assert.deepEqual([facts.product, facts.oldest, facts.pool?.most], ['PostgreSQL', '13', 5])
  const { used = 0, limit = 0 } = facts.connections ?? {}
  assert.ok(used >= 2 && limit >= used)
  assert.ok((facts.rows?.live ?? -1) >= 0)
})
