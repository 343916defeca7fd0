// A namespace of its own on the test server, for each store that a test opens; dropped afterwards.

import mysql from 'mysql2/promise'

import { prefixOf } from '../../src/engines/mysql/address.ts'
import { wordsWith } from '../../src/engines/mysql/connection.ts'
import { dropNamespace } from '../../src/engines/mysql/drop-namespace.ts'
import { mintToken } from '../../src/core/ids.ts'

/** The server to test on; null: there is none here. */
export const SERVER: string | null = process.env['WINDLASS_TEST_MYSQL_URL'] ?? null

export interface Place {
  readonly url: string
  readonly prefix: string
  /** Runs a statement beside the engine; `@name` is a table of the namespace. */
  run(sql: string): Promise<void>
  /** Removes everything of the namespace. */
  drop(): Promise<void>
}

/** Draws a fresh namespace. */
export function newPlace(parameters: Readonly<Record<string, string>> = {}): Place {
  const namespace = `t${mintToken().slice(0, 20)}`
  const prefix = prefixOf(namespace)
  const url = new URL(SERVER ?? '')
  url.searchParams.set('namespace', namespace)
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value)
  return {
    url: url.href,
    prefix,
    run: (sql) => runOn(wordsWith(prefix, sql)),
    drop: () => dropNamespace(url.href, namespace),
  }
}

/** A connection of somebody else. */
function connectBeside(): Promise<mysql.Connection> {
  return mysql.createConnection(SERVER ?? '')
}

async function runOn(sql: string): Promise<void> {
  const client = await connectBeside()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
