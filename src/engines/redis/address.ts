// Addresses of Redis and Valkey stores: `redis://user:password@host:6379/0?namespace=x`, with `rediss:` and `valkeys:`
// over TLS; and back to a text with which another thread or process reaches the same store.
// Promises that no message repeats a password. Opens nothing.

import { WindlassError } from '../../core/errors.ts'
import { suggest } from '../../core/keys.ts'

/** What an address says. */
export interface RedisAddress {
  readonly scheme: 'redis' | 'rediss' | 'valkey' | 'valkeys'
  readonly host: string
  readonly port: number
  readonly database: number
  readonly username: string | null
  readonly password: string | null
  readonly namespace: string
}

const SCHEMES = ['redis', 'rediss', 'valkey', 'valkeys'] as const
const PARAMETERS = ['namespace'] as const
const NAMESPACE = /^[a-z][a-z0-9_]{0,31}$/
const DEFAULT_PORT = 6_379

/**
 * Reads an address.
 * @param namespace where the address says none
 * @throws WindlassError `engine_url_invalid`
 */
export function parseRedisAddress(url: string, namespace: string): RedisAddress {
  const scheme = SCHEMES.find((one) => url.toLowerCase().startsWith(`${one}:`))
  // As `http`, so that the parser knows hosts and ports; what it says of a wrong one is not repeated.
  const rest = scheme === undefined ? null : URL.parse(`http${url.slice(scheme.length)}`)
  if (scheme === undefined || rest === null || rest.hostname === '') {
    throw invalid('this is no address; redis://host:6379/0 is one')
  }
  const database = rest.pathname.replace(/^\//, '') || '0'
  if (!/^\d{1,6}$/.test(database)) {
    throw invalid(`the path is the number of a database, not ${JSON.stringify(database.slice(0, 20))}`)
  }
  for (const key of rest.searchParams.keys()) {
    if ((PARAMETERS as readonly string[]).includes(key)) continue
    throw invalid(`unknown parameter ${JSON.stringify(key.slice(0, 60))}${suggest(key, PARAMETERS)}`)
  }
  return {
    scheme,
    host: rest.hostname.replace(/^\[|\]$/g, ''),
    port: portOf(url, rest.port),
    database: Number(database),
    username: rest.username === '' ? null : decode(rest.username),
    password: rest.password === '' ? null : decode(rest.password),
    namespace: checkNamespace(rest.searchParams.get('namespace') ?? namespace),
  }
}

/** The address as a text; with the password, for it is to be opened. */
export function formatRedisAddress(address: RedisAddress): string {
  const { scheme, host, port, database, username, password, namespace } = address
  const secret = password === null ? '' : `:${encodeURIComponent(password)}`
  const login =
    username === null && password === null ? '' : `${encodeURIComponent(username ?? '')}${secret}@`
  const place = host.includes(':') ? `[${host}]` : host
  const query = namespace === 'windlass' ? '' : `?namespace=${namespace}`
  return `${scheme}://${login}${place}:${port}/${database}${query}`
}

/** True where the connection is encrypted. */
export function isSecure({ scheme }: RedisAddress): boolean {
  return scheme === 'rediss' || scheme === 'valkeys'
}

/** The port that an http URL has by itself is left out by the parser. */
function portOf(url: string, port: string): number {
  if (port !== '') return Number(port)
  return /^[a-z]+:\/\/[^/?#]*:80(?:[/?#]|$)/i.test(url) ? 80 : DEFAULT_PORT
}

/** A namespace becomes part of the hash tag that all keys carry. */
function checkNamespace(namespace: string): string {
  if (NAMESPACE.test(namespace)) return namespace
  throw invalid('a namespace is 1 to 32 of a-z, 0-9 and _, and begins with a letter')
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    throw invalid('user or password has a % that begins no escape; write it as %25')
  }
}

function invalid(message: string): WindlassError {
  return new WindlassError('engine_url_invalid', `redis: ${message}`, { applied: 'no' })
}
