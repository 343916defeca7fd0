/** What a PostgreSQL server shows of our connections, for whoever looks into its list because it is slow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import pg from 'pg'

import { openEngine } from '../../src/engines/open.ts'
import { newPlace, SERVER } from '../engines/postgres-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' : false

test('the connections of a worker, and of its heart, are called so', { skip }, async () => {
  const place = newPlace()
  const engines = await Promise.all([
    openEngine(place.url, { program: 'worker' }),
    openEngine(place.url, { program: 'worker', role: 'heart' }),
    openEngine(place.url),
  ])
  const client = new pg.Client({ connectionString: SERVER ?? '' })
  await client.connect()
  try {
    await engines[0].migrate()
    const shown = await client.query<{ name: string }>(
      "SELECT DISTINCT application_name AS name FROM pg_stat_activity WHERE application_name LIKE 'windlass%'",
    )
    const names = shown.rows.map(({ name }) => name)
    for (const name of ['windlass', 'windlass worker', 'windlass worker heart'])
      assert.ok(names.includes(name), `${name} is among ${names.join(', ')}`)
  } finally {
    await client.end()
    await Promise.all(engines.map((engine) => engine.close()))
    await place.drop()
  }
})
