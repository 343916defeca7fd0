// What one seed is like: how bad the connections are, how often processes die or stand still, what clocks do. Drawn, not
// fixed, so that two thousand seeds are two thousand different worlds; a quarter of them know no fault at all.

import { CALM, type Weather } from '../../src/testing/faults/fate.ts'
import type { Random } from '../../src/testing/simulation/random.ts'

export interface Profile {
  readonly workers: number
  readonly concurrency: number
  readonly tasks: number
  readonly weather: Weather
  /** How long faults go on, ms of virtual time. */
  readonly safety: number
  /** Mean time between two of a kind, ms; Infinity: never. */
  readonly crash: number
  readonly pause: number
  readonly jump: number
  readonly outage: number
  readonly restart: number
  readonly operator: number
  /** Share of tasks that kill the process that runs them. */
  readonly poison: number
}

/** Everything small, so that a second of life holds much: leases, timeouts and waits of the simulated system. */
export const TIMES = { lease: 2_000, grace: 300, callTimeout: 400, doubt: 5_000, timeout: 1_500 } as const

/** The profile of a seed. */
export function drawProfile(random: Random): Profile {
  const often = (share: number, least: number, most: number): number =>
    random.chance(share) ? random.between(least, most) : Number.POSITIVE_INFINITY
  const size = {
    workers: 1 + random.below(3),
    concurrency: 1 + random.below(4),
    tasks: 6 + random.below(14),
    safety: random.between(5_000, 12_000),
    operator: often(0.6, 700, 3_000),
    poison: 0,
  }
  if (random.chance(0.25)) {
    const never = Number.POSITIVE_INFINITY
    const peace = {
      crash: never,
      pause: never,
      jump: never,
      outage: never,
      restart: often(0.5, 3_000, 8_000),
    }
    return { ...size, ...peace, weather: { ...CALM, delay: random.between(1, 30) } }
  }
  return {
    ...size,
    weather: drawWeather(random),
    poison: random.chance(0.2) ? 0.08 : 0,
    crash: often(0.7, 1_500, 8_000),
    pause: often(0.5, 2_000, 8_000),
    jump: often(0.25, 3_000, 9_000),
    outage: often(0.3, 3_000, 9_000),
    restart: often(0.4, 3_000, 9_000),
  }
}

function drawWeather(random: Random): Weather {
  const share = (most: number): number => (random.chance(0.7) ? random.between(0, most) : 0)
  return {
    refuse: share(0.15),
    lostRequest: share(0.1),
    lostReply: share(0.2),
    late: share(0.05),
    double: share(0.1),
    delay: random.chance(0.2) ? random.between(100, 300) : random.between(1, 60),
    lostHints: share(0.5),
  }
}
