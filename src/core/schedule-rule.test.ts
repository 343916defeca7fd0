/** Rules of schedules: what is accepted, what is refused and how, and which ticks follow. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { WindlassError } from './errors.ts'
import { newestTicks, nextTick, readRule, ticksBetween, type RuleOptions } from './schedule-rule.ts'

const at = (text: string): number => Date.parse(text)
const texts = (ticks: readonly (number | null)[]): (string | null)[] =>
  ticks.map((tick) => (tick === null ? null : new Date(tick).toISOString().replace('.000Z', 'Z')))

function ticksAfter(options: RuleOptions, from: string, count: number): (string | null)[] {
  return texts(ticksBetween(readRule(options, 1), at(from) + 1, Number.MAX_SAFE_INTEGER, count))
}

function refusal(options: RuleOptions): WindlassError {
  try {
    readRule(options, 1)
  } catch (error) {
    assert.ok(error instanceof WindlassError)
    return error
  }
  assert.fail(`${JSON.stringify(options)} was not refused`)
}

test('cron has five fields, six with seconds, names, ranges, steps, L, W, # and nicknames', () => {
  const from = '2026-02-10T12:00:00Z'
  const first = (cron: string): unknown => ticksAfter({ cron }, from, 1)[0]
  assert.equal(first('5 13 * * *'), '2026-02-10T13:05:00Z')
  assert.equal(first('30 5 13 * * *'), '2026-02-10T13:05:30Z')
  assert.equal(first('0 9 * MAR MON-FRI'), '2026-03-02T09:00:00Z')
  assert.equal(first('*/20 * * * *'), '2026-02-10T12:20:00Z')
  assert.equal(first('0 0 L * *'), '2026-02-28T00:00:00Z')
  assert.equal(first('0 0 14W * *'), '2026-02-13T00:00:00Z')
  assert.equal(first('0 0 * * FRI#3'), '2026-02-20T00:00:00Z')
  assert.equal(first('0 0 * * FRIL'), '2026-02-27T00:00:00Z')
  assert.equal(first('@hourly'), '2026-02-10T13:00:00Z')
  assert.equal(first('@Daily'), '2026-02-11T00:00:00Z')
  assert.equal(first('  0   6  * * * '), '2026-02-11T06:00:00Z')
})

test('a day of month and a day of week mean either of them', () => {
  assert.deepEqual(ticksAfter({ cron: '0 0 13 * FRI' }, '2026-02-07T00:00:00Z', 3), [
    '2026-02-13T00:00:00Z',
    '2026-02-20T00:00:00Z',
    '2026-02-27T00:00:00Z',
  ])
})

test('29 February comes every four years, and not in 2100', () => {
  assert.deepEqual(ticksAfter({ cron: '0 0 29 2 *' }, '2095-01-01T00:00:00Z', 2), [
    '2096-02-29T00:00:00Z',
    '2104-02-29T00:00:00Z',
  ])
})

test('what is wrong in a pattern is told with its field and its position', () => {
  for (const [cron, field, position] of [
    ['61 * * * *', 'minute', 1],
    ['0 25 * * *', 'hour', 3],
    ['0 0 32 * *', 'day of month', 5],
    ['0  0 * FOO *', 'month', 8],
    ['* * * * * 9', 'day of week', 11],
    ['99 * * * * *', 'second', 1],
    ['*/0 * * * *', 'minute', 1],
  ] as const) {
    const { code, detail, message, hint } = refusal({ cron })
    assert.deepEqual([code, detail['field'], detail['position']], ['invalid_schedule', field, position], cron)
    assert.match(message, new RegExp(`position ${position}`))
    assert.match(hint, /minute hour/)
  }
})

test('patterns of another number of fields, and those that never match, are refused', () => {
  for (const cron of ['* * * *', '* * * * * * 2026', '@reboot', '', ' '])
    assert.equal(refusal({ cron }).code, 'invalid_schedule', cron)
  for (const cron of ['0 0 30 2 *', '0 0 31 4,6,9,11 *', '0 0 31 FEB *'])
    assert.match(refusal({ cron }).message, /never matches/)
})

test('a time zone that there is not is refused with the nearest one', () => {
  const { code, message } = refusal({ cron: '0 2 * * *', timezone: 'Europe/Berln' })
  assert.deepEqual([code, message.includes('did you mean "Europe/Berlin"?')], ['invalid_schedule', true])
  for (const timezone of ['+02:00', '', 'Mars/Base'])
    assert.equal(refusal({ cron: '0 2 * * *', timezone }).code, 'invalid_schedule')
})

test('the clock of the zone counts, at the changes of Berlin as the guide says', () => {
  const timezone = 'Europe/Berlin'
  assert.deepEqual(ticksAfter({ cron: '30 2 * * *', timezone }, '2026-03-28T00:00:00Z', 3), [
    '2026-03-28T01:30:00Z',
    '2026-03-29T01:00:00Z',
    '2026-03-30T00:30:00Z',
  ])
  assert.deepEqual(ticksAfter({ cron: '30 2 * * *', timezone }, '2026-10-24T12:00:00Z', 2), [
    '2026-10-25T00:30:00Z',
    '2026-10-26T01:30:00Z',
  ])
  assert.deepEqual(ticksAfter({ cron: '30 * * * *', timezone }, '2026-10-24T23:45:00Z', 3), [
    '2026-10-25T00:30:00Z',
    '2026-10-25T01:30:00Z',
    '2026-10-25T02:30:00Z',
  ])
  // Asked in the hour that is shown for the second time.
  assert.deepEqual(ticksAfter({ cron: '15,45 2 * * *', timezone }, '2026-10-25T01:20:00Z', 1), [
    '2026-10-26T01:15:00Z',
  ])
})

test('an interval lies on multiples from 1970, or from its start, whenever it is asked', () => {
  assert.deepEqual(ticksAfter({ every: '90s' }, '2026-01-01T00:00:10Z', 2), [
    '2026-01-01T00:01:30Z',
    '2026-01-01T00:03:00Z',
  ])
  const start = '2026-01-01T00:00:20Z'
  assert.deepEqual(ticksAfter({ every: '1m', start }, '2025-01-01T00:00:00Z', 2), [
    '2026-01-01T00:00:20Z',
    '2026-01-01T00:01:20Z',
  ])
})

test('intervals are 1 s at least, and a schedule says cron or every', () => {
  assert.equal(refusal({ every: 999 }).code, 'invalid_schedule')
  assert.equal(refusal({ every: 'soon' as '1s' }).code, 'invalid_duration')
  assert.equal(refusal({}).code, 'invalid_schedule')
  assert.equal(refusal({ every: '1s', cron: '* * * * *' }).code, 'invalid_schedule')
  assert.equal(refusal({ every: '1s', timezone: 'UTC' }).code, 'invalid_schedule')
})

test('there are no ticks before the start and after the end, both included', () => {
  const rule = readRule({ cron: '0 * * * *', start: '2026-01-01T10:00:00Z', end: '2026-01-01T12:00:00Z' }, 1)
  assert.deepEqual(texts(ticksBetween(rule, 0, Number.MAX_SAFE_INTEGER, 10)), [
    '2026-01-01T10:00:00Z',
    '2026-01-01T11:00:00Z',
    '2026-01-01T12:00:00Z',
  ])
  assert.equal(nextTick(rule, at('2026-01-01T12:00:00Z')), null)
  assert.match(
    refusal({ cron: '0 0 1 1 *', start: '2026-02-01', end: '2026-03-01' }).message,
    /no tick between start and end/,
  )
})

test('the newest ticks are found however unevenly they lie', () => {
  const to = at('2026-07-01T00:00:00Z')
  const burst = readRule({ cron: '* * 2 1 1 *' }, 1)
  assert.deepEqual(texts(newestTicks(burst, 0, to, 2)), ['2026-01-01T02:59:58Z', '2026-01-01T02:59:59Z'])
  assert.equal(newestTicks(burst, 0, to, 1_000).length, 1_000)
  const yearly = readRule({ cron: '0 0 29 2 *' }, 1)
  assert.deepEqual(texts(newestTicks(yearly, 0, to, 1)), ['2024-02-29T00:00:00Z'])
  const short = readRule({ every: '1s', start: '2026-06-30T23:59:58Z' }, 1)
  assert.equal(newestTicks(short, 0, to, 10).length, 3)
  assert.deepEqual(newestTicks(short, to + 1, to, 10), [])
  assert.deepEqual(newestTicks(readRule({ every: '1s' }, 1), to, to, 5), [to])
})
