// Brings a store to the newest schema: numbered migrations, each applied once, under a lock of the transaction, so that
// any number of processes may race. A store of a newer schema is refused and not touched.

import { mintToken } from '../../core/ids.ts'
import { MIGRATION_TIMEOUT, refuseNewer } from '../sql/schema-version.ts'
import { START } from './migrations/0001-start.ts'
import { checkServerVersion } from './server-version.ts'
import type { PgSession } from './session.ts'
import { Store } from './store.ts'

/** In order; the version of a schema is how many of them it has. Append only. */
const MIGRATIONS: readonly string[] = [START]

/** The schema that this program writes and reads. */
const SCHEMA_VERSION = MIGRATIONS.length

const SERVER = "SELECT current_setting('server_version_num')::int"
const EXISTS = "SELECT to_regclass('@migrations') IS NOT NULL"
const VERSION = 'SELECT coalesce(max(version), 0) FROM @migrations'
const INSTANCE = "SELECT value FROM @store WHERE key = 'instance'"
const VERSIONS = 'CREATE TABLE IF NOT EXISTS @migrations (version int PRIMARY KEY, at bigint NOT NULL)'
const LOCK = "SELECT pg_advisory_xact_lock(hashtextextended('@migrations', 4))"

/** Version of the store; 0: nothing there yet. */
async function versionOf(session: PgSession): Promise<number> {
  const [known] = await session.all(EXISTS, [])
  if (known?.[0] !== true) return 0
  return Number((await session.all(VERSION, []))[0]?.[0] ?? 0)
}

/**
 * The id of a store of this very schema; null: it has to be migrated.
 * @throws WindlassError `engine_too_old`, `newer_schema`
 */
export function readInstance(store: Store): Promise<string | null> {
  return store.read(async (look) => {
    checkServerVersion(Number((await look.all(SERVER, []))[0]?.[0]))
    const version = await versionOf(look)
    refuseNewer(version, SCHEMA_VERSION)
    return version < SCHEMA_VERSION ? null : String((await look.all(INSTANCE, []))[0]?.[0])
  })
}

/** Brings the store to the newest schema, as long as that takes; waits for others that do the same. */
export async function migrate(store: Store): Promise<{ from: number; to: number }> {
  const from = await store.read(versionOf)
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
    return await patient.write(async (unit) => {
      await unit.run(`SET LOCAL lock_timeout = ${MIGRATION_TIMEOUT}`, [])
      await unit.run(LOCK, [])
      await unit.run(`CREATE SCHEMA IF NOT EXISTS ${store.options.schema}`, [])
      await unit.run(VERSIONS, [])
      return applyMigrations(unit)
    })
  } finally {
    await patient.close()
  }
}

async function applyMigrations(unit: PgSession): Promise<{ from: number; to: number }> {
  const from = await versionOf(unit)
  refuseNewer(from, SCHEMA_VERSION)
  for (const [i, sql] of MIGRATIONS.entries()) {
    if (i < from) continue
    await unit.run(sql, [])
    await unit.run('INSERT INTO @migrations VALUES (?, ?)', [i + 1, unit.now])
  }
  if (from === 0) await unit.run("INSERT INTO @store VALUES ('instance', ?)", [mintToken()])
  return { from, to: SCHEMA_VERSION }
}
