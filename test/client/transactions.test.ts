// Enqueue and complete inside a transaction of the caller, through the public API and real files: a task is there, or
// has succeeded, if and only if the caller commits. Another process notices the commit, and a stranger's open
// transaction delays a call without holding up this process.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import type { TaskRecord } from '../../src/core/record.ts'
import { defineTask, type TaskContext, type TaskType } from '../../src/core/task-type.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newTask, outcomes } from '../../src/testing/samples.ts'
import { Windlass } from '../../src/windlass.ts'
import { createSystem } from '../process/worker-system.ts'
import { clientOn } from './fixture.ts'

interface Shop {
  readonly windlass: Windlass
  readonly db: DatabaseSync
  readonly path: string
  readonly orders: () => string[]
}

/** A store, and a business table in the same file. */
async function openShop(t: TestContext, tasks: readonly TaskType[] = []): Promise<Shop> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-shop-'))
  const path = join(folder, 'shop.db')
  const config = { engine: `sqlite:${path}`, tasks, log: { level: 'silent' } } as const
  const windlass = new Windlass(config, { env: {} })
  await windlass.engine()
  const db = new DatabaseSync(path, { timeout: 5_000 })
  db.exec('CREATE TABLE orders (id TEXT)')
  t.after(async () => {
    await windlass.close()
    db.close()
    rmSync(folder, { recursive: true, force: true })
  })
  const orders = (): string[] =>
    db
      .prepare('SELECT id FROM orders')
      .all()
      .map(({ id }) => String(id))
  return { windlass, db, path, orders }
}

const insert = (db: DatabaseSync, id: string): void => {
  db.prepare('INSERT INTO orders VALUES (?)').run(id)
}

const ship = defineTask({ name: 'ship', run: ({ order }: { order: string }) => `shipped ${order}` })

test('what is enqueued in a transaction runs if and only if it is committed', async (t) => {
  const { windlass, db, orders } = await openShop(t, [ship])
  await windlass.worker().start()
  db.exec('BEGIN IMMEDIATE')
  insert(db, 'o1')
  const dropped = await windlass.enqueue(ship, { order: 'o1' }, { tx: db, id: 'ship-o1' })
  db.exec('ROLLBACK')
  assert.deepEqual([orders(), await dropped.get()], [[], null])
  db.exec('BEGIN IMMEDIATE')
  insert(db, 'o1')
  const kept = await windlass.enqueue(ship, { order: 'o1' }, { tx: db, id: 'ship-o1' })
  const more = await windlass.enqueueMany(ship, [{ order: 'o2' }, { order: 'o3' }], { tx: db })
  const early = kept.result({ timeout: '20s' })
  db.exec('COMMIT')
  assert.equal(kept.outcome, 'created', 'nothing is remembered of what was rolled back')
  assert.equal(await early, 'shipped o1')
  const others = await Promise.all(more.map((one) => one.result({ timeout: '20s' })))
  assert.deepEqual(others, ['shipped o2', 'shipped o3'])
  assert.deepEqual(orders(), ['o1'])
})

type Book = (db: DatabaseSync, context: TaskContext) => Promise<unknown>

/** A task that is run by `book`, and what became of it. */
async function booked(t: TestContext, book: Book): Promise<{ shop: Shop; task: TaskRecord; late: number }> {
  const held: { db?: DatabaseSync } = {}
  const type = defineTask({
    name: 'book',
    retry: { retries: 1, delay: 0 },
    run: (_: unknown, context): Promise<unknown> => {
      assert.ok(held.db)
      return book(held.db, context)
    },
  })
  const shop = await openShop(t, [type, ship])
  held.db = shop.db
  const worker = shop.windlass.worker()
  await worker.start()
  const { id } = await shop.windlass.enqueue(type, {})
  await worker.drainUntilEmpty({ all: true })
  const late = worker.status()?.counters.stale ?? -1
  const [task] = await (await shop.windlass.engine()).records.get([id])
  assert.ok(task)
  return { shop, task, late }
}

test('a task completes together with the rows of its handler', async (t) => {
  const { shop, task, late } = await booked(t, async (db, context) => {
    await context.enqueue(ship, { order: 'o1' }, { id: 'follow-up' })
    db.exec('BEGIN IMMEDIATE')
    insert(db, 'o1')
    await context.complete({ booked: 1 }, { tx: db })
    await assert.rejects(context.enqueue(ship, { order: 'o2' }), { code: 'refused' })
    db.exec('COMMIT')
  })
  assert.deepEqual([task.state, task.attempt, task.result], ['succeeded', 1, '{"booked":1}'])
  assert.deepEqual([shop.orders(), late], [['o1'], 0])
  assert.equal((await shop.windlass.tasks.get('follow-up'))?.state, 'succeeded')
})

test('a handler that throws after the commit has completed all the same', async (t) => {
  const { shop, task } = await booked(t, async (db, context) => {
    db.exec('BEGIN IMMEDIATE')
    insert(db, 'o1')
    await context.complete(1, { tx: db })
    db.exec('COMMIT')
    throw new Error('too late')
  })
  assert.deepEqual([task.state, task.attempt, shop.orders()], ['succeeded', 1, ['o1']])
})

for (const ending of ['throws', 'returns'] as const) {
  test(`a completion that is rolled back never was, and the handler that ${ending} runs again`, async (t) => {
    const { shop, task } = await booked(t, async (db, context) => {
      db.exec('BEGIN IMMEDIATE')
      insert(db, `o${context.attempt}`)
      await context.complete(context.attempt, { tx: db })
      if (context.attempt > 1) return db.exec('COMMIT')
      db.exec('ROLLBACK')
      if (ending === 'throws') throw new Error('the business said no')
      return 'success?'
    })
    assert.deepEqual([task.state, task.attempt, task.failures, task.result], ['succeeded', 2, 1, '2'])
    assert.deepEqual(shop.orders(), ['o2'])
    const [attempts] = await (await shop.windlass.engine()).journal.attempts([task.id])
    assert.match(attempts?.[0]?.error?.message ?? '', ending === 'throws' ? /business/ : /not committed/)
  })
}

test('a task that was lost meanwhile cannot be completed, and nothing of it is in the transaction', async (t) => {
  const codes: unknown[] = []
  const { shop, task } = await booked(t, async (db, { id, claim, attempt, complete }) => {
    const engine = await openEngine(`sqlite:${db.location() ?? ''}`)
    if (attempt === 1) {
      const [session] = await engine.records.sessions({ state: 'live', host: null })
      await engine.endSession([{ session: session?.id ?? '', cause: 'killed', culprits: [] }])
      const rescue = {
        id,
        claim,
        guard: 'rescue',
        outcome: outcomes.release(),
        followUps: [],
        logs: [],
      } as const
      await engine.settle([rescue])
      // The worker's own sweep may have been quicker; either way the token is of the past.
      const [now] = await engine.records.get([id])
      assert.notEqual(now?.claim, claim)
    }
    await engine.close()
    db.exec('BEGIN IMMEDIATE')
    insert(db, `o${attempt}`)
    try {
      await complete(attempt, { tx: db })
      db.exec('COMMIT')
    } catch (error) {
      codes.push((error as { code?: string }).code)
      db.exec('ROLLBACK')
      throw error
    }
  })
  assert.deepEqual([task.state, task.attempt, codes, shop.orders()], ['succeeded', 2, ['lease_lost'], ['o2']])
})

for (const notify of [false, true]) {
  test(`another process notices a caller's commit, notify ${notify}`, { timeout: 60_000 }, async (t) => {
    const system = await createSystem(t)
    const program = await system.worker()
    const db = new DatabaseSync(system.url.replace(/^sqlite:/, ''), { timeout: 5_000 })
    for (const id of ['a', 'b', 'c']) {
      db.exec('BEGIN IMMEDIATE')
      const task = newTask({ id, type: 'block', payload: '{"ms":0}' })
      await system.engine.enqueue([task], notify ? { tx: db, notify } : { tx: db })
      db.exec('COMMIT')
      const since = performance.now()
      await program.event('begin', (line) => line['id'] === id)
      const took = performance.now() - since
      assert.ok(took <= 1_000, `${id} began after ${took} ms`)
    }
    db.close()
  })
}

test('the wish to be noticed at once reaches the engine with the transaction', async (t) => {
  const { windlass, db, path } = await openShop(t, [ship])
  const engine = await openEngine(`sqlite:${path}`)
  const asked: unknown[] = []
  const enqueue = engine.enqueue.bind(engine)
  engine.enqueue = (tasks, options = {}) => {
    asked.push([tasks.length, options.tx === db, options.notify])
    return enqueue(tasks, options)
  }
  const client = clientOn(engine, { list: [ship] })
  db.exec('BEGIN IMMEDIATE')
  await client.enqueue(ship, { order: 'o1' }, { tx: db, notify: true })
  await client.enqueueMany(ship, [{ order: 'o2' }, { order: 'o3' }], { tx: db, notify: true })
  await client.enqueue(ship, { order: 'o4' }, { tx: db })
  db.exec('COMMIT')
  assert.deepEqual(asked, [
    [1, true, true],
    [2, true, true],
    [1, true, false],
  ])
  const wrong = { tx: db, notify: 'yes' as unknown as boolean }
  await assert.rejects(windlass.enqueue(ship, { order: 'o5' }, wrong), { code: 'invalid_option' })
  await client.close()
  await engine.close()
})

test("a stranger's open transaction delays a call and not the process", async (t) => {
  const { db, path } = await openShop(t)
  const engine = await openEngine(`sqlite:${path}`, { callTimeout: 300 })
  const client = clientOn(engine, { deadline: 400, list: [ship] })
  db.exec('BEGIN IMMEDIATE')
  const since = performance.now()
  let turns = 0
  const timer = setInterval(() => turns++, 10)
  await assert.rejects(client.enqueue(ship, { order: 'o1' }), { code: 'engine_busy', applied: 'no' })
  clearInterval(timer)
  const took = performance.now() - since
  assert.ok(took < 5_000, `gave up after ${took} ms`)
  assert.ok(turns >= 5, `the event loop came round ${turns} times in ${took} ms`)
  const own = new DatabaseSync(path)
  own.exec('BEGIN')
  await assert.rejects(client.enqueue(ship, { order: 'o1' }, { tx: own }), {
    code: 'engine_busy',
    applied: 'no',
  })
  own.exec('ROLLBACK')
  db.exec('ROLLBACK')
  assert.equal((await client.enqueue(ship, { order: 'o1' })).outcome, 'created')
  own.close()
  await client.close()
  await engine.close()
})
