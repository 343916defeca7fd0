// The plans of all statements: none walks through all tasks, whatever the store holds and whether it was analysed.
// Collects the statements from the verbs themselves, so that a new one cannot be forgotten.

import assert from 'node:assert/strict'
import { after, before, mock, test } from 'node:test'

import type { SweepRequest } from '../../core/hot-verbs.ts'
import { newSession, newTask, outcomes } from '../../testing/samples.ts'
import { Connection } from './connection.ts'
import { openSqlite, type SqliteEngine } from './sqlite-engine.ts'

const SWEEP: SweepRequest = {
  session: null,
  every: 0,
  declare: true,
  extend: false,
  grace: 0,
  limit: 10,
  cursor: null,
  keepCount: 1,
  keepBytes: 1,
}

const statements = new Set<string>()
const connections = new Set<Connection>()
let engine: SqliteEngine

before(async () => {
  const { mock: seen } = mock.method(Connection.prototype, 'statement')
  engine = await openSqlite({ path: ':memory:', synchronous: 'full', namespace: 'windlass' })
  await engine.migrate()
  await useEveryVerb()
  for (const call of seen.calls) {
    statements.add(call.arguments[0])
    connections.add(call.this as Connection)
  }
})

after(async () => {
  mock.restoreAll()
  await engine.close()
})

async function useEveryVerb(): Promise<void> {
  const session = newSession()
  await engine.startSession([session])
  await engine.enqueue([
    newTask({ id: 'a', unique: { key: 'k', for: null }, group: 'g', parentId: 'p', tags: ['t'] }),
    newTask({ id: 'later', due: { after: 60_000 } }),
    newTask({ id: 'brief', expires: { after: 0 } }),
    ...Array.from({ length: 200 }, (_, i) => newTask({ minted: true, priority: i % 3, queue: `q${i % 4}` })),
  ])
  for (const queues of [null, ['default']]) {
    const [reply] = await engine.claim([
      { session: session.id, claimId: `c${String(queues)}`, queues, limit: 50 },
    ])
    const held = (reply?.tasks ?? []).map((task) => ({ id: task.id, claim: task.claim ?? '' }))
    await engine.report(
      held.slice(0, 1).map((one) => ({ ...one, progress: { percent: 1, message: null, at: 0 }, logs: [] })),
    )
    await engine.heartbeat([
      {
        session: session.id,
        renew: true,
        held: { count: 0, hash: 0, list: held },
        unclaimedAfter: 0,
        draining: false,
      },
    ])
    const ends = [outcomes.succeed('1'), outcomes.retry(), outcomes.die()]
    const logs = [{ at: 0, level: 'info', message: 'm' }] as const
    await engine.settle(
      held.slice(0, 40).map((one, i) => ({
        ...one,
        guard: 'claim',
        outcome: ends[i % 3] ?? outcomes.release(),
        followUps: [],
        logs,
      })),
    )
  }
  await engine.sweep(SWEEP)
  await readEverything()
  for (const verb of ['cancel', 'requeue', 'delete'] as const) await engine.records.act([{ verb, id: 'a' }])
  await engine.records.act([{ verb: 'reprioritise', id: 'later', priority: 3 }])
  await engine.endSession([{ session: session.id, cause: 'stopped', culprits: null }])
  await engine.sweep({ ...SWEEP, extend: true })
}

async function readEverything(): Promise<void> {
  const page = { limit: 5, cursor: null }
  for (const filter of [
    {},
    { queue: 'q1' },
    { type: 'sample' },
    { group: 'g' },
    { parentId: 'p' },
    { createdFrom: 1 },
  ]) {
    await engine.records.find({ ...page, ...filter })
  }
  await engine.records.stats(null)
  await engine.records.ahead(['a'])
  await engine.records.changes(0, 5)
  await engine.records.sessions({ state: 'live', host: null })
  await engine.journal.attempts(['a'])
  await engine.journal.logs('a', null, 5)
}

function planOf(sql: string): string[] {
  const [connection] = connections
  if (connection === undefined) throw new Error('no statement was collected')
  return connection.db
    .prepare(`EXPLAIN QUERY PLAN ${sql}`)
    .all()
    .map((row) => String(row['detail']))
}

/** Steps of a plan that would cost more the more tasks there are. */
function costly(sql: string): string[] {
  const plan = planOf(sql)
  const scans = plan.filter((step) =>
    /^SCAN (s|t|windlass_(states|tasks|changes|journal|logs|attempts))\b(?! USING)/.test(step),
  )
  const sorts = plan.filter((step) => step.startsWith('USE TEMP B-TREE'))
  // Running tasks are few; they may be sorted. The oldest row of a table is the first one of a scan.
  const few = /state = 2/.test(sql) || sql.endsWith('ORDER BY first LIMIT 1')
  return few ? [] : [...scans, ...sorts]
}

test('no statement walks through all tasks, or sorts them', () => {
  assert.ok(statements.size > 60, `${statements.size} statements were seen`)
  const found = [...statements].flatMap((sql) => costly(sql).map((step) => `${step}: ${sql}`))
  assert.deepEqual(found, [])
})

test('nor does one after ANALYZE', () => {
  for (const connection of connections) connection.exec('ANALYZE')
  const found = [...statements].flatMap((sql) => costly(sql).map((step) => `${step}: ${sql}`))
  assert.deepEqual(found, [])
})
