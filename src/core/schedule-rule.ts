// When a schedule has its ticks: by a cron pattern in a time zone, or every so often, between a start and an end.
// Pure: the same rule and instant give the same tick in every process. Promises bounded work, however long ago the
// last tick was. What becomes of ticks that nobody fired is schedule-ticks.ts.

import { parseDuration, show, type Duration } from './duration.ts'
import { WindlassError } from './errors.ts'
import { readInstant } from './new-task.ts'
import { nextCronTick, readCron } from './schedule-cron.ts'
import { readTimezone } from './zone-clock.ts'

/** Either `cron` or `every`. */
export interface RuleOptions {
  /** 5 fields, or 6 with seconds first; names, lists, ranges, steps, `L`, `W` and `#`. */
  readonly cron?: string
  /** Time between ticks, 1 s at least. Ticks lie at multiples of it from `start`, else from 1970. */
  readonly every?: Duration
  /** Whose clock `cron` reads: `Europe/Berlin`. Default UTC. */
  readonly timezone?: string
  /** No tick before it. */
  readonly start?: Date | string | number
  /** No tick after it. */
  readonly end?: Date | string | number
}

export const RULE_KEYS = [
  'cron',
  'every',
  'timezone',
  'start',
  'end',
] as const satisfies (keyof RuleOptions)[]

/** As it is stored. Times are ms. */
export interface Rule {
  /** Null: by `every`. */
  readonly cron: string | null
  readonly timezone: string
  /** Null: by `cron`. */
  readonly every: number | null
  readonly start: number | null
  readonly end: number | null
}

const SHORTEST = 1_000
/** Sparser than that is no rule that matches at all: a 29 February that is a Monday comes within 40 years. */
const SPARSEST = 45 * 366 * 86_400_000

/**
 * The rule that the options say.
 * @param bareUnit milliseconds that a bare number counts, see parseDuration
 * @throws WindlassError `invalid_schedule`, `invalid_duration`, `invalid_option`
 */
export function readRule(options: RuleOptions, bareUnit: 1 | 1_000): Rule {
  const { cron, every, timezone, start, end } = options
  if ((cron === undefined) === (every === undefined))
    throw new WindlassError('invalid_schedule', 'a schedule says cron or every, and not both')
  if (every !== undefined && timezone !== undefined)
    throw new WindlassError('invalid_schedule', 'timezone goes with cron: an interval is the same everywhere')
  const rule: Rule = {
    cron: cron === undefined ? null : readCron(cron),
    timezone: timezone === undefined ? 'UTC' : readTimezone(timezone),
    every: every === undefined ? null : readEvery(every, bareUnit),
    start: start === undefined ? null : readInstant(start, 'start', bareUnit),
    end: end === undefined ? null : readInstant(end, 'end', bareUnit),
  }
  if (rule.end !== null && nextTick(rule, (rule.start ?? 0) - 1) === null)
    throw new WindlassError('invalid_schedule', 'there is no tick between start and end')
  return rule
}

function readEvery(value: unknown, bareUnit: 1 | 1_000): number {
  const ms = parseDuration(value, 'every', bareUnit)
  if (ms >= SHORTEST) return ms
  throw new WindlassError('invalid_schedule', `every is 1 s at least, not ${show(value)}`)
}

/** The first tick after an instant; null: there is none. */
export function nextTick(rule: Rule, after: number): number | null {
  const from = rule.start === null ? after : Math.max(after, rule.start - 1)
  const tick = rule.cron === null ? nextInterval(rule, from) : nextCronTick(rule.cron, rule.timezone, from)
  return tick === null || (rule.end !== null && tick > rule.end) ? null : tick
}

function nextInterval({ every, start }: Rule, after: number): number {
  const origin = start ?? 0
  const step = every ?? SHORTEST
  return origin + (Math.floor((after - origin) / step) + 1) * step
}

/** Ticks from `from` to `to`, both included, the oldest first; at most `limit`, the rest is left out. */
export function ticksBetween(rule: Rule, from: number, to: number, limit: number): number[] {
  const ticks: number[] = []
  for (let tick = nextTick(rule, from - 1); tick !== null && tick <= to; tick = nextTick(rule, tick)) {
    if (ticks.length >= limit) break
    ticks.push(tick)
  }
  return ticks
}

/** The newest ticks up to and with `to`, `count` at most, none before `from`; the oldest first. */
export function newestTicks(rule: Rule, from: number, to: number, count: number): number[] {
  // From `few` on there are fewer than wanted, from `many` on more than twice as many: what lies between is halved, so
  // that no more is enumerated than asked for, however unevenly the ticks lie.
  let few = to + 1
  let many: number | null = null
  for (let back = SHORTEST; ;) {
    const begin: number = many === null ? Math.max(from, to - back) : Math.floor((many + few) / 2)
    const ticks = ticksBetween(rule, begin, to, 2 * count)
    if (ticks.length >= 2 * count) {
      many = begin
      continue
    }
    const last = many === null && (begin <= from || back > SPARSEST)
    if (ticks.length >= count || last) return ticks.slice(-count)
    few = begin
    back *= 2
  }
}
