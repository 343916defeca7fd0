// Brings a store to the newest schema: numbered migrations, each applied once, raced safely by any number of
// processes. Each inserts its number first, under the write lock, so that the loser of a race finds it taken.

import { mintToken } from '../../core/ids.ts'
import { refuseNewer } from '../sql/schema-version.ts'
import type { Connection } from './connection.ts'
import { isMissingTable } from './failure.ts'
import { START } from './migrations/0001-start.ts'
import { untilFree } from './until-free.ts'

/** In order; the version of a schema is how many of them it has. Append only. */
const MIGRATIONS: readonly string[] = [START]

/** The schema that this program writes and reads. */
export const SCHEMA_VERSION = MIGRATIONS.length

/** Version of the store; 0: nothing there yet. */
export function schemaVersion(connection: Connection): number {
  try {
    return Number(connection.get('SELECT max(version) FROM windlass_migrations')?.[0] ?? 0)
  } catch (error) {
    if (isMissingTable(error)) return 0
    throw error
  }
}

/**
 * Brings the store to the newest schema; waits for others that do the same.
 * @param patience how long to wait for the write lock, in ms
 */
export function migrate(
  connection: Connection,
  now: number,
  patience: number,
): Promise<{ from: number; to: number }> {
  return untilFree(patience, () => {
    try {
      return migrateNow(connection, now)
    } finally {
      if (connection.db.isTransaction) connection.run('ROLLBACK')
    }
  })
}

function migrateNow(connection: Connection, now: number): { from: number; to: number } {
  // Most of the time there is nothing to do, and nobody's write lock to wait for.
  const from = schemaVersion(connection)
  refuseNewer(from, SCHEMA_VERSION)
  if (from === SCHEMA_VERSION) return { from, to: from }
  connection.run('BEGIN IMMEDIATE')
  const versions = applyMigrations(connection, now)
  connection.run('COMMIT')
  return versions
}

function applyMigrations(connection: Connection, now: number): { from: number; to: number } {
  connection.exec(
    'CREATE TABLE IF NOT EXISTS windlass_migrations (version INTEGER PRIMARY KEY, at INTEGER NOT NULL) STRICT',
  )
  const from = schemaVersion(connection)
  refuseNewer(from, SCHEMA_VERSION)
  for (const [i, sql] of MIGRATIONS.entries()) {
    if (i < from) continue
    connection.run('INSERT INTO windlass_migrations VALUES (?, ?)', i + 1, now)
    connection.exec(sql)
  }
  if (from === 0) {
    connection.run("INSERT INTO windlass_store VALUES ('instance', ?)", mintToken())
  }
  return { from, to: SCHEMA_VERSION }
}

/** The id drawn at the first migration. */
export function readInstance(connection: Connection): string {
  return String(connection.get("SELECT value FROM windlass_store WHERE key = 'instance'")?.[0] ?? '')
}
