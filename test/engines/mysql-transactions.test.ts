// Enqueue and settle inside the caller's transaction on MySQL or MariaDB: through connections of `mysql2` with promises
// and with callbacks, at the isolation that the server has by default and at the one that most programs set.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import mysql from 'mysql2'
import mysqlPromise from 'mysql2/promise'

import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'
import { newPlace, SERVER } from './mysql-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false

type Work = (tx: object) => Promise<void>

async function inTransaction(isolation: string, work: Work): Promise<void> {
  const client = await mysqlPromise.createConnection(SERVER ?? '')
  try {
    await client.query(`SET SESSION TRANSACTION ISOLATION LEVEL ${isolation}`)
    await client.beginTransaction()
    // A snapshot from before everything that happens meanwhile.
    await client.query('SELECT COUNT(*) FROM information_schema.tables')
    await work(client)
    await client.commit()
  } finally {
    client.destroy()
  }
}

async function withCallbacks(work: Work): Promise<void> {
  const client = mysql.createConnection(SERVER ?? '')
  const say = (sql: string): Promise<void> =>
    new Promise((resolve, reject) => {
      client.query(sql, (error) => (error === null ? resolve() : reject(error)))
    })
  try {
    await say('START TRANSACTION')
    await work(client)
    await say('COMMIT')
  } finally {
    client.destroy()
  }
}

const WAYS: Readonly<Record<string, (work: Work) => Promise<void>>> = {
  'promises, repeatable read': (work) => inTransaction('REPEATABLE READ', work),
  'promises, read committed': (work) => inTransaction('READ COMMITTED', work),
  callbacks: withCallbacks,
}

class RollBack extends Error {}

const place = skip === false ? newPlace() : null
let engine: MysqlEngine

before(async () => {
  if (place === null) return
  engine = await openMysql(place.url)
  await engine.migrate()
})
after(async () => {
  if (place === null) return
  await engine.close()
  await place.drop()
})

const stateOf = async (id: string): Promise<string | null> => {
  const [task] = await engine.records.get([id])
  return task?.state ?? null
}

async function start(): Promise<{ readonly task: TaskRecord; readonly claim: string }> {
  const session = newSession()
  const queue = mintToken()
  await engine.startSession([session])
  await engine.enqueue([newTask({ queue })])
  const request = { session: session.id, claimId: mintToken(), queues: [queue], limit: 1 }
  const [task] = (await engine.claim([request]))[0]?.tasks ?? []
  assert.ok(task?.claim)
  return { task, claim: task.claim }
}

for (const [name, way] of Object.entries(WAYS)) {
  test(`${name}: what is enqueued is there once the caller commits, not before`, { skip }, async () => {
    const unique = { key: mintToken(), for: null }
    const task = newTask({ unique, queue: mintToken(), group: 'some' })
    await way(async (tx) => {
      const [reply] = await engine.enqueue([task], { tx })
      assert.equal(reply?.outcome, 'created')
      assert.deepEqual(await engine.enqueue([task], { tx }), [{ ...reply, outcome: 'existing' }])
      const [other] = await engine.enqueue([newTask({ unique })], { tx })
      assert.deepEqual([other?.outcome, other?.id], ['duplicate', task.id])
      assert.equal(await stateOf(task.id), null)
    })
    assert.equal(await stateOf(task.id), 'ready')
  })

  test(`${name}: a rollback takes it back`, { skip }, async () => {
    const task = newTask()
    const work = way(async (tx) => {
      await engine.enqueue([task], { tx })
      throw new RollBack()
    })
    await assert.rejects(work, RollBack)
    assert.equal(await stateOf(task.id), null)
    assert.equal((await engine.enqueue([task]))[0]?.outcome, 'created')
  })

  test(`${name}: what was committed after the caller began is known`, { skip }, async () => {
    const unique = { key: mintToken(), for: null }
    const [known, holder] = [newTask(), newTask({ unique })]
    await way(async (tx) => {
      await engine.enqueue([known, holder])
      const replies = await engine.enqueue([known, newTask({ unique })], { tx })
      assert.deepEqual(
        replies.map(({ outcome, id }) => [outcome, id]),
        [
          ['existing', known.id],
          ['duplicate', holder.id],
        ],
      )
    })
  })

  test(`${name}: nobody else waits for the caller's commit`, { skip }, async () => {
    await way(async (tx) => {
      const mine = [newTask({ minted: true }), newTask({ unique: { key: mintToken(), for: null } })]
      await engine.enqueue(mine, { tx })
      const others = [
        newTask({ minted: true }),
        ...['0', 'z'].map((first) => newTask({ id: `${first}${mintToken()}` })),
        ...['0', 'z'].map((first) => newTask({ unique: { key: `${first}${mintToken()}`, for: null } })),
      ]
      const since = performance.now()
      for (const task of others) assert.equal((await engine.enqueue([task]))[0]?.outcome, 'created')
      await engine.sweep({
        session: null,
        every: 0,
        declare: false,
        extend: false,
        grace: 0,
        limit: 100,
        cursor: null,
        keepCount: 1_000,
        keepBytes: null,
      })
      assert.ok(performance.now() - since < 900, 'less than the wait for a lock')
    })
  })

  test(`${name}: a settlement and its follow-up commit with the caller`, { skip }, async () => {
    const { task, claim } = await start()
    const child = newTask()
    const line = { at: 1, level: 'info' as const, message: 'bye' }
    const settlement = {
      id: task.id,
      claim,
      guard: 'claim' as const,
      outcome: outcomes.succeed('1'),
      followUps: [child],
      logs: [line],
    }
    await way(async (tx) => {
      await engine.report([{ id: task.id, claim, progress: null, logs: [{ ...line, message: 'hi' }] }])
      const [reply] = await engine.settle([settlement], { tx })
      assert.deepEqual([reply?.status, reply?.followUps[0]?.outcome], ['applied', 'created'])
      assert.equal(await stateOf(task.id), 'running')
    })
    assert.deepEqual([await stateOf(task.id), await stateOf(child.id)], ['succeeded', 'ready'])
    assert.equal((await engine.settle([settlement]))[0]?.status, 'already')
    const { lines } = await engine.journal.logs(task.id, null, 10)
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['hi', 'bye'],
    )
  })
}

test('what is not in a transaction is refused, and nothing is changed', { skip }, async () => {
  const client = await mysqlPromise.createConnection(SERVER ?? '')
  const pool = mysqlPromise.createPool(SERVER ?? '')
  const task = newTask()
  const refused = { code: 'invalid_option', applied: 'no' }
  try {
    for (const tx of [client, pool, {}]) await assert.rejects(engine.enqueue([task], { tx }), refused)
  } finally {
    await client.end()
    await pool.end()
  }
  assert.equal(await stateOf(task.id), null)
})

test('a session whose texts could be cut or misread is refused', { skip }, async () => {
  const client = await mysqlPromise.createConnection(SERVER ?? '')
  try {
    for (const mode of ['', 'STRICT_ALL_TABLES,NO_BACKSLASH_ESCAPES']) {
      await client.query('SET SESSION sql_mode = ?', [mode])
      await client.beginTransaction()
      await assert.rejects(engine.enqueue([newTask()], { tx: client }), {
        code: 'invalid_option',
        applied: 'no',
      })
      await client.rollback()
    }
  } finally {
    await client.end()
  }
})

test('a transaction on another store is refused and stays usable', { skip }, async () => {
  const other = newPlace()
  const elsewhere = await openMysql(other.url)
  await elsewhere.migrate()
  const client = await mysqlPromise.createConnection(SERVER ?? '')
  try {
    await client.query(`CREATE DATABASE IF NOT EXISTS windlass_${other.prefix.slice(-12)}`)
    await client.query(`USE windlass_${other.prefix.slice(-12)}`)
    await client.beginTransaction()
    await assert.rejects(elsewhere.enqueue([newTask()], { tx: client }), {
      code: 'invalid_option',
      applied: 'no',
    })
    assert.deepEqual((await client.query('SELECT 1 AS one'))[0], [{ one: 1 }])
    await client.commit()
  } finally {
    await client.query(`DROP DATABASE IF EXISTS windlass_${other.prefix.slice(-12)}`)
    await client.end()
    await elsewhere.close()
    await other.drop()
  }
})
