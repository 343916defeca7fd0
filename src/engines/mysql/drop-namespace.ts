// Removes the tables of one namespace; other namespaces in the database are not touched.

import { parseMysqlAddress, prefixOf } from './address.ts'
import { connect } from './connection.ts'
import { TABLES } from './migrations/0001-start.ts'
import { words } from './statement.ts'

const TIMEOUT = 30_000

/** Nothing may have the namespace open. */
export async function dropNamespace(url: string, namespace: string): Promise<void> {
  const { server, namespace: named } = parseMysqlAddress(url, namespace)
  const connection = await connect({
    server,
    name: 'windlass:drop',
    timeout: TIMEOUT,
    prefix: prefixOf(named),
  })
  try {
    await connection.send([words(`DROP TABLE IF EXISTS ${TABLES.map((table) => `@${table}`).join(', ')}`)])
  } finally {
    await connection.end()
  }
}
