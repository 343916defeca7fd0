// Addresses of MySQL and MariaDB stores: what of a URL is ours (namespace, pool) and where the server is.
// Promises that no message repeats a part of the address that may hold a password.

import { WindlassError } from '../../core/errors.ts'
import { suggest } from '../../core/keys.ts'

/** Where the server is, as the driver takes it. */
export interface Server {
  readonly host: string
  readonly port: number
  readonly user: string
  readonly password: string
  readonly database: string
  /** A socket file instead of host and port. */
  readonly socket: string | null
  /** `verify`: the server's certificate is checked, and that it names this host; `trust`: it is not. */
  readonly ssl: 'off' | 'verify' | 'trust'
}

/** What an address says. */
export interface MysqlAddress {
  readonly server: Server
  readonly namespace: string
  readonly pool: number | null
  readonly maxOverflow: number | null
  /** In ms. */
  readonly poolTimeout: number | null
}

const KNOWN = ['namespace', 'pool', 'max_overflow', 'pool_timeout', 'socket', 'ssl', 'charset'] as const
const NAMESPACE = /^[a-z][a-z0-9_]{0,31}$/
const PORT = 3306

/**
 * Reads `mysql://user:password@host:port/database?namespace=x`, also `mariadb://…` and `mysql+driver://…`.
 * @throws WindlassError `engine_url_invalid`
 */
export function parseMysqlAddress(url: string, namespace: string): MysqlAddress {
  const parsed = urlOf(url)
  const { searchParams } = parsed
  for (const key of searchParams.keys()) {
    if ((KNOWN as readonly string[]).includes(key)) continue
    throw invalid(`unknown parameter ${JSON.stringify(key.slice(0, 60))}${suggest(key, KNOWN)}`)
  }
  const charset = searchParams.get('charset')
  if (charset !== null && charset.toLowerCase() !== 'utf8mb4') throw invalid('charset can only be utf8mb4')
  const database = decoded(parsed.pathname.slice(1))
  if (database === '')
    throw invalid('the address names no database; mysql://user:password@host:port/database')
  return {
    server: {
      host: parsed.hostname.replace(/^\[|\]$/g, '') || '127.0.0.1',
      port: parsed.port === '' ? PORT : Number(parsed.port),
      user: decoded(parsed.username),
      password: decoded(parsed.password),
      database,
      socket: searchParams.get('socket'),
      ssl: readSsl(searchParams.get('ssl')),
    },
    namespace: checkNamespace(searchParams.get('namespace') ?? namespace),
    pool: readCount(searchParams, 'pool', 1),
    maxOverflow: readCount(searchParams, 'max_overflow', 0),
    poolTimeout: readCount(searchParams, 'pool_timeout', 0),
  }
}

/** The address of an open store, password and all: for threads and child processes, never for messages. */
export function formatMysqlAddress(address: MysqlAddress): string {
  const { host, port, user, password, database, socket, ssl } = address.server
  const url = new URL(`mysql://${host.includes(':') ? `[${host}]` : host}:${port}`)
  url.username = encodeURIComponent(user)
  url.password = encodeURIComponent(password)
  url.pathname = `/${encodeURIComponent(database)}`
  const { searchParams } = url
  if (address.namespace !== 'windlass') searchParams.set('namespace', address.namespace)
  if (address.pool !== null) searchParams.set('pool', String(address.pool))
  if (address.maxOverflow !== null) searchParams.set('max_overflow', String(address.maxOverflow))
  if (address.poolTimeout !== null) searchParams.set('pool_timeout', String(address.poolTimeout))
  if (socket !== null) searchParams.set('socket', socket)
  if (ssl !== 'off') searchParams.set('ssl', ssl)
  return url.href
}

/** What the names of a namespace's tables begin with. No table has `_` in its own part, so no two are ever the same. */
export function prefixOf(namespace: string): string {
  return namespace === 'windlass' ? 'windlass_' : `windlass_${namespace}_`
}

function urlOf(url: string): URL {
  try {
    return new URL(url.replace(/^(?:mysql|mariadb)(?:\+[a-z0-9]+)?:/i, 'mysql:'))
  } catch {
    throw invalid('the address cannot be read; mysql://user:password@host:port/database')
  }
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('a % in user, password or database is written %25')
  }
}

function checkNamespace(namespace: string): string {
  if (NAMESPACE.test(namespace)) return namespace
  throw invalid('a namespace is 1 to 32 of a-z, 0-9 and _, and begins with a letter')
}

function readSsl(text: string | null): Server['ssl'] {
  if (text === null || text === 'off') return 'off'
  if (text === 'verify' || text === 'trust') return text
  throw invalid('ssl is off, verify or trust')
}

function readCount(parameters: URLSearchParams, key: string, least: number): number | null {
  const text = parameters.get(key)
  if (text === null) return null
  const count = Number(text)
  if (Number.isInteger(count) && count >= least && count <= 1_000_000) return count
  throw invalid(`${key} is a whole number from ${least}`)
}

function invalid(message: string): WindlassError {
  return new WindlassError('engine_url_invalid', `mysql: ${message}`, { applied: 'no' })
}
