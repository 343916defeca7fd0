// A migration on PostgreSQL takes as long as it takes: it waits for another process that migrates, longer than any call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import pg from 'pg'

import { openPostgres } from '../../src/engines/postgres/postgres-engine.ts'
import { newPlace, SERVER } from './postgres-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' : false
const CALL_TIMEOUT = 3_000

test('who migrates waits for another who does, longer than a call may take', { skip }, async (t) => {
  const place = newPlace()
  const other = new pg.Client({ connectionString: SERVER ?? '' })
  await other.connect()
  const engine = await openPostgres(place.url, { callTimeout: CALL_TIMEOUT })
  t.after(async () => {
    await Promise.all([other.end(), engine.close()])
    await place.drop()
  })
  const lock = `hashtextextended('${place.schema}.migrations', 4)`
  await other.query(`SELECT pg_advisory_lock(${lock})`)
  const migrated = engine.migrate()
  migrated.catch(() => undefined)
  const waiting = `SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
    AND objid::bigint = (${lock} & 4294967295)`
  while ((await other.query(waiting)).rowCount === 0) await pause(20)
  await pause(CALL_TIMEOUT + 200)
  await other.query(`SELECT pg_advisory_unlock(${lock})`)
  assert.equal((await migrated).from, 0)
})
