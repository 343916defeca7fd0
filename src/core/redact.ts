// Redaction of payloads, results, meta and log fields wherever they are shown or logged; what is stored stays whole.
// Paths as pino has them: `password` (at the top), `user.token`, `*.secret` (one level down), `items[*].card`.

import slowRedact from '@pinojs/redact'

import { WindlassError } from './errors.ts'
import type { Json } from './record.ts'

/** Replaces what the paths name by `[redacted]`, on a copy. */
export type Redactor = (value: Json) => Json

/**
 * A redactor for these paths. It changes nothing in what it is given.
 * @param paths none: nothing is replaced
 * @throws WindlassError `config_invalid` for a path that cannot be read
 */
export function createRedactor(paths: readonly string[]): Redactor {
  if (paths.length === 0) return (value) => value
  // The library would walk this one up to the prototype of all objects and write there.
  if (paths.join(' ').includes('__proto__'))
    throw new WindlassError('config_invalid', 'redact has a path with __proto__')
  try {
    // As text and back: the object that the library gives carries a function that restores what was replaced.
    const redact = slowRedact({ paths: [...paths], censor: '[redacted]', strict: false })
    return (value) =>
      typeof value === 'object' && value !== null ? (JSON.parse(redact(value) as string) as Json) : value
  } catch (cause) {
    throw new WindlassError('config_invalid', 'redact has a path that cannot be read', { cause })
  }
}
