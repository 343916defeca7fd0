// What differs between MySQL and MariaDB, and what of both is too old. Everything else of this engine is said in words
// that both understand: no RETURNING, no LATERAL, no sequences.

import { WindlassError } from '../../core/errors.ts'

export interface Dialect {
  readonly product: 'MySQL' | 'MariaDB'
  readonly version: string
  /** Oldest version that is supported. */
  readonly oldest: string
  /** Settings of each session beside those that both have; times in ms. */
  settings(callTimeout: number): readonly string[]
  /** Position of the estimated number of rows in what EXPLAIN answers. */
  readonly explainedRows: number
}

/** MySQL has no limit for a transaction whose client is gone, except that of an idle connection. In seconds. */
const MYSQL_WAIT = 300

const MARIADB: Omit<Dialect, 'version'> = {
  product: 'MariaDB',
  oldest: '10.6',
  settings: (callTimeout) => [
    `max_statement_time = ${callTimeout / 1_000}`,
    `idle_transaction_timeout = ${Math.ceil(Math.max(10_000, 2 * callTimeout) / 1_000)}`,
    // A long list of ids stays a list of ids, and does not become a join.
    'in_predicate_conversion_threshold = 0',
  ],
  explainedRows: 8,
}

const MYSQL: Omit<Dialect, 'version'> = {
  product: 'MySQL',
  oldest: '8.0.4',
  settings: (callTimeout) => [`max_execution_time = ${callTimeout}`, `wait_timeout = ${MYSQL_WAIT}`],
  explainedRows: 9,
}

/**
 * The dialect of a server by what it answers to `SELECT VERSION()`.
 * @throws WindlassError `engine_too_old`
 */
export function dialectOf(text: string): Dialect {
  const known = /mariadb/i.test(text) ? MARIADB : MYSQL
  // Some say they are 5.5.5 first, for the sake of old clients.
  const version = /\d+\.\d+\.\d+/.exec(text.replace(/^5\.5\.5-/, ''))?.[0] ?? '0.0.0'
  if (isOlder(version, known.oldest)) {
    throw new WindlassError(
      'engine_too_old',
      `${known.product} ${version} is too old: ${known.oldest} or newer is needed`,
      { applied: 'no', detail: { version, oldest: known.oldest } },
    )
  }
  return { ...known, version }
}

function isOlder(version: string, oldest: string): boolean {
  const parts = version.split('.').map(Number)
  for (const [i, least] of oldest.split('.').map(Number).entries()) {
    const part = parts[i] ?? 0
    if (part !== least) return part < least
  }
  return false
}
