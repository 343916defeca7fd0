// Unknown keys are refused with the nearest known one, the same way for options, config and queues' settings.

import { closest, distance } from 'fastest-levenshtein'

import { WindlassError, type ErrorCode } from './errors.ts'

/** The known word nearest to `word`, or null when none is near. */
export function nearest(word: string, known: readonly string[]): string | null {
  if (known.length === 0) return null
  const best = closest(
    word.toLowerCase(),
    known.map((one) => one.toLowerCase()),
  )
  const found = known.find((one) => one.toLowerCase() === best)
  return found !== undefined && distance(word.toLowerCase(), best) <= Math.max(2, word.length / 3)
    ? found
    : null
}

/** Text to end a refusal with: `; did you mean "x"?`, or the known words when none is near. */
export function suggest(word: string, known: readonly string[]): string {
  const near = nearest(word, known)
  return near === null ? `; known: ${known.slice(0, 30).join(', ')}` : `; did you mean "${near}"?`
}

/**
 * Refuses keys that are not in `known`.
 * @throws WindlassError `unknown_option` (or `code`) that names the key and the nearest known one
 */
export function checkKeys(
  value: object,
  known: readonly string[],
  where: string,
  code: ErrorCode = 'unknown_option',
): void {
  for (const key of Object.keys(value)) {
    if (known.includes(key)) continue
    const near = nearest(key, known)
    throw new WindlassError(
      code,
      `${where}: unknown key ${JSON.stringify(key.slice(0, 60))}${suggest(key, known)}`,
      {
        detail: { key: key.slice(0, 60), nearest: near },
      },
    )
  }
}
