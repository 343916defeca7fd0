/** Which open ticks fire, by how late they are: missed ticks, grace, schedules that were held back. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { newestTicks, readRule, ticksBetween } from './schedule-rule.ts'
import { chooseTicks, missedWord, readMissed, type Missed } from './schedule-ticks.ts'

const HOUR = 3_600_000
const DUE = Date.UTC(2026, 0, 1)
const hourly = readRule({ every: '1h' }, 1)

/** Which hours fire, and which are skipped, when a scheduler looks `late` after the first one. */
function choose(missed: Missed, late: number, grace = 60_000, dueAt = DUE) {
  const choice = chooseTicks(hourly, dueAt, DUE + late, { grace, missed: readMissed(missed) })
  const hour = (tick: number): number => (tick - DUE) / HOUR
  const { skipped } = choice
  return [
    choice.fire.map(hour),
    skipped === null ? null : [hour(skipped.from), hour(skipped.to), skipped.count],
  ]
}

test('a tick within its grace fires, whatever the policy', () => {
  for (const missed of ['skip', 'once', 'all'] as const) {
    assert.deepEqual(choose(missed, 60_000), [[0], null])
    assert.deepEqual(choose(missed, 2 * HOUR, 3 * HOUR), [[0, 1, 2], null])
  }
})

test('three missed ticks: none fires with skip, one with once, three with all', () => {
  const late = 2 * HOUR + 61_000
  assert.deepEqual(choose('skip', late), [[], [0, 2, 3]])
  assert.deepEqual(choose('once', late), [[2], [0, 1, 2]])
  assert.deepEqual(choose('all', late), [[0, 1, 2], null])
  assert.deepEqual(choose('all:2', late), [
    [1, 2],
    [0, 0, 1],
  ])
})

test('what is late is made up for beside what is on time', () => {
  assert.deepEqual(choose('skip', 2 * HOUR), [[2], [0, 1, 2]])
  assert.deepEqual(choose('once', 2 * HOUR), [[2], [0, 1, 2]])
  assert.deepEqual(choose('all:1', 2 * HOUR), [
    [1, 2],
    [0, 0, 1],
  ])
})

test('of a schedule that was held back the newest tick fires, however late', () => {
  const held = DUE + 1
  assert.deepEqual(choose('skip', HOUR / 2, 0, held), [[0], null])
  assert.deepEqual(choose('all', 2 * HOUR, 0, held), [[2], [0, 1, 2]])
})

test('a stop of years costs a bounded look, and says that it did not count', () => {
  const rule = readRule({ every: '1s' }, 1)
  const now = DUE + 3 * 365 * 24 * HOUR
  const { fire, skipped } = chooseTicks(rule, DUE, now, { grace: 0, missed: readMissed('all:1000') })
  assert.deepEqual([fire.length, fire.at(-1), fire[0]], [1_001, now, now - 1_000_000])
  assert.deepEqual(skipped, { from: DUE, to: now - 1_001_000, count: null })
  const one = chooseTicks(rule, DUE, now, { grace: HOUR, missed: readMissed('once') })
  assert.deepEqual([one.fire, one.skipped?.to], [[now], now - 1_000])
})

test('the words of missed are read and told', () => {
  for (const word of ['skip', 'once', 'all:7'] as const) assert.equal(missedWord(readMissed(word)), word)
  assert.equal(missedWord(readMissed('all')), 'all:100')
  for (const wrong of ['all:0', 'all:1001', 'never', 3, 'all:'])
    assert.throws(() => readMissed(wrong), { code: 'invalid_schedule' })
})

test('of any open ticks each is fired or told as skipped, by the policy', () => {
  const policies = fc.oneof(
    fc.constantFrom<Missed>('skip', 'once'),
    fc.integer({ min: 1, max: 50 }).map((n): Missed => `all:${n}`),
  )
  const spans = fc.integer({ min: 1, max: 300 })
  fc.assert(
    fc.property(policies, spans, spans, spans, (missed, step, late, grace) => {
      const rule = readRule({ every: step * 1_000, start: new Date(DUE) }, 1)
      const now = DUE + late * 1_000
      const open = Array.from({ length: Math.floor(late / step) + 1 }, (_, i) => DUE + i * step * 1_000)
      const { fire, skipped, held } = chooseTicks(rule, DUE, now, {
        grace: grace * 1_000,
        missed: readMissed(missed),
      })
      assert.equal(held, false)
      assert.deepEqual(fire, open.slice(open.length - fire.length))
      assert.equal((skipped?.count ?? 0) + fire.length, open.length)
      const overdue = open.filter((tick) => now - tick > grace * 1_000).length
      const made = fire.filter((tick) => now - tick > grace * 1_000).length
      if (missed === 'skip') assert.equal(made, 0)
      else if (missed === 'once') assert.equal(fire.length, overdue > 0 ? 1 : open.length)
      else assert.equal(made, Math.min(overdue, readMissed(missed)))
    }),
  )
})

test('the newest ticks are those of a plain enumeration', () => {
  const patterns = ['* * * * *', '*/7 3,4 * * *', '0 */5 * * *', '15,16 2 * * MON', '30 4 1 * *']
  const days = fc.integer({ min: 0, max: 60 * 24 * 60 })
  fc.assert(
    fc.property(
      fc.constantFrom(...patterns),
      days,
      fc.integer({ min: 1, max: 20 }),
      fc.integer({ min: 0, max: 3 * 24 * 60 }),
      (cron, minutes, count, span) => {
        const rule = readRule({ cron, timezone: 'Europe/Berlin' }, 1)
        const to = Date.UTC(2026, 2, 1) + minutes * 60_000
        const from = to - span * 60_000
        assert.deepEqual(
          newestTicks(rule, from, to, count),
          ticksBetween(rule, from, to, 10_000).slice(-count),
        )
      },
    ),
  )
})
