// What the server tells of itself to whoever looks for illness: version, connections, the oldest transaction, rows.
// What may not be seen with the rights of this user is null.

import type { EngineFacts } from '../../core/engine-facts.ts'
import type { MySession } from './session.ts'
import { sql, words, type Statement } from './statement.ts'
import type { Row } from '../sql/task-row.ts'
import type { Store } from './store.ts'

const CONNECTIONS = words(`SELECT COUNT(*), @@global.max_connections FROM information_schema.processlist`)
const TRANSACTION = words(`SELECT TIMESTAMPDIFF(MICROSECOND, x.trx_started, SYSDATE(6)) DIV 1000,
    x.trx_mysql_thread_id, p.user FROM information_schema.innodb_trx x
  LEFT JOIN information_schema.processlist p ON p.id = x.trx_mysql_thread_id
  WHERE x.trx_mysql_thread_id <> CONNECTION_ID() ORDER BY x.trx_started LIMIT 1`)

/** Asks the server. */
export function examine(store: Store): Promise<EngineFacts> {
  const { connections, maxOverflow, prefix } = store.options
  const { used, waiting } = store.pool.counts
  return store.read(async (look, { dialect }) => {
    const server = await seen(look, CONNECTIONS)
    const open = await seen(look, TRANSACTION)
    const tables = await seen(
      look,
      sql`SELECT COALESCE(SUM(table_rows), 0) FROM information_schema.tables
        WHERE table_schema = DATABASE() AND table_name IN (${[`${prefix}tasks`, `${prefix}finished`]})`,
    )
    return {
      product: dialect.product,
      version: dialect.version,
      oldest: dialect.oldest,
      connections: server === null ? null : { used: Number(server[0]), limit: Number(server[1]) },
      pool: { most: connections + maxOverflow, inUse: used, waiting },
      transaction:
        open === null ? null : { age: Number(open[0]), who: `${String(open[2])} (id ${Number(open[1])})` },
      // How many are only waiting to be cleaned away is not told by table.
      rows: tables === null ? null : { live: Number(tables[0]), dead: 0 },
      memory: null,
    }
  })
}

/** The first row, or null where there is none or it may not be seen. */
async function seen(look: MySession, statement: Statement): Promise<Row | null> {
  try {
    return (await look.query(statement)).rows[0] ?? null
  } catch {
    return null
  }
}
