// Who hears of new work on PostgreSQL, and how soon: other processes by the statement that commits it, and by a slow
// poll where nothing was told (a caller's transaction, or a bouncer between).

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { after, before, test } from 'node:test'
import { setTimeout as pause } from 'node:timers/promises'

import pg from 'pg'

import type { Hint } from '../../src/core/hot-verbs.ts'
import { openPostgres, type PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts'
import { newTask } from '../../src/testing/samples.ts'
import { newPlace, SERVER } from './postgres-place.ts'

const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' : false
const place = skip === false ? newPlace() : null
let engine: PostgresEngine
let client: pg.Client

before(async () => {
  if (place === null) return
  engine = await openPostgres(place.url)
  await engine.migrate()
  client = new pg.Client({ connectionString: SERVER ?? '' })
  await client.connect()
})
after(async () => {
  if (place === null) return
  await engine.close()
  await client.end()
  await place.drop()
})

test('the commit of a plain enqueue tells who listens which queue has work', { skip }, async () => {
  await client.query(`LISTEN ${place?.schema}`)
  const heard = once(client, 'notification')
  await engine.enqueue([newTask({ queue: 'mail', minted: true })])
  const [{ payload }] = (await heard) as [{ payload: string }]
  await client.query(`UNLISTEN ${place?.schema}`)
  assert.match(payload, /\["work",\["mail"\]\]/)
})

test('a watcher looks about once a second for what nobody told', { skip }, async () => {
  const other = await openPostgres(place?.url ?? '')
  const { promise, resolve } = Promise.withResolvers<Hint>()
  // The first word of a new watcher is that anything may have happened.
  const stop = other.watch((hint) => {
    if (hint.kind === 'work') resolve(hint)
  })
  try {
    await client.query('BEGIN')
    await engine.enqueue([newTask({ queue: 'mail' })], { tx: client })
    await client.query('COMMIT')
    const since = performance.now()
    await promise
    assert.ok(performance.now() - since < 3_000)
  } finally {
    stop()
    await other.close()
  }
})

test(
  'however often watching ends and begins again, one connection listens, and none after the end',
  {
    skip,
  },
  async () => {
    const listening = `SELECT count(*)::int AS count FROM pg_stat_activity WHERE query = 'LISTEN ${place?.schema}'`
    const count = async (): Promise<number> =>
      (await client.query<{ count: number }>(listening)).rows[0]?.count ?? -1
    const other = await openPostgres(place?.url ?? '')
    for (let i = 0; i < 10; i++) {
      const heard = Promise.withResolvers<Hint>()
      other.watch(() => undefined)()
      const stop = other.watch(heard.resolve)
      await heard.promise
      if (i === 9) assert.equal(await count(), 1)
      stop()
    }
    await other.close()
    while ((await count()) > 0) await pause(5)
  },
)
