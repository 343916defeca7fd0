// The mark of an outcome: equal exactly when kind, target, delay, reason, result and error message are equal.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import type { Outcome } from './hot-verbs.ts'
import { wordsAsError } from './kept-error.ts'
import { outcomeMark } from './outcome-mark.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

/** Texts that look like parts of a mark, and such as are just short and just long enough for the digest. */
const texts = [
  '',
  ':',
  '#',
  'null',
  '0',
  '"',
  ':x',
  'x'.repeat(31),
  'x'.repeat(32),
  'y'.repeat(31),
  'y'.repeat(32),
]

const outcome: fc.Arbitrary<Outcome> = fc.record({
  kind: fc.constantFrom('succeed', 'retry', 'die', 'release'),
  to: fc.constantFrom('succeeded', 'scheduled', 'dead', 'ready'),
  delay: fc.constantFrom(0, 1, 1_000),
  charge: fc.constantFrom({}, { failures: 1 }),
  reason: fc.constantFrom(null, 'failed', 'timeout'),
  result: fc.constantFrom(null, ...texts),
  error: fc
    .constantFrom(null, ...texts)
    .map((words) => (words === null ? null : wordsAsError(null, 'E', words))),
  warnings: fc.constantFrom([], ['a stall']),
})

const compared = ({ kind, to, delay, reason, result, error }: Outcome): string =>
  JSON.stringify([kind, to, delay, reason, result, error?.message ?? null])

test('two marks are equal exactly when what the contract compares is equal', () => {
  fc.assert(
    fc.property(outcome, outcome, (a, b) => {
      assert.equal(outcomeMark(a) === outcomeMark(b), compared(a) === compared(b))
    }),
    { numRuns: 1_000 },
  )
})

test('changing any one field that is compared changes the mark, changing others does not', () => {
  fc.assert(
    fc.property(outcome, outcome, (a, b) => {
      for (const field of ['kind', 'to', 'delay', 'reason', 'result', 'error'] as const) {
        const changed = { ...a, [field]: b[field] }
        assert.equal(outcomeMark(changed) === outcomeMark(a), compared(changed) === compared(a), field)
      }
      assert.equal(outcomeMark({ ...a, charge: b.charge, warnings: b.warnings }), outcomeMark(a))
    }),
  )
})

test('no result and an empty one are two outcomes', () => {
  const base = {
    kind: 'succeed',
    to: 'succeeded',
    delay: 0,
    charge: {},
    reason: null,
    error: null,
    warnings: [],
  } as const
  assert.notEqual(outcomeMark({ ...base, result: null }), outcomeMark({ ...base, result: '' }))
})

test('a mark is short, however much the outcome carries', () => {
  fc.assert(
    fc.property(outcome, fc.nat(5_000), (one, times) => {
      const result = one.result === null ? null : one.result.repeat(times)
      assert.ok(outcomeMark({ ...one, result }).length <= 60)
    }),
  )
})
