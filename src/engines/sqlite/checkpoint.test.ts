// The write-ahead log: carried over by a sweep, cut when a long reader let it grow, kept otherwise.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import type { SweepRequest } from '../../core/hot-verbs.ts'
import { newTask } from '../../testing/samples.ts'
import { LOG_BYTES } from './checkpoint.ts'
import { openFile } from './database-file.ts'
import { openSqlite } from './sqlite-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-checkpoint-'))
after(() => rmSync(folder, { recursive: true, force: true }))

const SWEEP: SweepRequest = {
  session: null,
  every: 0,
  declare: false,
  extend: false,
  grace: 0,
  limit: 100,
  cursor: null,
  keepCount: 1_000,
  keepBytes: null,
}

test('a sweep carries the log over', async () => {
  const path = join(folder, 'a.db')
  const engine = await openSqlite({ path, synchronous: 'normal', namespace: 'windlass' })
  await engine.migrate()
  const before = statSync(path).size
  await engine.enqueue(Array.from({ length: 200 }, () => newTask()))
  await engine.sweep(SWEEP)
  assert.ok(statSync(path).size > before)
  await engine.close()
})

test('a log that a long reader let grow is cut when the reader has gone', async () => {
  const path = join(folder, 'b.db')
  const engine = await openSqlite({ path, synchronous: 'normal', namespace: 'windlass' })
  await engine.migrate()
  const reader = await openFile({ path, synchronous: 'normal', busyTimeout: 0, callTimeout: 1_000 })
  reader.db.exec('BEGIN; SELECT count(*) FROM windlass_tasks')
  const payload = 'x'.repeat(200_000)
  for (let i = 0; i < 12; i++) await engine.enqueue(Array.from({ length: 30 }, () => newTask({ payload })))
  await engine.sweep(SWEEP)
  assert.ok(statSync(`${path}-wal`).size > LOG_BYTES)
  reader.db.exec('COMMIT')
  await engine.sweep(SWEEP)
  assert.ok(statSync(`${path}-wal`).size <= LOG_BYTES)
  reader.db.close()
  await engine.close()
})
