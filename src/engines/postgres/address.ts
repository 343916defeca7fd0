// Addresses of PostgreSQL stores: what of a URL is ours (namespace, pool, bouncer) and what is the driver's.
// Promises that no message repeats a part of the address that may hold a password.

import { WindlassError } from '../../core/errors.ts'
import { suggest } from '../../core/keys.ts'

/** What an address says. */
export interface PostgresAddress {
  /** URL for the driver, without what is ours. */
  readonly url: string
  readonly namespace: string
  /** Behind a bouncer in transaction mode: nothing is kept on a connection between two transactions. */
  readonly bouncer: boolean
  /** Where to listen when `url` leads to a bouncer; null: not at all. */
  readonly direct: string | null
  readonly pool: number | null
  readonly maxOverflow: number | null
  /** In ms. */
  readonly poolTimeout: number | null
}

const OURS = ['namespace', 'pgbouncer', 'direct', 'pool', 'max_overflow', 'pool_timeout'] as const
const DRIVERS = ['host', 'port', 'sslmode', 'sslcert', 'sslkey', 'sslrootcert', 'connect_timeout'] as const
const NAMESPACE = /^[a-z][a-z0-9_]{0,31}$/

/**
 * Reads `postgres://user:password@host:port/database?namespace=x&pgbouncer=1`, also `postgresql+driver://…`.
 * @throws WindlassError `engine_url_invalid`
 */
export function parsePostgresAddress(url: string, namespace: string): PostgresAddress {
  const parsed = urlOf(url)
  const { searchParams } = parsed
  for (const key of searchParams.keys()) {
    if (([...OURS, ...DRIVERS] as readonly string[]).includes(key)) continue
    throw invalid(
      `unknown parameter ${JSON.stringify(key.slice(0, 60))}${suggest(key, [...OURS, ...DRIVERS])}`,
    )
  }
  const address = {
    namespace: checkNamespace(searchParams.get('namespace') ?? namespace),
    bouncer: readSwitch(searchParams.get('pgbouncer')),
    direct: searchParams.get('direct'),
    pool: readCount(searchParams, 'pool', 1),
    maxOverflow: readCount(searchParams, 'max_overflow', 0),
    poolTimeout: readCount(searchParams, 'pool_timeout', 0),
  }
  for (const key of OURS) searchParams.delete(key)
  return { ...address, url: parsed.href }
}

/** The address of an open store, password and all: for threads and child processes, never for messages. */
export function formatPostgresAddress(address: PostgresAddress): string {
  const url = new URL(address.url)
  const { searchParams } = url
  if (address.namespace !== 'windlass') searchParams.set('namespace', address.namespace)
  if (address.bouncer) searchParams.set('pgbouncer', '1')
  if (address.direct !== null) searchParams.set('direct', address.direct)
  if (address.pool !== null) searchParams.set('pool', String(address.pool))
  if (address.maxOverflow !== null) searchParams.set('max_overflow', String(address.maxOverflow))
  if (address.poolTimeout !== null) searchParams.set('pool_timeout', String(address.poolTimeout))
  return url.href
}

/** The schema of a namespace; of letters that need no quotes. */
export function schemaOf(namespace: string): string {
  return namespace === 'windlass' ? 'windlass' : `windlass_${namespace}`
}

function urlOf(url: string): URL {
  try {
    return new URL(url.replace(/^postgres(?:ql)?(?:\+[a-z0-9]+)?:/i, 'postgres:'))
  } catch {
    throw invalid('the address cannot be read; postgres://user:password@host:port/database')
  }
}

function checkNamespace(namespace: string): string {
  if (NAMESPACE.test(namespace)) return namespace
  throw invalid('a namespace is 1 to 32 of a-z, 0-9 and _, and begins with a letter')
}

function readSwitch(text: string | null): boolean {
  if (text === null || text === '0' || text === 'false') return false
  if (text === '1' || text === 'true') return true
  throw invalid('pgbouncer is 0 or 1')
}

function readCount(parameters: URLSearchParams, key: string, least: number): number | null {
  const text = parameters.get(key)
  if (text === null) return null
  const count = Number(text)
  if (Number.isInteger(count) && count >= least && count <= 1_000_000) return count
  throw invalid(`${key} is a whole number from ${least}`)
}

function invalid(message: string): WindlassError {
  return new WindlassError('engine_url_invalid', `postgres: ${message}`, { applied: 'no' })
}
