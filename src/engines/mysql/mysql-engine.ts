// The MySQL engine: the contract on tables of a MySQL or MariaDB server that any number of processes share. What every
// SQL engine does is in engines/sql; what each verb says to this server is in the file named after it, and how the server
// is reached is in store.ts.

import type { EngineOptions } from '../../core/engine.ts'
import { DEFAULTS, LIMITS } from '../../core/limits.ts'
import { connectionName } from '../sql/connection-name.ts'
import { opened, SqlEngine, type ServerWays } from '../sql/sql-engine.ts'
import { Watchers } from '../sql/watchers.ts'
import { formatMysqlAddress, parseMysqlAddress, prefixOf } from './address.ts'
import { runInTransaction } from './caller-transaction.ts'
import { claim } from './claim.ts'
import { readDurability } from './durability.ts'
import { enqueue } from './enqueue.ts'
import { examine } from './examine.ts'
import { closedError, notMigrated } from './failure.ts'
import { heartbeat, report } from './heartbeat.ts'
import { migrate, readInstance } from './migrate.ts'
import { Neighbours } from './neighbours.ts'
import { RECORDS } from './record-reads.ts'
import type { MySession } from './session.ts'
import { settle } from './settle.ts'
import { Store } from './store.ts'
import { SWEEP } from './sweep.ts'
import { UNITS } from './task-unit.ts'

/** What the MySQL engine can be opened with. */
export interface MysqlOptions extends EngineOptions {
  /** `heart`: one connection of its own, so that no load of others keeps a heartbeat waiting. */
  readonly role: 'hot' | 'heart'
  /** Changes that a sweep leaves. */
  readonly changesKept: number
}

export type MysqlEngine = SqlEngine<Store, MySession>

const POOL = 4
const OVERFLOW = 4

const WAYS: ServerWays<Store, MySession> = {
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
  // Who asks now and then hears of new work soon after a caller's commit; the server has no way to tell.
  runInTransaction,
  notMigrated,
  closedError,
}

/**
 * Opens a store. Does not migrate.
 * @throws WindlassError `engine_url_invalid`, `engine_unreachable`, `engine_too_old`, `newer_schema`
 */
export async function openMysql(url: string, given: Partial<MysqlOptions> = {}): Promise<MysqlEngine> {
  const address = parseMysqlAddress(url, given.namespace ?? 'windlass')
  const { server, namespace } = address
  const callTimeout = given.callTimeout ?? DEFAULTS.callTimeout
  const heart = given.role === 'heart'
  const prefix = prefixOf(namespace)
  const store: Store = new Store({
    server,
    prefix,
    now: given.now ?? null,
    callTimeout,
    name: connectionName(given),
    changesKept: given.changesKept ?? LIMITS.changes,
    // What the address says wins.
    connections: heart ? 1 : (address.pool ?? given.pool?.size ?? POOL),
    maxOverflow: heart ? 0 : (address.maxOverflow ?? given.pool?.maxOverflow ?? OVERFLOW),
    poolTimeout: address.poolTimeout ?? given.pool?.timeout ?? callTimeout,
    committed: (hints) => {
      watchers.tell(hints)
      neighbours.committed(hints)
    },
  })
  const neighbours: Neighbours = new Neighbours(
    `${server.host} ${server.port} ${server.database} ${prefix}`,
    {
      tell: (hints) => watchers.tell(hints),
      store,
    },
  )
  const watchers = new Watchers(neighbours)
  return opened(
    new SqlEngine(WAYS, {
      name: 'mysql',
      address: formatMysqlAddress(address),
      store,
      watchers,
      end: () => store.close(),
    }),
  )
}
