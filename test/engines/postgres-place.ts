// A namespace of its own on the test server, for each store that a test opens; dropped afterwards.

import pg from 'pg'

import { mintToken } from '../../src/core/ids.ts'

/** The server to test on; null: there is none here. */
export const SERVER: string | null = process.env['WINDLASS_TEST_POSTGRES_URL'] ?? null

export interface Place {
  readonly url: string
  readonly schema: string
  /** Runs a statement beside the engine; `@name` is a table of the namespace. */
  run(sql: string): Promise<void>
  /** Removes everything of the namespace. */
  drop(): Promise<void>
}

/** Draws a fresh namespace. */
export function newPlace(parameters: Readonly<Record<string, string>> = {}): Place {
  const namespace = `t${mintToken().slice(0, 20)}`
  const schema = `windlass_${namespace}`
  const url = new URL(SERVER ?? '')
  url.searchParams.set('namespace', namespace)
  for (const [key, value] of Object.entries(parameters)) url.searchParams.set(key, value)
  const run = (sql: string): Promise<void> => runOn(sql.replace(/@(\w+)/g, `${schema}.$1`))
  return { url: url.href, schema, run, drop: () => run(`DROP SCHEMA IF EXISTS ${schema} CASCADE`) }
}

/** One statement on a connection of its own. */
async function runOn(sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: SERVER ?? '' })
  await client.connect()
  try {
    await client.query(sql)
  } finally {
    await client.end()
  }
}
