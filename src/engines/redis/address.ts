// Addresses of Redis and Valkey stores: `redis://user:password@host:6379/0?namespace=x`, with `rediss:` and `valkeys:`
// over TLS, and `redis://:password@host,host,host/0?sentinel=name` for a master that Sentinels know; and back to a text
// with which another thread or process reaches the same store.
// Promises that no message repeats a password. Opens nothing.

import { WindlassError } from '../../core/errors.ts'
import { suggest } from '../../core/keys.ts'

/** Where a server listens. */
export interface Place {
  readonly host: string
  readonly port: number
}

/** What an address says. */
export interface RedisAddress extends Place {
  readonly scheme: 'redis' | 'rediss' | 'valkey' | 'valkeys'
  /** The name of the master that the servers of this address, which are Sentinels, know; null: they are no Sentinels. */
  readonly sentinel: string | null
  /** Further Sentinels. */
  readonly others: readonly Place[]
  readonly database: number
  readonly username: string | null
  readonly password: string | null
  readonly namespace: string
}

const SCHEMES = ['redis', 'rediss', 'valkey', 'valkeys'] as const
const PARAMETERS = ['namespace', 'sentinel'] as const
const NAMESPACE = /^[a-z][a-z0-9_]{0,31}$/
const MASTER = /^[\w.-]{1,64}$/
const DEFAULT_PORT = 6_379
const SENTINEL_PORT = 26_379

/**
 * Reads an address.
 * @param namespace where the address says none
 * @throws WindlassError `engine_url_invalid`
 */
export function parseRedisAddress(url: string, namespace: string): RedisAddress {
  const scheme = SCHEMES.find((one) => url.toLowerCase().startsWith(`${one}:`))
  // As `http`, so that the parser knows hosts and ports; what it says of a wrong one is not repeated.
  const [, before = '', first = '', more = '', behind = ''] = HOSTS.exec(url) ?? []
  const rest = scheme === undefined ? null : URL.parse(`http${before.slice(scheme.length)}${first}${behind}`)
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
  const sentinel = checkMaster(rest.searchParams.get('sentinel'), more)
  const usual = sentinel === null ? DEFAULT_PORT : SENTINEL_PORT
  return {
    scheme,
    ...placeOf(first, usual),
    sentinel,
    others:
      more === ''
        ? []
        : more
            .slice(1)
            .split(',')
            .map((text) => placeOf(text, usual)),
    database: Number(database),
    username: rest.username === '' ? null : decode(rest.username),
    password: rest.password === '' ? null : decode(rest.password),
    namespace: checkNamespace(rest.searchParams.get('namespace') ?? namespace),
  }
}

/** The address as a text; with the password, for it is to be opened. */
export function formatRedisAddress(address: RedisAddress): string {
  const { scheme, database, username, password, namespace, sentinel, others } = address
  const secret = password === null ? '' : `:${encodeURIComponent(password)}`
  const login =
    username === null && password === null ? '' : `${encodeURIComponent(username ?? '')}${secret}@`
  const places = [address, ...others].map(formatPlace).join(',')
  const query = new URLSearchParams()
  if (sentinel !== null) query.set('sentinel', sentinel)
  if (namespace !== 'windlass') query.set('namespace', namespace)
  return `${scheme}://${login}${places}/${database}${query.size === 0 ? '' : `?${query.toString()}`}`
}

/** A place as it stands in an address. */
export function formatPlace({ host, port }: Place): string {
  return `${host.includes(':') ? `[${host}]` : host}:${port}`
}

/** True where the connection is encrypted. */
export function isSecure({ scheme }: RedisAddress): boolean {
  return scheme === 'rediss' || scheme === 'valkeys'
}

/** What stands before the hosts, the first of them, the others, what stands behind. */
const HOSTS = /^([^/?#]*:\/\/(?:[^/?#]*@)?)([^/?#,]*)((?:,[^/?#,]*)*)(.*)$/s

function placeOf(text: string, usual: number): Place {
  const url = URL.parse(`http://${text}`)
  if (url === null || url.hostname === '') throw invalid('one of the hosts is none; host:26379 is one')
  // The port that an http URL has by itself is left out by the parser.
  const port = text.endsWith(':80') ? 80 : url.port === '' ? usual : Number(url.port)
  return { host: url.hostname.replace(/^\[|\]$/g, ''), port }
}

/** Several hosts are Sentinels: which of several servers would hold the store? */
function checkMaster(name: string | null, more: string): string | null {
  if (name === null && more !== '')
    throw invalid('several hosts are Sentinels: add sentinel=<name of the master>')
  if (name === null || MASTER.test(name)) return name
  throw invalid('the name of a master is 1 to 64 letters, digits, dots, hyphens and underscores')
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
