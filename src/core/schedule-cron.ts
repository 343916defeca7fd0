// Cron patterns: the library croner parses them and finds what fits on a calendar without jumps; where clocks change,
// the rules are ours (docs/guides/schedules.md), because the library loses times that are jumped over at midnight.
// Promises ticks at whole seconds, and errors that name the field and its position.

import { Cron } from 'croner'

import { show } from './duration.ts'
import { WindlassError } from './errors.ts'
import { instantOf, nextChange, offsetAt } from './zone-clock.ts'

const WAY = { mode: '5-or-6-parts', utcOffset: 0 } as const

const FIELDS = ['second', 'minute', 'hour', 'day of month', 'month', 'day of week']

const NICKNAMES: Readonly<Record<string, string>> = {
  '@yearly': '0 0 1 1 *',
  '@annually': '0 0 1 1 *',
  '@monthly': '0 0 1 * *',
  '@weekly': '0 0 * * 0',
  '@daily': '0 0 * * *',
  '@midnight': '0 0 * * *',
  '@hourly': '0 * * * *',
}

interface Parsed {
  readonly cron: Cron
  /** Its time of day is named, without `*`, `?` and `/`. */
  readonly names: boolean
}

/** Patterns that are kept parsed. Beyond it all are forgotten: parsing one costs no more than a few of its ticks. */
const KEPT = 5_000
const kept = new Map<string, Parsed>()

/**
 * The next tick after an instant, both in ms since the epoch; null: there is none. Where the pattern names times, one
 * that the clock jumps over comes right after the jump, and one that it shows twice comes once. Any other pattern goes
 * by what the clock shows.
 */
export function nextCronTick(pattern: string, timezone: string, after: number): number | null {
  const parsed = parse(pattern)
  return parsed.names ? nextNamed(parsed.cron, timezone, after) : nextShown(parsed.cron, timezone, after)
}

function nextNamed(cron: Cron, zone: string, after: number): number | null {
  let reading = nextReading(cron, after + offsetAt(zone, after))
  for (; reading !== null; reading = nextReading(cron, reading)) {
    const tick = instantOf(zone, reading)
    // Not after it, where the clock shows times for the second time.
    if (tick > after) return tick
  }
  return null
}

function nextShown(cron: Cron, zone: string, after: number): number | null {
  for (let from = after; ;) {
    const offset = offsetAt(zone, from)
    const reading = nextReading(cron, from + offset)
    if (reading === null) return null
    const change = nextChange(zone, from, reading - offset)
    if (change === null) return reading - offset
    // From the change on the clock shows other times, the first of them included.
    const shown = nextReading(cron, change + offsetAt(zone, change) - 1)
    if (shown !== null && shown === change + offsetAt(zone, change)) return change
    from = change
  }
}

/** The next reading of a clock that fits, after another one. */
function nextReading(cron: Cron, after: number): number | null {
  // It knows whole seconds only: what comes after 10.5 s comes after 10 s.
  return cron.nextRun(new Date(Math.floor(after / 1_000) * 1_000))?.getTime() ?? null
}

function parse(pattern: string): Parsed {
  const known = kept.get(pattern)
  if (known !== undefined) return known
  if (kept.size >= KEPT) kept.clear()
  const fields = pattern.split(' ')
  const time = fields.slice(0, fields.length - 3).join(' ')
  const parsed = { cron: new Cron(pattern, WAY), names: !/[*?/]/.test(time) }
  kept.set(pattern, parsed)
  return parsed
}

/**
 * A pattern with single spaces between its fields.
 * @throws WindlassError `invalid_schedule` with the field and its position (from 1) in `detail`, or because it never matches
 */
export function readCron(value: unknown): string {
  if (typeof value !== 'string' || value.trim() === '')
    throw new WindlassError('invalid_schedule', `cron is a text of 5 or 6 fields, not ${show(value)}`)
  const pattern = value.trim().replace(/\s+/g, ' ')
  const nickname = NICKNAMES[pattern.toLowerCase()]
  if (nickname !== undefined) return nickname
  checkCount(pattern)
  const refusal = refusalOf(pattern)
  if (refusal !== null) throw explain(value, pattern, refusal)
  if (nextReading(parse(pattern).cron, Date.UTC(2000, 0, 1)) !== null) return pattern
  throw new WindlassError('invalid_schedule', `cron ${show(pattern)} never matches: there is no such day`, {
    hint: 'Check day of month and month together: 30 February does not come.',
  })
}

function checkCount(pattern: string): void {
  const count = pattern.split(' ').length
  if (count === 5 || count === 6) return
  throw new WindlassError(
    'invalid_schedule',
    `cron has 5 fields, or 6 with seconds first, not ${count}: ${show(pattern)}`,
    {
      hint: `Write: minute hour day-of-month month day-of-week, such as \`0 2 * * *\`, or ${Object.keys(NICKNAMES).join(', ')}.`,
    },
  )
}

/** Why the library refuses it; null: it does not. */
function refusalOf(pattern: string): string | null {
  try {
    void new Cron(pattern, WAY)
    return null
  } catch (error) {
    return error instanceof Error ? error.message.replace(/^CronPattern: /, '') : 'unknown'
  }
}

/** The first field that is refused also where all others are `*`. */
function explain(given: string, pattern: string, refusal: string): WindlassError {
  const fields = pattern.split(' ')
  const hint =
    'Five fields: minute hour day-of-month month day-of-week, such as `0 2 * * *` or `*/5 * * * MON-FRI`.'
  const wrong = fields.findIndex(
    (_, i) => refusalOf(fields.map((field, other) => (other === i ? field : '*')).join(' ')) !== null,
  )
  const field = fields[wrong]
  if (field === undefined)
    return new WindlassError('invalid_schedule', `cron ${show(pattern)}: ${refusal}`, { hint })
  const name = FIELDS[wrong + FIELDS.length - fields.length] ?? 'field'
  const position = startOf(given, wrong) + 1
  return new WindlassError(
    'invalid_schedule',
    `cron ${show(pattern)}: ${name} ${show(field)} at position ${position}: ${refusal}`,
    { hint, detail: { field: name, value: field, position } },
  )
}

/** Where the field with this index starts in the text as it was given. */
function startOf(given: string, index: number): number {
  return [...given.matchAll(/\S+/g)][index]?.index ?? 0
}
