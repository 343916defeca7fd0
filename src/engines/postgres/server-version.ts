// Which servers are taken, by their version. Promises that one that is too old is refused before anything is made on it.

import { WindlassError } from '../../core/errors.ts'

/** The oldest major version that is supported. */
export const OLDEST = 13

/**
 * Refuses a server that is too old.
 * @param number `server_version_num`: 130016 is 13.16
 * @throws WindlassError `engine_too_old`
 */
export function checkServerVersion(number: number): void {
  const major = Math.floor(number / 10_000)
  if (major >= OLDEST) return
  throw new WindlassError('engine_too_old', `PostgreSQL ${major} is too old: ${OLDEST} or newer is needed`, {
    applied: 'no',
    detail: { version: String(major), oldest: String(OLDEST) },
  })
}
