// The PostgreSQL engine: the contract on a schema of a server that any number of processes share, directly or through
// a bouncer. What every SQL engine does is in engines/sql; what each verb says to this server is in the file named after
// it, and how the server is reached is in store.ts.

import type { EngineOptions } from '../../core/engine.ts'
import { DEFAULTS, LIMITS } from '../../core/limits.ts'
import { connectionName } from '../sql/connection-name.ts'
import { opened, SqlEngine, type ServerWays } from '../sql/sql-engine.ts'
import { Watchers } from '../sql/watchers.ts'
import { formatPostgresAddress, parsePostgresAddress, schemaOf } from './address.ts'
import { runInTransaction } from './caller-transaction.ts'
import { claim } from './claim.ts'
import { readDurability } from './durability.ts'
import { enqueue } from './enqueue.ts'
import { examine } from './examine.ts'
import { closedError, notMigrated } from './failure.ts'
import { heartbeat, report } from './heartbeat.ts'
import { Listener } from './listener.ts'
import { migrate, readInstance } from './migrate.ts'
import { RECORDS } from './record-reads.ts'
import type { PgSession } from './session.ts'
import { settle } from './settle.ts'
import { Store } from './store.ts'
import { SWEEP } from './sweep.ts'
import { UNITS } from './task-unit.ts'

/** What the PostgreSQL engine can be opened with. */
export interface PostgresOptions extends EngineOptions {
  /** `heart`: one connection of its own, so that no load of others keeps a heartbeat waiting. */
  readonly role: 'hot' | 'heart'
  /** Changes that a sweep leaves. */
  readonly changesKept: number
}

export type PostgresEngine = SqlEngine<Store, PgSession>

const POOL = 4
const OVERFLOW = 4
const NOTIFY = 'SELECT pg_notify($1, $2)'

const WAYS: ServerWays<Store, PgSession> = {
  units: UNITS,
  records: RECORDS,
  sweep: SWEEP,
  readInstance,
  migrate,
  readDurability,
  examine,
  enqueue,
  claim,
  settle,
  report,
  heartbeat,
  runInTransaction,
  // Told when the caller commits: the server keeps it until then.
  announceIn: async (store, unit) => {
    await unit.query(NOTIFY, [store.options.schema, '["",[["work",null]]]'])
  },
  notMigrated,
  closedError,
}

/**
 * Opens a store. Does not migrate.
 * @throws WindlassError `engine_url_invalid`, `engine_unreachable`, `engine_too_old`, `newer_schema`
 */
export async function openPostgres(
  url: string,
  given: Partial<PostgresOptions> = {},
): Promise<PostgresEngine> {
  const address = parsePostgresAddress(url, given.namespace ?? 'windlass')
  const callTimeout = given.callTimeout ?? DEFAULTS.callTimeout
  const heart = given.role === 'heart'
  const name = connectionName(given)
  const schema = schemaOf(address.namespace)
  const store: Store = new Store({
    url: address.url,
    schema,
    bouncer: address.bouncer,
    now: given.now ?? null,
    callTimeout,
    name,
    changesKept: given.changesKept ?? LIMITS.changes,
    // What the address says wins.
    connections: heart ? 1 : (address.pool ?? given.pool?.size ?? POOL),
    maxOverflow: heart ? 0 : (address.maxOverflow ?? given.pool?.maxOverflow ?? OVERFLOW),
    poolTimeout: address.poolTimeout ?? given.pool?.timeout ?? callTimeout,
    announce: (hints) => listener.announce(hints),
    committed: (hints, announced = false) => {
      watchers.tell(hints)
      listener.committed(hints, announced)
    },
  })
  const listener: Listener = new Listener(`${address.url} ${schema}`, {
    url: address.direct ?? (address.bouncer ? null : address.url),
    schema,
    name,
    timeout: callTimeout,
    tell: (hints) => watchers.tell(hints),
    notify: (channel, text) => store.once(NOTIFY, [channel, text]),
  })
  const watchers = new Watchers(listener)
  return opened(
    new SqlEngine(WAYS, {
      name: 'postgres',
      address: formatPostgresAddress(address),
      store,
      watchers,
      end: async () => {
        listener.close()
        await store.close()
      },
    }),
  )
}
