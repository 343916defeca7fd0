// Enqueue and settle inside the caller's own transaction: there if and only if the caller commits.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, test } from 'node:test'

import { newSession, newTask, outcomes } from '../../testing/samples.ts'
import { openSqlite, type SqliteEngine } from './sqlite-engine.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-tx-'))
after(() => rmSync(folder, { recursive: true, force: true }))

async function store(name: string): Promise<{ engine: SqliteEngine; tx: DatabaseSync; path: string }> {
  const path = join(folder, name)
  const engine = await openSqlite({ path, synchronous: 'normal', namespace: 'windlass' })
  await engine.migrate()
  return { engine, tx: new DatabaseSync(path), path }
}

test('what is enqueued is there if and only if the caller commits', async () => {
  const { engine, tx } = await store('enqueue.db')
  tx.exec('CREATE TABLE orders (id TEXT); BEGIN IMMEDIATE')
  tx.prepare('INSERT INTO orders VALUES (?)').run('o1')
  assert.equal((await engine.enqueue([newTask({ id: 'kept' })], { tx }))[0]?.outcome, 'created')
  assert.deepEqual(await engine.records.get(['kept']), [null])
  tx.exec('COMMIT; BEGIN IMMEDIATE')
  assert.equal((await engine.enqueue([newTask({ id: 'dropped' })], { tx }))[0]?.outcome, 'created')
  tx.exec('ROLLBACK')
  const [kept, dropped] = await engine.records.get(['kept', 'dropped'])
  assert.equal(kept?.state, 'ready')
  assert.equal(dropped, null)
  // Nothing of the transaction that was rolled back is remembered.
  assert.equal((await engine.enqueue([newTask({ id: 'dropped', timeout: 77 })]))[0]?.outcome, 'created')
  assert.equal((await engine.records.get(['dropped']))[0]?.timeout, 77)
  tx.close()
  await engine.close()
})

test('a settlement and what it enqueues are part of the transaction', async () => {
  const { engine, tx } = await store('settle.db')
  const session = newSession()
  await engine.startSession([session])
  await engine.enqueue([newTask({ id: 't' })])
  const [reply] = await engine.claim([{ session: session.id, claimId: 'c', queues: null, limit: 1 }])
  const ending = {
    id: 't',
    claim: reply?.tasks[0]?.claim ?? '',
    guard: 'claim',
    outcome: outcomes.succeed('1'),
    followUps: [newTask({ id: 'next' })],
    logs: [],
  } as const
  tx.exec('BEGIN')
  assert.equal((await engine.settle([ending], { tx }))[0]?.status, 'applied')
  tx.exec('ROLLBACK')
  assert.deepEqual(
    (await engine.records.get(['t', 'next'])).map((task) => task?.state),
    ['running', undefined],
  )
  tx.exec('BEGIN')
  assert.equal((await engine.settle([ending], { tx }))[0]?.status, 'applied')
  tx.exec('COMMIT')
  assert.deepEqual(
    (await engine.records.get(['t', 'next'])).map((task) => task?.state),
    ['succeeded', 'ready'],
  )
  tx.close()
  await engine.close()
})

test('only an open transaction on the same file is taken', async () => {
  const { engine, tx } = await store('refused.db')
  const other = await store('other.db')
  const memory = new DatabaseSync(':memory:')
  for (const db of [other.tx, memory]) db.exec('BEGIN')
  for (const [what, given] of [
    ['no transaction is open', tx],
    ['another file', other.tx],
    ['in memory', memory],
    ['something else', {}],
  ] as const) {
    const call = engine.enqueue([newTask()], { tx: given })
    await assert.rejects(call, { code: 'invalid_option', applied: 'no' }, what)
  }
  for (const db of [tx, other.tx, memory]) db.close()
  await Promise.all([engine.close(), other.engine.close()])
})

test('a transaction that may not write is told, and stays usable', async () => {
  const { engine, tx, path } = await store('busy.db')
  const writer = new DatabaseSync(path)
  writer.exec('BEGIN IMMEDIATE')
  tx.exec('BEGIN')
  await assert.rejects(engine.enqueue([newTask()], { tx }), { code: 'engine_busy', applied: 'no' })
  assert.equal(tx.isTransaction, true)
  writer.exec('ROLLBACK')
  assert.equal((await engine.enqueue([newTask({ id: 't' })], { tx }))[0]?.outcome, 'created')
  tx.exec('COMMIT')
  assert.equal((await engine.records.get(['t']))[0]?.state, 'ready')
  writer.close()
  tx.close()
  await engine.close()
})
