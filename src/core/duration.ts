// Durations: a bare number has the unit of its surface (milliseconds in TypeScript, seconds in CLI, environment and
// HTTP bodies), a string carries its unit. The answer is always whole milliseconds.

import { WindlassError } from './errors.ts'
import { LIMITS } from './limits.ts'

/** `500ms`, `30s`, `5m`, `1h`, `7d`, or a bare number of milliseconds. */
export type Duration = number | `${number}${'ms' | 's' | 'm' | 'h' | 'd'}`

const UNITS: ReadonlyMap<string, number> = new Map([
  ['ms', 1],
  ['s', 1_000],
  ['m', 60_000],
  ['min', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
/** What formatDuration prints can be read, too: a space before the unit, `min`. */
const SHAPE = /^(\d+(?:\.\d+)?)(?: ?(ms|s|min|m|h|d))?$/

/**
 * Parses a duration to whole milliseconds, 0 to 10 years.
 * @param name the option, for the error
 * @param bareUnit milliseconds that a bare number counts: 1 in TypeScript, 1000 in CLI, environment and HTTP
 * @throws WindlassError `invalid_duration`
 */
export function parseDuration(value: unknown, name: string, bareUnit: 1 | 1_000 = 1): number {
  const ms = typeof value === 'number' ? value * bareUnit : parseText(value, bareUnit)
  if (!Number.isFinite(ms) || ms < 0 || ms > LIMITS.duration) {
    throw new WindlassError(
      'invalid_duration',
      `${name} is no duration between 0 and 10 years: ${show(value)}`,
    )
  }
  // −0 is 0: it would differ in a strict comparison.
  return Math.round(ms) + 0
}

function parseText(value: unknown, bareUnit: number): number {
  if (typeof value !== 'string') return Number.NaN
  const match = SHAPE.exec(value.trim())
  if (match === null) return Number.NaN
  return Number(match[1]) * (match[2] === undefined ? bareUnit : (UNITS.get(match[2]) ?? Number.NaN))
}

/** Short text of any value for a message: at most 64 characters before quoting, quoted when a string. Never throws. */
export function show(value: unknown): string {
  switch (typeof value) {
    case 'string':
      return JSON.stringify(value.length > 60 ? `${value.slice(0, 60)}…` : value)
    case 'object':
      return value === null ? 'null' : isList(value) ? 'a list' : 'an object'
    case 'function':
      return 'a function'
    case 'symbol':
      return 'a symbol'
    case 'bigint':
      return 'a bigint'
    default:
      return String(value)
  }
}

/** Even this question throws for a revoked proxy. */
function isList(value: object): boolean {
  try {
    return Array.isArray(value)
  } catch {
    return false
  }
}

/**
 * Milliseconds (0 or more) for people: `850 ms`, `1.5 s`, `12 min`, `3.2 h`, `4 d`. Rounded to a tenth of the unit;
 * parseDuration reads it.
 */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`
  if (ms < 120_000) return `${trim(ms / 1_000)} s`
  if (ms < 7_200_000) return `${trim(ms / 60_000)} min`
  return ms < 172_800_000 ? `${trim(ms / 3_600_000)} h` : `${trim(ms / 86_400_000)} d`
}

function trim(value: number): string {
  return String(Math.round(value * 10) / 10)
}
