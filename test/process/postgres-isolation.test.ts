// Handlers in threads and processes of their own while the store is PostgreSQL, also with transactions of their own.
import { test } from 'node:test'

import { judgeBooking, runIsolationCases } from './isolation-cases.ts'
import { settlePostgres } from './server-places.ts'

const server = process.env['WINDLASS_TEST_POSTGRES_URL']
const settle = server === undefined ? null : () => settlePostgres(server)

const BOOKING = `
import { defineTask } from 'windlass'
import pg from '${import.meta.resolve('pg')}'

const book = async (_, ctx) => {
  const { attempt } = ctx
  const client = new pg.Client({ connectionString: process.env.WINDLASS_ENGINE })
  await client.connect()
  try {
    await client.query('BEGIN')
    await ctx.enqueue('echo', { attempt }, { id: 'with-' + ctx.id, tx: client })
    await ctx.complete({ attempt }, { tx: client })
    await client.query(attempt === 1 ? 'ROLLBACK' : 'COMMIT')
  } finally {
    await client.end()
  }
}
export const books = ['inline', 'thread', 'process'].map((isolation) =>
  defineTask({ name: isolation, isolation, run: book }),
)
export const echo = defineTask({ name: 'echo', run: () => null })
`

runIsolationCases('postgres', settle)

const title = 'postgres: a transaction of the handler works in every isolation, also rolled back first'
if (settle === null) test(title, { skip: 'NOT PROVEN HERE: postgres' }, () => undefined)
else test(title, { timeout: 60_000 }, (t) => judgeBooking(t, settle, BOOKING))
