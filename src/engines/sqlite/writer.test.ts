// The way into the write lock: what shares a transaction, who fails when one fails, and a full disk.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { LIMITS } from '../../core/limits.ts'
import { Caches } from './caches.ts'
import { Connection } from './connection.ts'
import { openFile } from './database-file.ts'
import { migrate } from './migrate.ts'
import type { Unit } from './unit.ts'
import { Writer } from './writer.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-writer-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function open(
  name: string,
  synchronous: 'full' | 'normal' = 'normal',
): Promise<{ connection: Connection; writer: Writer; commits: () => number }> {
  const file = {
    path: join(folder, name),
    synchronous,
    busyTimeout: 0,
    callTimeout: 1_000,
  }
  const { db } = await openFile(file)
  const connection = new Connection(db, 'windlass')
  await migrate(connection, 0, 1_000)
  let commits = 0
  const writer = new Writer(connection, new Caches(LIMITS.changes), {
    now: () => 0,
    fsync: synchronous === 'full',
    callTimeout: 1_000,
    committed: () => {
      commits++
    },
  })
  return { connection, writer, commits: () => commits }
}

const put =
  (key: string) =>
  (unit: Unit): string => {
    unit.connection.run('INSERT INTO windlass_store VALUES (?, ?)', key, key)
    unit.hints.note('change', 'q')
    return key
  }
const fail = (): never => {
  throw new Error('this one')
}
const keysOf = (connection: Connection): unknown[] =>
  connection.all("SELECT key FROM windlass_store WHERE key <> 'instance' ORDER BY key").map(([key]) => key)

test('a commit waits for the disk unless all that it holds is fleeting', async () => {
  const { writer } = await open('fleeting.db', 'full')
  const mode = (unit: Unit): number => Number(unit.connection.get('PRAGMA synchronous')?.[0])
  const [normal, full] = [1, 2]
  assert.equal(await writer.submit({ weight: 1, fleeting: true }, mode), normal)
  assert.equal(await writer.submit({ weight: 1 }, mode), full)
  const mixed = [writer.submit({ weight: 1, fleeting: true }, mode), writer.submit({ weight: 1 }, mode)]
  assert.deepEqual(await Promise.all(mixed), [full, full])
})

test('jobs of one turn share a transaction', async () => {
  const { connection, writer, commits } = await open('shared.db')
  const jobs = ['a', 'b', 'c'].map((key) => writer.submit({ weight: 1 }, put(key)))
  assert.deepEqual(await Promise.all(jobs), ['a', 'b', 'c'])
  assert.equal(commits(), 1)
  assert.deepEqual(keysOf(connection), ['a', 'b', 'c'])
  connection.db.close()
})

test('a job that fails fails alone, and nothing of it is left', async () => {
  const { connection, writer } = await open('alone.db')
  const results = await Promise.allSettled([
    writer.submit({ weight: 1 }, put('a')),
    writer.submit({ weight: 1 }, (unit) => (put('half')(unit), fail())),
    writer.submit({ weight: 1 }, put('b')),
    // Taken already: refused by SQLite itself.
    writer.submit({ weight: 1 }, put('a')),
    writer.submit({ weight: 1 }, put('c')),
  ])
  assert.deepEqual(
    results.map((result) => result.status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  )
  assert.deepEqual(keysOf(connection), ['a', 'b', 'c'])
  connection.db.close()
})

test('jobs of much weight do not share one long transaction', async () => {
  const { connection, writer, commits } = await open('heavy.db')
  await Promise.all(['a', 'b', 'c'].map((key) => writer.submit({ weight: 1_500 }, put(key))))
  assert.equal(commits(), 3)
  connection.db.close()
})

test('a full disk is told as not applied, and work goes on when there is room', async () => {
  const { connection, writer } = await open('full.db')
  const [pages] = connection.get('PRAGMA page_count') ?? []
  connection.exec(`PRAGMA max_page_count = ${Number(pages)}`)
  const big = 'x'.repeat(100_000)
  const fill = (unit: Unit): number =>
    unit.connection.run('INSERT INTO windlass_store VALUES (?, ?)', 'big', big)
  const error = { code: 'engine_full', applied: 'no', retry: true }
  await assert.rejects(writer.submit({ weight: 1 }, fill), error)
  connection.exec('PRAGMA max_page_count = 100000')
  assert.equal(await writer.submit({ weight: 1 }, fill), 1)
  connection.db.close()
})

test('closing refuses what waits and what comes', async () => {
  const { connection, writer } = await open('closed.db')
  const waiting = writer.submit({ weight: 1 }, put('a'))
  writer.close()
  await assert.rejects(waiting, { code: 'engine_closed', applied: 'no' })
  await assert.rejects(writer.submit({ weight: 1 }, put('b')), { code: 'engine_closed', applied: 'no' })
  assert.deepEqual(keysOf(connection), [])
  connection.db.close()
})
