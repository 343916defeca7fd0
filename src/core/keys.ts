// Unknown keys are refused with the nearest known one, the same way for options, config and queues' settings.

import { closest, distance } from 'fastest-levenshtein'

import { show } from './duration.ts'
import { WindlassError, type ErrorCode } from './errors.ts'

/** No word of ours is longer; what is beyond it is not looked at. */
const LONGEST = 60

/** The known word nearest to `word`, case ignored, or null when none is near or nothing of it is right. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null
  const lower = word.slice(0, LONGEST).toLowerCase()
  const best = closest(
    lower,
    known.map((one) => one.toLowerCase()),
  )
  const far = distance(lower, best)
  if (far > Math.max(2, lower.length / 3) || far >= Math.max(lower.length, best.length)) return null
  return known.find((one) => one.toLowerCase() === best) ?? null
}

/** Text to end a refusal with: `; did you mean "x"?`, or the first 30 known words when none is near. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === null ? `; known: ${known.slice(0, 30).join(', ')}` : `; did you mean "${near}"?`
}

/**
 * Refuses what is no object, and keys of its own that are not in `known`.
 * @param where what it is, to begin the message with
 * @throws WindlassError `unknown_option` (or `code`) that names the key and the nearest known one; `invalid_option`
 *   (or `code`) for what is no object
 */
export function checkKeys(
  value: unknown,
  known: readonly string[],
  where: string,
  code: ErrorCode = 'unknown_option',
): asserts value is object {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    const wrong = code === 'unknown_option' ? 'invalid_option' : code
    throw new WindlassError(wrong, `${where}: wants an object with options, not ${show(value)}`)
  }
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    const shown = key.slice(0, LONGEST)
    throw new WindlassError(code, `${where}: unknown key ${JSON.stringify(shown)}${suggest(key, known)}`, {
      detail: { key: shown, nearest: near },
    })
  }
}
