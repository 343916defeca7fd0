// What the clocks of a time zone show, and when they show it. Pure, from the data base that Node brings. A reading is
// kept in ms as if it were UTC: arithmetic on it is that of a calendar without jumps. Leaves patterns to others.

import { show } from './duration.ts'
import { WindlassError } from './errors.ts'
import { nearest } from './keys.ts'

const SECOND = 1_000
const HOUR = 3_600_000
const DAY = 24 * HOUR

const formats = new Map<string, Intl.DateTimeFormat>()

/** How far the clock is ahead of UTC at an instant, in ms. */
export function offsetAt(zone: string, at: number): number {
  if (zone === 'UTC') return 0
  let format = formats.get(zone)
  if (format === undefined) {
    format = new Intl.DateTimeFormat('en-US', {
      timeZone: zone,
      hourCycle: 'h23',
      year: 'numeric',
      month: 'numeric',
      day: 'numeric',
      hour: 'numeric',
      minute: 'numeric',
      second: 'numeric',
    })
    formats.set(zone, format)
  }
  // Changes lie at whole seconds, so the offset of an instant is that of its second.
  const whole = Math.floor(at / SECOND) * SECOND
  const [month = 1, day = 1, year = 0, hour = 0, minute = 0, second = 0] = (
    format.format(whole).match(/\d+/g) ?? []
  ).map(Number)
  return Date.UTC(year, month - 1, day, hour, minute, second) - whole
}

/** When the clock shows that: the first time where it does so twice, the moment of the jump where it jumps over it. */
export function instantOf(zone: string, reading: number): number {
  // No clock is more than 14 h from UTC, so these are before and after the instant.
  const [before, after] = [offsetAt(zone, reading - DAY), offsetAt(zone, reading + DAY)]
  for (const offset of [before, after])
    if (offsetAt(zone, reading - offset) === offset) return reading - offset
  return changeBetween(zone, reading - after, reading - before)
}

/** The first change of the clock after `from`, up to and with `to`; null: there is none. */
export function nextChange(zone: string, from: number, to: number): number | null {
  if (zone === 'UTC') return null
  const offset = offsetAt(zone, from)
  for (let begin = from; begin < to; begin += DAY) {
    const end = Math.min(begin + DAY, to)
    if (offsetAt(zone, end) !== offset) return changeBetween(zone, begin, end)
  }
  return null
}

/** The first second of the offset that holds at `to`, and not at `from`. */
function changeBetween(zone: string, from: number, to: number): number {
  const offset = offsetAt(zone, to)
  let [before, after] = [Math.floor(from / SECOND), Math.floor(to / SECOND)]
  while (after - before > 1) {
    const middle = Math.floor((before + after) / 2)
    if (offsetAt(zone, middle * SECOND) === offset) after = middle
    else before = middle
  }
  return after * SECOND
}

/**
 * A time zone of the IANA data base, as it was written.
 * @throws WindlassError `invalid_schedule` with the nearest known name
 */
export function readTimezone(value: unknown): string {
  if (typeof value === 'string' && /^[A-Za-z]/.test(value) && isZone(value)) return value
  const near = typeof value === 'string' ? nearest(value, Intl.supportedValuesOf('timeZone')) : null
  throw new WindlassError(
    'invalid_schedule',
    `timezone is the name of a time zone, not ${show(value)}${near === null ? '' : `; did you mean "${near}"?`}`,
    { hint: 'Use a name such as Europe/Berlin, Asia/Shanghai or UTC.', detail: { nearest: near } },
  )
}

function isZone(name: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== ''
  } catch {
    return false
  }
}
