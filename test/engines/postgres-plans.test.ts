// The plans of the hot statements on PostgreSQL, pinned: no scan of a table of tasks and no join that grows with the
// square of a batch, at batches of 1 to 1,000, with fresh statistics and none, generic and custom plans.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'

import pg from 'pg'

import { CLAIM_MERGED, CLAIM_ORDERED } from '../../src/engines/postgres/claim-statements.ts'
import { PLANNING } from '../../src/engines/postgres/connection.ts'
import { PLAIN } from '../../src/engines/postgres/enqueue.ts'
import { openPostgres, type PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts'
import { SUCCEED } from '../../src/engines/postgres/settle.ts'
import { mintToken } from '../../src/core/ids.ts'
import { newSession, newTask } from '../../src/testing/samples.ts'
import { newPlace, SERVER } from './postgres-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' : false
const place = skip === false ? newPlace() : null
const BACKLOG = 6_000
const session = newSession()
let engine: PostgresEngine
let client: pg.Client

before(async () => {
  if (place === null) return
  engine = await openPostgres(place.url)
  await engine.migrate()
  await engine.startSession([session])
  for (let i = 0; i < BACKLOG / 1_000; i++)
    await engine.enqueue(Array.from({ length: 1_000 }, () => newTask({ minted: true })))
  client = new pg.Client({ connectionString: SERVER ?? '' })
  await client.connect()
})
after(async () => {
  if (place === null) return
  await engine.close()
  await client.end()
  await place.drop()
})

/** The plan of a statement with these values, as text; what it did is rolled back. */
async function planOf(
  sql: string,
  values: readonly (string | number | null)[],
  mode: string,
): Promise<string> {
  const own = sql.replace(/@(\w+)/g, `${place?.schema}.$1`)
  const shown = values.map((value) => (value === null ? 'null' : `'${value}'`)).join(', ')
  await client.query('BEGIN')
  try {
    for (const setting of PLANNING) await client.query(`SET LOCAL ${setting}`)
    await client.query(`SET LOCAL plan_cache_mode = ${mode}`)
    await client.query(`PREPARE hot AS ${own}`)
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(
      `EXPLAIN (ANALYZE, TIMING OFF, BUFFERS OFF) EXECUTE hot(${shown})`,
    )
    return rows.map((row) => row['QUERY PLAN']).join('\n')
  } finally {
    await client.query('ROLLBACK')
    await client.query('DEALLOCATE ALL')
  }
}

function array(values: readonly (string | number | null)[]): string {
  return `{${values.map((value) => (value === null ? 'NULL' : `"${value}"`)).join(',')}}`
}

/** Neither a scan of a table of tasks, nor rows thrown away by a join. */
function assertLean(plan: string, batch: number): void {
  assert.doesNotMatch(plan, /Seq Scan on (?:tasks|finished)/)
  assert.doesNotMatch(plan, /JIT/)
  for (const [, rows] of plan.matchAll(/Rows Removed by (?:Join )?Filter: (\d+)/g))
    assert.ok(Number(rows) <= 4 * batch + 100, `${rows} rows were looked at in vain:\n${plan}`)
}

/** @param bound null: the statement takes none */
function claimOf(queues: string | null, bound: number | null, limit: number): (string | number | null)[] {
  const bounds = bound === null ? [] : bound > 0 ? ['{default}', '{0}', `{${bound}}`] : ['{}', '{}', '{}']
  return [null, session.id, mintToken(), queues, limit, 0, 0, 0, ...bounds]
}

async function settleOf(batch: number, alike: boolean): Promise<(string | number | null)[]> {
  // The rows as a claim of them would leave them; taken back with the rest.
  const { rows } = await client.query<{ id: string; tid: string }>(
    `SELECT id, ctid::text AS tid FROM ${place?.schema}.tasks WHERE state = 1 ORDER BY place LIMIT ${batch}`,
  )
  const ids = array(rows.map(({ id }) => id))
  const all = (value: string | number): string => array(rows.map(() => value))
  const tids = array(rows.map(({ tid }) => tid))
  const shape = ['c', 1, 1]
  return [null, tids, ids, all('null'), ...(alike ? shape : shape.map(all)), batch, '[]', 'plans', 'word']
}

function enqueueOf(batch: number, alike: boolean): (string | number | null)[] {
  const all = (value: string | number | null): string => array(Array.from({ length: batch }, () => value))
  const ids = array(Array.from({ length: batch }, () => mintToken()))
  const shape = [0, null, 'default', 't', 0, null, null, 1, null, 'client', '', null, 1_000]
  const columns = alike ? shape : shape.map(all)
  return [null, ids, all('d'), all('{}'), ...columns, batch, '[]', 'plans', 'word']
}

for (const mode of ['force_generic_plan', 'force_custom_plan']) {
  for (const statistics of ['none', 'fresh']) {
    for (const batch of [1, 10, 100, 1_000]) {
      test(`${batch} at once, ${mode}, statistics ${statistics}`, { skip }, async () => {
        if (statistics === 'fresh')
          await client.query(`ANALYZE ${place?.schema}.tasks, ${place?.schema}.finished`)
        for (const bound of [0, 1_024, null]) {
          const which = bound === null ? 'whole' : 'bounded'
          const ordered = await planOf(CLAIM_ORDERED[which], claimOf('{default}', bound, batch), mode)
          assert.match(ordered, /LockRows.*\n *->  Index Scan using tasks_ready/)
          assert.match(ordered, /Tid Scan on tasks/)
          assertLean(ordered, batch)
          assertLean(await planOf(CLAIM_MERGED[which], claimOf(null, bound, batch), mode), batch)
        }
        for (const [sql, alike] of [
          [SUCCEED.alike, true],
          [SUCCEED.mixed, false],
        ] as const) {
          const settled = await planOf(sql, await settleOf(batch, alike), mode)
          // One look by its place for each of what is listed, and nothing else of the table.
          assert.match(
            settled,
            /Nested Loop.*\n *->  Function Scan on (?:unnest )?u.*\n *->  Tid Scan on tasks/,
          )
          assert.doesNotMatch(settled, /(?:Hash|Merge) Join/)
          assertLean(settled, batch)
        }
        assertLean(await planOf(PLAIN.mixed, enqueueOf(batch, false), mode), batch)
        assertLean(await planOf(PLAIN.alike, enqueueOf(batch, true), mode), batch)
      })
    }
  }
}

/** Where a claim looks for tasks of this place, in the order of its plan. */
async function looksOf(
  sql: string,
  schema: string,
  queues: string | null,
  bound: number | null,
): Promise<string[]> {
  await client.query('BEGIN')
  try {
    for (const setting of PLANNING) await client.query(`SET LOCAL ${setting}`)
    await client.query(`PREPARE kept AS ${sql.replace(/@(\w+)/g, `${schema}.$1`)}`)
    const given = claimOf(queues, bound, 100).map((value) => (value === null ? 'null' : `'${value}'`))
    const { rows } = await client.query<{ 'QUERY PLAN': string }>(`EXPLAIN EXECUTE kept(${given.join(', ')})`)
    const plan = rows.map((row) => row['QUERY PLAN']).join('\n')
    return [...plan.matchAll(/Scan (?:using (tasks\w+) )?on tasks/g)].map(([, index = 'place']) => index)
  } finally {
    await client.query('ROLLBACK')
    await client.query('DEALLOCATE ALL')
  }
}

// A plan is kept while the table grows a thousandfold: reading an empty index from end to end would look cheap now, and
// later step over every dead row.
test('a claim reads the same indexes, whatever was there when it was planned', { skip }, async () => {
  const other = newPlace()
  const own = await openPostgres(other.url)
  const assertLooks = async (when: string): Promise<void> => {
    const { schema } = other
    const [due, running, ready, back] = ['tasks_due', 'tasks_running', 'tasks_ready', 'tasks_back']
    const ordered = await looksOf(CLAIM_ORDERED.bounded, schema, '{default}', 1_024)
    assert.deepEqual(ordered, [due, running, back, ready, 'place', ready, back], when)
    const merged = await looksOf(CLAIM_MERGED.bounded, schema, null, 1_024)
    assert.deepEqual(merged, [due, running, back, ready, back, ready, 'place', ready, back], when)
    const wholeOrdered = await looksOf(CLAIM_ORDERED.whole, schema, '{default}', null)
    assert.deepEqual(wholeOrdered, [due, running, ready, 'place', ready], when)
    const wholeMerged = await looksOf(CLAIM_MERGED.whole, schema, null, null)
    assert.deepEqual(wholeMerged, [due, running, ready, ready, 'place', ready], when)
  }
  try {
    await own.migrate()
    await own.startSession([session])
    await assertLooks('new')
    await other.run('ANALYZE @tasks')
    await assertLooks('known to be empty')
    await own.enqueue(Array.from({ length: 1_000 }, () => newTask({ minted: true })))
    await assertLooks('full')
    await other.run('ANALYZE @tasks')
    await assertLooks('known to be full')
    await other.run('DELETE FROM @tasks')
    await assertLooks('drained')
    await other.run('VACUUM ANALYZE @tasks')
    await assertLooks('known to be drained')
  } finally {
    await own.close()
    await other.drop()
  }
})
