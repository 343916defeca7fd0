// Retry rules as data: from what a user writes to the policy on the row, and from policy and failures to a delay.
// Pure; randomness comes in as a number. A policy given as a function runs in the worker (decide takes its answer).

import { parseDuration, show, type Duration } from './duration.ts'
import { WindlassError } from './errors.ts'
import { checkKeys } from './keys.ts'
import { DEFAULTS, LIMITS } from './limits.ts'
import type { CrashPolicy, RetryPolicy } from './record.ts'

/** What a user writes. A number is `retries`; `false` is none; `retries` counts after the first run. */
export type RetryOption =
  | number
  | false
  | {
      readonly retries?: number
      /** Waits before the 1st, 2nd, … retry; the last one repeats. Without `retries`, as many retries as delays. */
      readonly delays?: readonly Duration[]
      /** One wait for all. Default 60 s. */
      readonly delay?: Duration
      /** Grows from `base` by `factor` (2) up to `cap` (1 h), plus up to `jitter` (0.1) of itself. */
      readonly backoff?: 'fixed' | 'exponential'
      readonly base?: Duration
      readonly factor?: number
      readonly cap?: Duration
      readonly jitter?: number
    }

const KEYS = ['retries', 'delays', 'delay', 'backoff', 'base', 'factor', 'cap', 'jitter'] as const

/** The default: 3 retries, 60 s apart. */
export const DEFAULT_RETRY: RetryPolicy = {
  kind: 'fixed',
  retries: DEFAULTS.retries,
  delay: DEFAULTS.retryDelay,
}
/** The default for crashes and losses. */
export const DEFAULT_CRASH: CrashPolicy = DEFAULTS.crash

/**
 * Brings what a user wrote to the data form. Of `delays`, `delay` and an exponential `backoff` only one can be said.
 * @param fallback what holds for all that is not said
 * @param bareUnit see parseDuration
 * @throws WindlassError `invalid_option`, `unknown_option`, `invalid_duration`
 */
export function readRetry(
  option: unknown,
  fallback: RetryPolicy = DEFAULT_RETRY,
  bareUnit: 1 | 1_000 = 1,
): RetryPolicy {
  if (option === undefined || option === null) return fallback
  if (option === false) return { kind: 'fixed', retries: 0, delay: 0 }
  if (typeof option === 'number') return { ...fallback, retries: readRetries(option) }
  if (typeof option !== 'object') throw new WindlassError('invalid_option', `retry cannot be ${show(option)}`)
  checkKeys(option, KEYS, 'retry')
  const given = option as Exclude<RetryOption, number | false>
  checkMixture(given)
  if (given.delays !== undefined) return readList(given.delays, given.retries, bareUnit)
  const retries = readRetries(given.retries ?? fallback.retries)
  if (given.backoff === 'exponential') return readExponential(given, retries, bareUnit)
  if (given.delay !== undefined)
    return { kind: 'fixed', retries, delay: parseDuration(given.delay, 'retry.delay', bareUnit) }
  if (given.backoff === undefined || fallback.kind === 'fixed') return { ...fallback, retries }
  return { kind: 'fixed', retries, delay: DEFAULTS.retryDelay }
}

/** Nothing that was said is passed over in silence. */
function checkMixture(given: Exclude<RetryOption, number | false>): void {
  const { backoff } = given
  if (backoff !== undefined && backoff !== 'fixed' && backoff !== 'exponential') {
    throw new WindlassError(
      'invalid_option',
      `retry.backoff is 'fixed' or 'exponential', not ${show(backoff)}`,
    )
  }
  const growing = (['base', 'factor', 'cap', 'jitter'] as const).find((key) => given[key] !== undefined)
  if (backoff !== 'exponential' && growing !== undefined)
    throw new WindlassError('invalid_option', `retry.${growing} wants backoff: 'exponential'`)
  const waits = [given.delays, given.delay, backoff].filter((one) => one !== undefined && one !== 'fixed')
  if (waits.length > 1 || (given.delays !== undefined && backoff === 'fixed'))
    throw new WindlassError('invalid_option', 'give one of retry.delays, retry.delay and retry.backoff')
}

function readRetries(value: unknown): number {
  if (typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= LIMITS.retries)
    return value + 0 // not −0
  throw new WindlassError(
    'invalid_option',
    `retries is a whole number from 0 to ${LIMITS.retries}, not ${show(value)}`,
  )
}

function readList(delays: unknown, retries: unknown, bareUnit: 1 | 1_000): RetryPolicy {
  if (!Array.isArray(delays) || delays.length === 0 || delays.length > 100) {
    throw new WindlassError('invalid_option', 'retry.delays is a list of 1 to 100 durations')
  }
  // Array.from sees holes, which map would leave open.
  const waits = Array.from(delays, (delay, i) => parseDuration(delay, `retry.delays[${i}]`, bareUnit))
  return { kind: 'list', retries: readRetries(retries ?? waits.length), delays: waits }
}

function readExponential(
  given: Exclude<RetryOption, number | false>,
  retries: number,
  bareUnit: 1 | 1_000,
): RetryPolicy {
  return {
    kind: 'exponential',
    retries,
    base: parseDuration(given.base ?? '1s', 'retry.base', bareUnit),
    factor: readBetween(given.factor ?? 2, 1, 10, 'retry.factor'),
    cap: parseDuration(given.cap ?? '1h', 'retry.cap', bareUnit),
    jitter: readBetween(given.jitter ?? 0.1, 0, 1, 'retry.jitter'),
  }
}

function readBetween(value: unknown, least: number, most: number, name: string): number {
  if (typeof value === 'number' && value >= least && value <= most) return value + 0 // not −0
  throw new WindlassError(
    'invalid_option',
    `${name} is a number from ${least} to ${most}, not ${show(value)}`,
  )
}

/**
 * Wait before the next run, in whole ms from 0 to 10 years; null: no retry is left.
 * @param failures failures so far, the one that just happened included (1 after the first)
 * @param random 0 ≤ x < 1, for the additive jitter
 */
export function retryDelay(policy: RetryPolicy, failures: number, random: number): number | null {
  if (failures > policy.retries) return null
  switch (policy.kind) {
    case 'fixed':
      return policy.delay
    case 'list':
      return policy.delays[Math.min(failures, policy.delays.length) - 1] ?? 0
    case 'exponential': {
      // The power may be infinite, and 0 times that is no number.
      const grown = policy.base === 0 ? 0 : policy.base * policy.factor ** (failures - 1)
      const wait = Math.min(policy.cap, grown)
      return Math.min(LIMITS.duration, Math.round(wait * (1 + policy.jitter * random)))
    }
  }
}
