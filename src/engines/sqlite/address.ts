// Addresses of SQLite stores: from the text after `sqlite:` to a path with its settings, and back to a text with
// which another thread or process reaches the same store. Knows nothing of files.

import { WindlassError } from '../../core/errors.ts'
import { suggest } from '../../core/keys.ts'

/** What an address says. */
export interface SqliteAddress {
  readonly path: string
  readonly synchronous: 'full' | 'normal'
  readonly namespace: string
}

const PARAMETERS = ['synchronous', 'namespace'] as const
const NAMESPACE = /^[a-z][a-z0-9_]{0,31}$/

/**
 * Reads `sqlite:path?synchronous=normal&namespace=x`, also as `sqlite://path`, and in SQLAlchemy's manner
 * `sqlite+driver:///relative` and `sqlite+driver:////absolute`.
 * @throws WindlassError `engine_url_invalid`
 */
export function parseSqliteAddress(url: string, namespace: string): SqliteAddress {
  const colon = url.indexOf(':')
  const [rest = '', ...query] = url.slice(colon + 1).split('?')
  const parameters = readParameters(query.join('?'))
  const synchronous = parameters.get('synchronous')?.toLowerCase() ?? 'full'
  if (synchronous !== 'full' && synchronous !== 'normal') {
    throw invalid(`synchronous is full or normal, not ${JSON.stringify(synchronous.slice(0, 20))}`)
  }
  return {
    path: readPath(rest, url.slice(0, colon).includes('+')),
    synchronous,
    namespace: checkNamespace(parameters.get('namespace') ?? namespace),
  }
}

/** The address of an open store; `path` is absolute. */
export function formatSqliteAddress({ path, synchronous, namespace }: SqliteAddress): string {
  const parameters = new URLSearchParams()
  if (synchronous !== 'full') parameters.set('synchronous', synchronous)
  if (namespace !== 'windlass') parameters.set('namespace', namespace)
  const query = parameters.size === 0 ? '' : `?${parameters.toString()}`
  return `sqlite:${path.replace(/[%?#]/g, encodeURIComponent)}${query}`
}

/**
 * A namespace becomes part of table names.
 * @throws WindlassError `engine_url_invalid`
 */
function checkNamespace(namespace: string): string {
  if (NAMESPACE.test(namespace)) return namespace
  throw invalid('a namespace is 1 to 32 of a-z, 0-9 and _, and begins with a letter')
}

function readParameters(query: string): URLSearchParams {
  const parameters = new URLSearchParams(query)
  for (const key of parameters.keys()) {
    if ((PARAMETERS as readonly string[]).includes(key)) continue
    throw invalid(`unknown parameter ${JSON.stringify(key.slice(0, 60))}${suggest(key, PARAMETERS)}`)
  }
  return parameters
}

function readPath(text: string, sqlAlchemy: boolean): string {
  const path = decode(stripSlashes(text, sqlAlchemy))
  if (path === '') throw invalid('no path is given; sqlite:path or sqlite::memory:')
  if (path.includes('\0')) throw invalid('the path has a null character')
  return path
}

/** `//` only says that a path follows. SQLAlchemy counts a third slash to it, even before a relative path. */
function stripSlashes(text: string, sqlAlchemy: boolean): string {
  if (!text.startsWith('//')) return text
  if (sqlAlchemy) return text.startsWith('///') ? text.slice(3) : text.slice(2)
  return text.slice(2)
}

/** Only what could not be written otherwise: a folder that is really called `50%20off` means itself. */
function decode(text: string): string {
  return text.replace(/%(?:3f|23|25)/gi, decodeURIComponent)
}

function invalid(message: string): WindlassError {
  return new WindlassError('engine_url_invalid', `sqlite: ${message}`, { applied: 'no' })
}
