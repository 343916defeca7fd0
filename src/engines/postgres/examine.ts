// What PostgreSQL tells of itself to whoever looks for illness: version, connections, the oldest transaction, dead rows.
// Reads statistics only. Sessions of other users are seen as far as the rights of this one reach.

import type { EngineFacts } from '../../core/engine-facts.ts'
import { OLDEST } from './server-version.ts'
import type { Store } from './store.ts'

const SERVER = `SELECT current_setting('server_version'),
  (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend')::int,
  (current_setting('max_connections')::int - current_setting('superuser_reserved_connections')::int)`

const TRANSACTION = `SELECT (extract(epoch FROM clock_timestamp() - xact_start) * 1000)::bigint,
  pid, coalesce(nullif(application_name, ''), usename::text, backend_type)
  FROM pg_stat_activity
  WHERE datname = current_database() AND xact_start IS NOT NULL AND pid <> pg_backend_pid()
    AND backend_type = 'client backend'
  ORDER BY xact_start LIMIT 1`

const ROWS = `SELECT coalesce(sum(n_live_tup), 0)::bigint, coalesce(sum(n_dead_tup), 0)::bigint
  FROM pg_stat_user_tables WHERE schemaname = $1`

/** Asks the server. */
export async function examine(store: Store): Promise<EngineFacts> {
  const { connections, maxOverflow, schema } = store.options
  const first = async (sql: string, params: readonly string[] = []) =>
    (await store.once(sql, params)).rows[0] ?? null
  const server = (await first(SERVER)) ?? []
  const oldest = await first(TRANSACTION)
  const rows = (await first(ROWS, [schema])) ?? []
  const { used, waiting } = store.pool.counts
  return {
    product: 'PostgreSQL',
    version: String(server[0]).split(' ')[0] ?? '0',
    oldest: String(OLDEST),
    connections: { used: Number(server[1]), limit: Number(server[2]) },
    pool: { most: connections + maxOverflow, inUse: used, waiting },
    transaction:
      oldest === null
        ? null
        : { age: Number(oldest[0]), who: `${String(oldest[2])} (pid ${Number(oldest[1])})` },
    rows: { live: Number(rows[0]), dead: Number(rows[1]) },
    memory: null,
  }
}
