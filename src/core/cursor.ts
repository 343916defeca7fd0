// Cursors of engines: a few JSON values as opaque text. What cannot be read is refused, never guessed at.

import { WindlassError } from './errors.ts'

/** Opaque text for a position. */
export function cursorOf(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The parts of a cursor: numbers and texts as `shape` says. */
export function partsOf(cursor: string, shape: readonly ('number' | 'string')[]): (string | number)[] {
  const parts = parse(cursor)
  const fits =
    Array.isArray(parts) &&
    parts.length === shape.length &&
    parts.every((part, i) => typeof part === shape[i])
  if (!fits) throw unreadable(cursor)
  return parts as (string | number)[]
}

/** The number that a cursor of one number holds. */
export function numberFrom(cursor: string): number {
  return Number(partsOf(cursor, ['number'])[0])
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return null
  }
}

function unreadable(cursor: string): WindlassError {
  return new WindlassError(
    'invalid_option',
    `cursor cannot be read: ${JSON.stringify(cursor.slice(0, 60))}`,
    {
      applied: 'no',
      hint: 'Pass `next` of the page before, unchanged, with the same filter.',
    },
  )
}
