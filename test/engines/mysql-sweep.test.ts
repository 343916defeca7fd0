// The sweep of MySQL and MariaDB beside a caller's transaction that is open: what it cleans away lies beside rows that
// the caller has written and not committed, in tables so small that a plan may want to read them whole.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import mysql from 'mysql2/promise'

import { openMysql } from '../../src/engines/mysql/mysql-engine.ts'
import { newTask } from '../../src/testing/samples.ts'
import { newPlace, SERVER } from './mysql-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false
const SWEEP = { session: null, every: 0, declare: false, extend: false, grace: 0, limit: 100, cursor: null }
const KEEP = { keepCount: 1_000, keepBytes: null }

test('a sweep waits for no transaction of a caller, however few rows there are', { skip }, async () => {
  const place = newPlace()
  let now = Date.now()
  const engine = await openMysql(place.url, { now: () => now })
  const caller = await mysql.createConnection(SERVER ?? '')
  try {
    await engine.migrate()
    for (const count of [1, 3, 6, 12, 300]) {
      for (let i = 0; i < count; i++) await engine.enqueue([newTask({ minted: true })])
      await engine.sweep({ ...SWEEP, ...KEEP })
      // Long enough that lines of the feed which everybody has heard of are cleaned away.
      now += 3_000
      await caller.query('SET TRANSACTION ISOLATION LEVEL READ COMMITTED')
      await caller.beginTransaction()
      await engine.enqueue([newTask({ minted: true })], { tx: caller })
      for (let i = 0; i < count; i++) await engine.enqueue([newTask({ minted: true })])
      assert.equal((await engine.sweep({ ...SWEEP, ...KEEP })).turn, true)
      await caller.rollback()
    }
  } finally {
    await caller.end()
    await engine.close()
    await place.drop()
  }
})
