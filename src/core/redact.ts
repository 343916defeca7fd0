// Redaction of payloads, results, meta and log fields wherever they are shown or logged; what is stored stays whole.
// Paths as pino has them: `password`, `user.token`, `*.secret`, `items[*].card`.

import slowRedact from '@pinojs/redact'

import { WindlassError } from './errors.ts'
import type { Json } from './record.ts'

/** Replaces what the paths name by `[redacted]`, on a copy. */
export type Redactor = (value: Json) => Json

/**
 * @param paths none: nothing is replaced
 * @throws WindlassError `config_invalid` for a path that cannot be read
 */
export function createRedactor(paths: readonly string[]): Redactor {
  if (paths.length === 0) return (value) => value
  try {
    const redact = slowRedact({ paths: [...paths], censor: '[redacted]', serialize: false, strict: false })
    return (value) => (typeof value === 'object' && value !== null ? (redact(value) as Json) : value)
  } catch (cause) {
    throw new WindlassError('config_invalid', 'redact has a path that cannot be read', { cause })
  }
}
