/**
 * Ticks where clocks change, in every time zone of which the clock changes in the year, against an oracle of its own.
 *
 * The oracle knows no library and no rule of ours but the two sentences of docs/guides/schedules.md: it walks over the
 * time minute by minute and reads the clock of the zone from Intl.
 */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readRule, ticksBetween } from '../../src/core/schedule-rule.ts'

const MINUTE = 60_000
const HOUR = 60 * MINUTE
const DAY = 24 * HOUR
const YEAR = 2026

interface Pattern {
  readonly cron: string
  /** It names times: one that is jumped over comes right after the jump, one that is repeated comes once. */
  readonly names: boolean
  readonly fits: (hour: number, minute: number) => boolean
}

const PATTERNS: readonly Pattern[] = [
  { cron: '0 0 * * *', names: true, fits: (h, m) => h === 0 && m === 0 },
  { cron: '30 0 * * *', names: true, fits: (h, m) => h === 0 && m === 30 },
  { cron: '30 1 * * *', names: true, fits: (h, m) => h === 1 && m === 30 },
  { cron: '30 2 * * *', names: true, fits: (h, m) => h === 2 && m === 30 },
  { cron: '0,30 1-3 * * *', names: true, fits: (h, m) => h >= 1 && h <= 3 && m % 30 === 0 },
  { cron: '45 1,23 * * *', names: true, fits: (h, m) => (h === 1 || h === 23) && m === 45 },
  { cron: '*/15 * * * *', names: false, fits: (_, m) => m % 15 === 0 },
  { cron: '0 * * * *', names: false, fits: (_, m) => m === 0 },
  { cron: '20 */2 * * *', names: false, fits: (h, m) => h % 2 === 0 && m === 20 },
]

/** What the clock of a zone shows, as if it were UTC. */
function clockOf(zone: string): (at: number) => number {
  const format = new Intl.DateTimeFormat('en-US', {
    timeZone: zone,
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
  })
  return (at) => {
    const [month = 0, day = 0, year = 0, hour = 0, minute = 0] = (format.format(at).match(/\d+/g) ?? []).map(
      Number,
    )
    return Date.UTC(year, month - 1, day, hour, minute)
  }
}

/** The first minutes after each change of the clock in the year. */
function changesOf(show: (at: number) => number): number[] {
  const offset = (at: number): number => show(at) - at
  const changes: number[] = []
  for (let at = Date.UTC(YEAR, 0, 1); at < Date.UTC(YEAR + 1, 0, 1); at += DAY) {
    if (offset(at) === offset(at + DAY)) continue
    let [before, after] = [at, at + DAY]
    while (after - before > MINUTE) {
      const middle = before + Math.floor((after - before) / 2 / MINUTE) * MINUTE
      if (offset(middle) === offset(before)) before = middle
      else after = middle
    }
    changes.push(after)
  }
  return changes
}

/** The ticks after `from`, up to and with `to`. */
function walk(show: (at: number) => number, { fits, names }: Pattern, from: number, to: number): number[] {
  const matches = (shown: number): boolean => {
    const date = new Date(shown)
    return fits(date.getUTCHours(), date.getUTCMinutes())
  }
  const ticks: number[] = []
  // Names of times count once: what was shown already does not come again.
  let seen = show(from)
  for (let at = from + MINUTE; at <= to; at += MINUTE) {
    const shown = show(at)
    if (!names) {
      if (matches(shown)) ticks.push(at)
      continue
    }
    let due = false
    for (let passed = seen + MINUTE; passed <= shown; passed += MINUTE) due ||= matches(passed)
    if (due) ticks.push(at)
    seen = Math.max(seen, shown)
  }
  return ticks
}

test('ticks around every change of a clock in the year are those of the oracle', (t) => {
  let [zones, compared] = [0, 0]
  for (const zone of Intl.supportedValuesOf('timeZone')) {
    const show = clockOf(zone)
    const changes = changesOf(show)
    if (changes.length > 0) zones++
    for (const change of changes) {
      const [from, to] = [change - DAY, change + DAY]
      const known = new Map<number, number>()
      for (let at = from; at <= to; at += MINUTE) known.set(at, show(at))
      for (const pattern of PATTERNS) {
        const rule = readRule({ cron: pattern.cron, timezone: zone }, 1)
        const expected = walk((at) => known.get(at) ?? show(at), pattern, from, to)
        const actual = ticksBetween(rule, from + 1, to, 1_000)
        assert.deepEqual(
          actual.map((at) => new Date(at).toISOString()),
          expected.map((at) => new Date(at).toISOString()),
          `${pattern.cron} in ${zone}`,
        )
        compared += expected.length
      }
    }
  }
  t.diagnostic(`${zones} zones, ${compared} ticks`)
  assert.ok(zones > 100, `the clock changes in ${zones} zones only: is the data base there?`)
})
