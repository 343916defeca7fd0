// Brings a store to the newest schema: numbered migrations, each applied once, under a lock of the server, so that any
// number of processes may race. This server commits at every statement that makes a table, so each statement may be
// repeated, and a version counts when all before it is there. A store of a newer schema is refused and not touched.

import { WindlassError } from '../../core/errors.ts'
import { digestOf, mintToken } from '../../core/ids.ts'
import { MIGRATION_TIMEOUT, refuseNewer } from '../sql/schema-version.ts'
import { notMigrated } from './failure.ts'
import { START } from './migrations/0001-start.ts'
import type { MySession } from './session.ts'
import { sql, words } from './statement.ts'
import { Store } from './store.ts'

/** In order; the version of a schema is how many of them it has. Append only. */
const MIGRATIONS: readonly (readonly string[])[] = [START]

/** The schema that this program writes and reads. */
const SCHEMA_VERSION = MIGRATIONS.length

const VERSION = words('SELECT COALESCE(MAX(version), 0) FROM @migrations')
const INSTANCE = words("SELECT value FROM @store WHERE `key` = 'instance'")
const VERSIONS = words(`CREATE TABLE IF NOT EXISTS @migrations
  (version INT PRIMARY KEY, at BIGINT NOT NULL) ENGINE=InnoDB`)

/** Version of the store; 0: nothing there yet. */
async function versionOf(session: MySession, store: Store): Promise<number> {
  const table = `${store.options.prefix}migrations`
  const { rows } = await session.query(
    sql`SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name = ${table}`,
  )
  return rows[0]?.[0] === 1 ? Number((await session.query(VERSION)).rows[0]?.[0]) : 0
}

/** The id of a store of this very schema; null: it has to be migrated. */
export function readInstance(store: Store): Promise<string | null> {
  return store.read(async (look) => {
    const version = await versionOf(look, store)
    refuseNewer(version, SCHEMA_VERSION)
    return version < SCHEMA_VERSION ? null : String((await look.query(INSTANCE)).rows[0]?.[0])
  })
}

/** Brings the store to the newest schema, as long as that takes; waits for others that do the same. */
export async function migrate(store: Store): Promise<{ from: number; to: number }> {
  const from = await store.read((look) => versionOf(look, store))
  refuseNewer(from, SCHEMA_VERSION)
  if (from === SCHEMA_VERSION) return { from, to: from }
  // On a connection with a limit of its own: what a call may take says nothing of a large store.
  const patient = new Store({
    ...store.options,
    callTimeout: MIGRATION_TIMEOUT,
    connections: 1,
    maxOverflow: 0,
  })
  try {
    return await patient.read((look) => migrateAlone(look, store))
  } finally {
    await patient.close()
  }
}

/** Migrates while nobody else does. */
async function migrateAlone(look: MySession, store: Store): Promise<{ from: number; to: number }> {
  const lock = `windlass ${digestOf([store.options.server.database, store.options.prefix])}`
  const { rows } = await look.query(sql`SELECT GET_LOCK(${lock}, ${MIGRATION_TIMEOUT / 1_000})`)
  if (rows[0]?.[0] !== 1)
    throw new WindlassError('engine_busy', 'another process migrates the store', { applied: 'no' })
  try {
    return await applyMigrations(look, store)
  } finally {
    await look.query(sql`SELECT RELEASE_LOCK(${lock})`)
  }
}

async function applyMigrations(look: MySession, store: Store): Promise<{ from: number; to: number }> {
  await look.query(VERSIONS)
  const from = await versionOf(look, store)
  refuseNewer(from, SCHEMA_VERSION)
  for (const [i, statements] of MIGRATIONS.entries()) {
    if (i < from) continue
    await look.queries(statements.map(words))
    if (i === 0)
      await look.query(
        sql`INSERT INTO @store (\`key\`, value) VALUES ('instance', ${mintToken()}) ON DUPLICATE KEY UPDATE value = value`,
      )
    await look.query(sql`INSERT INTO @migrations (version, at) VALUES (${i + 1}, ${look.now})`)
  }
  if (from === 0 && (await look.query(INSTANCE)).count === 0) throw notMigrated()
  return { from, to: SCHEMA_VERSION }
}
