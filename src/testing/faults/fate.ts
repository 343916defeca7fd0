// What can become of one engine call on its way there and back, and how often. Data only.

import type { Random } from '../simulation/random.ts'

/**
 * `answer`: it happens and the caller hears of it. `refuse`: it does not happen and the caller is told so.
 * `lost_request`: it does not happen, `lost_reply`: it happens, `late`: it happens after the caller gave up; each time
 * the caller only knows that it is unknown. `double`: it happens twice in a row, the second answer arrives.
 */
export type FateKind = 'answer' | 'refuse' | 'lost_request' | 'lost_reply' | 'late' | 'double'

export interface Fate {
  readonly kind: FateKind
  /** Milliseconds to the engine and back. */
  readonly there: number
  readonly back: number
}

/** Shares of the calls, 0 to 1. */
export interface Weather {
  readonly refuse: number
  readonly lostRequest: number
  readonly lostReply: number
  readonly late: number
  readonly double: number
  /** Longest way in one direction, ms. */
  readonly delay: number
  /** Hints that never arrive. */
  readonly lostHints: number
}

/** Nothing goes wrong, and fast. */
export const CALM: Weather = {
  refuse: 0,
  lostRequest: 0,
  lostReply: 0,
  late: 0,
  double: 0,
  delay: 2,
  lostHints: 0,
}

/** Verbs that an ordinary client library may send twice when a connection breaks; each answers a repeat alike. */
const REPEATABLE: ReadonlySet<string> = new Set([
  'enqueue',
  'claim',
  'settle',
  'heartbeat',
  'endSession',
  'sweep',
])

/** Draws the fate of one call. */
export function drawFate(weather: Weather, verb: string, random: Random): Fate {
  const { refuse, lostRequest, lostReply, late, double, delay } = weather
  const there = random.between(0, delay)
  const back = random.between(0, delay)
  let rest = random.next()
  const falls = (share: number): boolean => (rest -= share) < 0
  if (falls(refuse)) return { kind: 'refuse', there, back }
  if (falls(lostRequest)) return { kind: 'lost_request', there, back }
  if (falls(lostReply)) return { kind: 'lost_reply', there, back }
  if (falls(late)) return { kind: 'late', there, back }
  if (falls(double) && REPEATABLE.has(verb)) return { kind: 'double', there, back }
  return { kind: 'answer', there, back }
}
