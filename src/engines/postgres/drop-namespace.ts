// Removes the schema of one namespace; other namespaces in the database are not touched.

import { parsePostgresAddress, schemaOf } from './address.ts'
import { connect } from './connection.ts'

const TIMEOUT = 30_000

/** Nothing may have the namespace open. */
export async function dropNamespace(url: string, namespace: string): Promise<void> {
  const { url: server, bouncer } = parsePostgresAddress(url, namespace)
  const connection = await connect({
    url: server,
    name: 'windlass:drop',
    direct: !bouncer,
    timeout: TIMEOUT,
  })
  try {
    await connection.send(`DROP SCHEMA IF EXISTS ${schemaOf(namespace)} CASCADE`, [], false)
  } finally {
    await connection.end()
  }
}
