// From what a library calls its transaction to the connection behind it, recognised by shape, so that no library has
// to be installed: a client of `pg` itself, and the transactions of Drizzle, Kysely and Knex.
// Promises rows by position with numbers as numbers, whatever the caller's driver is set up to answer, and one
// statement at a time. Whether a transaction is open is asked elsewhere.

import type { CallerTransaction } from '../../core/engine.ts'
import { WindlassError } from '../../core/errors.ts'
import { parsers, type Answer, type Param } from './connection.ts'

/** Statements on a connection of somebody else. */
export type CallerSend = (sql: string, params?: readonly Param[]) => Promise<Answer>

/** A client of `pg`. */
interface PgClient {
  query(config: object): Promise<{ readonly rows: unknown[][]; readonly rowCount: number | null }>
}

/** What Kysely's transactions have; rows come as objects, in the order of the columns. */
interface KyselyTransaction {
  executeQuery(query: object): Promise<{
    readonly rows: object[]
    readonly numAffectedRows?: bigint
  }>
}

/**
 * The way to send statements in the caller's transaction.
 * @throws WindlassError `invalid_option` for what is none of the known shapes
 */
export async function callerConnection(transaction: CallerTransaction): Promise<CallerSend> {
  if (isClient(transaction)) return inTurn(throughClient(transaction))
  const drizzle = pathOf(transaction, 'session', 'client')
  if (isClient(drizzle)) return inTurn(throughClient(drizzle))
  if (pathOf(transaction, 'isTransaction') === true) {
    const knex = await knexClient(transaction)
    if (isClient(knex)) return inTurn(throughClient(knex))
    if (isKysely(transaction)) return inTurn(throughKysely(transaction))
  }
  throw new WindlassError(
    'invalid_option',
    'tx is no client of `pg`, nor a transaction of Drizzle, Kysely or Knex',
    { applied: 'no' },
  )
}

function throughClient(client: PgClient): CallerSend {
  return async (text, params = []) => {
    const { rows, rowCount } = await client.query({
      text,
      values: [...params],
      rowMode: 'array',
      types: parsers,
    })
    return { rows, count: rowCount ?? 0 }
  }
}

function throughKysely(transaction: KyselyTransaction): CallerSend {
  return async (sql, params = []) => {
    const query = { kind: 'RawNode', sqlFragments: [sql], parameters: [] }
    const compiled = { sql, parameters: [...params], query, queryId: { queryId: 'windlass' } }
    const { rows, numAffectedRows } = await transaction.executeQuery(compiled)
    return {
      rows: rows.map((row) => Object.values(row) as unknown[]),
      count: Number(numAffectedRows ?? rows.length),
    }
  }
}

/** The transaction's own connection, which Knex hands to whoever asks inside it. */
async function knexClient(transaction: object): Promise<unknown> {
  const client = pathOf(transaction, 'client')
  if (typeof client !== 'object' || client === null) return null
  if (!('acquireConnection' in client) || typeof client.acquireConnection !== 'function') return null
  const acquired: unknown = await Reflect.apply(client.acquireConnection, client, [])
  return acquired
}

/** The driver of the caller takes statements one by one; some warn when several wait. */
function inTurn(send: CallerSend): CallerSend {
  let last: Promise<unknown> = Promise.resolve()
  return (sql, params) => {
    const answer = last.then(() => send(sql, params))
    last = answer.catch(() => undefined)
    return answer
  }
}

function isClient(value: unknown): value is PgClient {
  return typeof value === 'object' && value !== null && 'query' in value && typeof value.query === 'function'
}

function isKysely(value: object): value is KyselyTransaction {
  return 'executeQuery' in value && typeof value.executeQuery === 'function'
}

function pathOf(value: unknown, ...path: readonly string[]): unknown {
  let at = value
  for (const key of path) {
    if ((typeof at !== 'object' || at === null) && typeof at !== 'function') return undefined
    at = Reflect.get(at, key) as unknown
  }
  return at
}
