// Cursors of this engine: a few JSON values as opaque text. What cannot be read is refused, never guessed at.

import { WindlassError } from '../../core/errors.ts'

/** Opaque text for a position. */
export function cursorOf(parts: readonly (string | number)[]): string {
  return Buffer.from(JSON.stringify(parts)).toString('base64url')
}

/** The parts of a cursor: numbers and texts as `shape` says. */
export function partsOf(cursor: string, shape: readonly ('number' | 'string')[]): (string | number)[] {
  const parts = parse(cursor)
  if (!fits(parts, shape)) {
    throw new WindlassError(
      'invalid_option',
      `cursor cannot be read: ${JSON.stringify(cursor.slice(0, 60))}`,
      {
        applied: 'no',
        hint: 'Pass `next` of the page before, unchanged, with the same filter.',
      },
    )
  }
  return parts
}

function fits(parts: unknown, shape: readonly string[]): parts is (string | number)[] {
  return (
    Array.isArray(parts) &&
    parts.length === shape.length &&
    parts.every((part, i) => typeof part === shape[i])
  )
}

function parse(cursor: string): unknown {
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return null
  }
}
