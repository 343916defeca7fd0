// Durations: what is written is read, in whole milliseconds, within the bounds, with the unit of its surface.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { formatDuration, parseDuration, show } from './duration.ts'
import { WindlassError } from './errors.ts'
import { LIMITS } from './limits.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const UNITS = { ms: 1, s: 1_000, m: 60_000, min: 60_000, h: 3_600_000, d: 86_400_000 } as const
const ms = fc.integer({ min: 0, max: LIMITS.duration })

function refuses(value: unknown, bareUnit: 1 | 1_000 = 1): string {
  try {
    parseDuration(value, 'delay', bareUnit)
  } catch (error) {
    assert.ok(error instanceof WindlassError && error.code === 'invalid_duration', String(error))
    assert.ok(error.message.startsWith('delay is no duration between 0 and 10 years: '))
    return error.message
  }
  return assert.fail(`${show(value)} was taken`)
}

test('a number is milliseconds in TypeScript and seconds elsewhere; a unit says the same everywhere', () => {
  assert.equal(parseDuration(1_500, 'delay'), 1_500)
  assert.equal(parseDuration('1500', 'delay'), 1_500)
  assert.equal(parseDuration(1.5, 'delay', 1_000), 1_500)
  assert.equal(parseDuration('1.5', 'delay', 1_000), 1_500)
  for (const bareUnit of [1, 1_000] as const) {
    assert.equal(parseDuration('500ms', 'delay', bareUnit), 500)
    assert.equal(parseDuration(' 30s ', 'delay', bareUnit), 30_000)
    assert.equal(parseDuration('5m', 'delay', bareUnit), 300_000)
    assert.equal(parseDuration('1h', 'delay', bareUnit), 3_600_000)
    assert.equal(parseDuration('7d', 'delay', bareUnit), 604_800_000)
  }
})

test('every count of every unit within the bound is read exactly', () => {
  fc.assert(
    fc.property(fc.constantFrom(...Object.entries(UNITS)), fc.nat(4_000), ([unit, size], count) => {
      fc.pre(count * size <= LIMITS.duration)
      assert.equal(parseDuration(`${count}${unit}`, 'delay'), count * size)
      assert.equal(parseDuration(`${count} ${unit}`, 'delay'), count * size)
    }),
  )
})

test('what is printed for people is read as the same time, to a tenth of its unit', () => {
  fc.assert(
    fc.property(fc.oneof(ms, fc.nat(200_000)), (value) => {
      const text = formatDuration(value)
      const unit = UNITS[text.split(' ')[1] as keyof typeof UNITS]
      assert.ok(Math.abs(parseDuration(text, 'delay') - value) <= unit / 20, text)
      assert.ok(text.length <= 10, text)
    }),
    { numRuns: 500 },
  )
})

test('durations for people look as the docs say', () => {
  const shown = { 850: '850 ms', 1_500: '1.5 s', 720_000: '12 min', 11_520_000: '3.2 h', 345_600_000: '4 d' }
  for (const [value, text] of Object.entries(shown)) assert.equal(formatDuration(Number(value)), text)
  assert.equal(formatDuration(0), '0 ms')
  assert.equal(formatDuration(999.6), '1000 ms')
})

test('the answer is a whole number that is never −0', () => {
  assert.equal(parseDuration('0.4ms', 'delay'), 0)
  assert.equal(parseDuration(1.6, 'delay'), 2)
  assert.ok(Object.is(parseDuration(-0, 'delay'), 0))
  fc.assert(
    fc.property(fc.double({ min: 0, max: LIMITS.duration, noNaN: true }), (value) =>
      Number.isSafeInteger(parseDuration(value, 'delay')),
    ),
  )
})

test('ten years are taken, more are not, in either unit', () => {
  assert.equal(parseDuration(LIMITS.duration, 'delay'), LIMITS.duration)
  assert.equal(parseDuration('3653d', 'delay'), LIMITS.duration)
  refuses(LIMITS.duration + 1)
  refuses('3654d')
  refuses(LIMITS.duration, 1_000)
})

test('what is no duration is refused with the name of the option', () => {
  const strings = [
    '',
    ' ',
    's',
    '5x',
    '5S',
    '-5s',
    '+5s',
    '.5s',
    '5.s',
    '1e3ms',
    '0x10',
    '5 5s',
    '5s5m',
    '５s',
    '5  s',
  ]
  const numbers = [-1, -0.001, Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]
  const others = [null, undefined, true, 5n, [5], { valueOf: () => 5 }, new Date(5), Symbol('5s'), () => 5]
  for (const value of [...strings, ...numbers, ...others]) refuses(value)
  for (const word of ['constructor', '__proto__', 'toString']) refuses(`5${word}`)
})

test('a huge text is refused in a moment and in a short message', () => {
  const started = performance.now()
  for (const text of [
    '9'.repeat(2_000_000),
    `${'1'.repeat(2_000_000)}s`,
    ' '.repeat(2_000_000),
    `1${'.1'.repeat(1_000_000)}`,
  ]) {
    assert.ok(refuses(text).length < 150)
  }
  assert.ok(performance.now() - started < 5_000)
})

test('show is short, quotes text, tells no content of objects and never throws', () => {
  const revoked = Proxy.revocable([], {})
  revoked.revoke()
  const boom = Object.assign(() => 'secret', {
    toString: () => {
      throw new Error('boom')
    },
  })
  assert.equal(show('a "b"\n'), '"a \\"b\\"\\n"')
  assert.equal(show({ password: 'secret' }), 'an object')
  assert.equal(show([1]), 'a list')
  assert.equal(show(revoked.proxy), 'an object')
  assert.equal(show(boom), 'a function')
  assert.equal(show(10n ** 5_000n), 'a bigint')
  assert.equal(show(Symbol('x'.repeat(500))), 'a symbol')
  assert.equal(show(undefined), 'undefined')
  fc.assert(
    fc.property(
      fc.anything({ withBigInt: true, withNullPrototype: true }),
      (value) => show(value).length <= 400,
    ),
  )
  fc.assert(
    fc.property(
      fc.string({ minLength: 50, maxLength: 500, unit: 'grapheme-ascii' }),
      (s) => show(s).length <= 130,
    ),
  )
})
