// Sizes as people write them: `256mb`, `1gb`, or bytes. Units are those of memory: a kb is 1,024 bytes.
// Answers whole bytes or refuses; what a size may be is the caller's business.

import { show } from './duration.ts'
import { WindlassError } from './errors.ts'

const UNITS = { b: 1, kb: 1024, mb: 1024 ** 2, gb: 1024 ** 3 } as const

type Unit = keyof typeof UNITS

/** Bytes, or a number with a unit. */
export type ByteSize = number | `${number}${Unit | Uppercase<Unit>}`

/**
 * A size in bytes.
 * @param what what it is, for the message
 * @throws WindlassError `invalid_option`
 */
export function parseBytes(value: unknown, what: string): number {
  const bytes = typeof value === 'string' ? ofText(value) : value
  if (typeof bytes === 'number' && Number.isFinite(bytes) && bytes >= 1 && bytes <= Number.MAX_SAFE_INTEGER)
    return Math.round(bytes)
  throw new WindlassError('invalid_option', `${what} is a size such as 256mb or 1gb, not ${show(value)}`)
}

/** A size for people, in whole megabytes. */
export function formatBytes(bytes: number): string {
  return `${Math.round(bytes / UNITS.mb)} MB`
}

function ofText(text: string): number | null {
  const [, number, unit] = /^(\d+(?:\.\d+)?)\s*(b|kb|mb|gb)$/i.exec(text.trim()) ?? []
  if (number === undefined || unit === undefined) return null
  return Number(number) * UNITS[unit.toLowerCase() as keyof typeof UNITS]
}
