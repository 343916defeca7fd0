// A migration on MySQL takes as long as it takes: it waits for another process that migrates, longer than any call.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import mysql, { type RowDataPacket } from 'mysql2/promise'

import { digestOf } from '../../src/core/ids.ts'
import { openMysql } from '../../src/engines/mysql/mysql-engine.ts'
import { newPlace, SERVER } from './mysql-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false
const CALL_TIMEOUT = 3_000

test('who migrates waits for another who does, longer than a call may take', { skip }, async (t) => {
  const place = newPlace()
  const other = await mysql.createConnection(SERVER ?? '')
  const engine = await openMysql(place.url, { callTimeout: CALL_TIMEOUT })
  t.after(async () => {
    await Promise.all([other.end(), engine.close()])
    await place.drop()
  })
  const database = new URL(place.url).pathname.slice(1)
  const lock = `windlass ${digestOf([database, place.prefix])}`
  await other.query('DO GET_LOCK(?, 0)', [lock])
  const migrated = engine.migrate()
  migrated.catch(() => undefined)
  const waits = async (): Promise<boolean> => {
    const [rows] = await other.query<RowDataPacket[]>(
      'SELECT 1 FROM information_schema.processlist WHERE info LIKE ? AND id <> CONNECTION_ID()',
      [`%GET_LOCK('${lock}'%`],
    )
    return rows.length > 0
  }
  while (!(await waits())) await pause(20)
  await pause(CALL_TIMEOUT + 200)
  await other.query('DO RELEASE_LOCK(?)', [lock])
  assert.equal((await migrated).from, 0)
})
