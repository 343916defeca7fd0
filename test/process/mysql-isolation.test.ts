// Handlers in threads and processes of their own while the store is MySQL, also with transactions of their own.
import { test } from 'node:test'

import { judgeBooking, runIsolationCases } from './isolation-cases.ts'
import { settleMysql } from './server-places.ts'

const server = process.env['WINDLASS_TEST_MYSQL_URL']
const settle = server === undefined ? null : () => settleMysql(server)

const BOOKING = `
import { defineTask } from 'windlass'
import mysql from '${import.meta.resolve('mysql2/promise')}'

const book = async (_, ctx) => {
  const { attempt } = ctx
  const client = await mysql.createConnection(process.env.WINDLASS_ENGINE.split('?')[0])
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

runIsolationCases('mysql', settle)

const title = 'mysql: a transaction of the handler works in every isolation, also rolled back first'
if (settle === null) test(title, { skip: 'NOT PROVEN HERE: mysql' }, () => undefined)
else test(title, { timeout: 60_000 }, (t) => judgeBooking(t, settle, BOOKING))
