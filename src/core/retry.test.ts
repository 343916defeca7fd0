// Retry rules: every way to say them, no way to say two at once, and delays within their bounds at every failure.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'

import fc from 'fast-check'

import { WindlassError } from './errors.ts'
import { LIMITS } from './limits.ts'
import type { RetryPolicy } from './record.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY, readRetry, retryDelay } from './retry.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const ms = fc.oneof(fc.constantFrom(0, 1, LIMITS.duration), fc.integer({ min: 0, max: LIMITS.duration }))
const retries = fc.oneof(fc.nat(5), fc.integer({ min: 0, max: LIMITS.retries }))
const random = fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true })
const fixed = fc.record({ kind: fc.constant('fixed' as const), retries, delay: ms })
const list = fc.record({
  kind: fc.constant('list' as const),
  retries,
  delays: fc.array(ms, { minLength: 1, maxLength: 5 }),
})
const exponential = fc.record({
  kind: fc.constant('exponential' as const),
  retries,
  base: ms,
  factor: fc.double({ min: 1, max: 10, noNaN: true }),
  cap: ms,
  jitter: fc.double({ min: 0, max: 1, noNaN: true }),
})
const policies: fc.Arbitrary<RetryPolicy> = fc.oneof(fixed, list, exponential)
const OTHER: RetryPolicy = { kind: 'exponential', retries: 7, base: 5, factor: 3, cap: 50, jitter: 0 }

function refuses(option: unknown, code = 'invalid_option'): void {
  assert.throws(
    () => readRetry(option),
    (error) => error instanceof WindlassError && error.code === code,
    inspect(option),
  )
}

test('the defaults are 3 retries 60 s apart; 3 crashes, 10 losses, waits of 0, 10 and 60 s', () => {
  assert.deepEqual(DEFAULT_RETRY, { kind: 'fixed', retries: 3, delay: 60_000 })
  assert.deepEqual(DEFAULT_CRASH, { crashes: 3, losses: 10, delays: [0, 10_000, 60_000] })
  assert.deepEqual(readRetry(undefined), DEFAULT_RETRY)
})

test('each way to say it has its data form', () => {
  assert.deepEqual(readRetry(undefined, OTHER), OTHER)
  assert.deepEqual(readRetry(false, OTHER), { kind: 'fixed', retries: 0, delay: 0 })
  assert.deepEqual(readRetry(9, OTHER), { ...OTHER, retries: 9 })
  assert.deepEqual(readRetry({}, OTHER), OTHER)
  assert.deepEqual(readRetry({ retries: 9 }, OTHER), { ...OTHER, retries: 9 })
  assert.deepEqual(readRetry({ delay: '5s' }, OTHER), { kind: 'fixed', retries: 7, delay: 5_000 })
  assert.deepEqual(readRetry({ backoff: 'fixed' }, OTHER), { kind: 'fixed', retries: 7, delay: 60_000 })
  assert.deepEqual(readRetry({ backoff: 'fixed', delay: 2 }), { kind: 'fixed', retries: 3, delay: 2 })
})

test('a list means as many retries as waits, unless retries are said', () => {
  const delays = ['10s', '30s', '90s'] as const
  const waits = [10_000, 30_000, 90_000]
  assert.deepEqual(readRetry({ delays }), { kind: 'list', retries: 3, delays: waits })
  assert.deepEqual(readRetry({ delays, retries: 5 }), { kind: 'list', retries: 5, delays: waits })
})

test('an exponential back-off takes its retries from what holds else, as the others do', () => {
  const said = readRetry({ backoff: 'exponential' }, { kind: 'fixed', retries: 8, delay: 1 })
  assert.deepEqual(said, {
    kind: 'exponential',
    retries: 8,
    base: 1_000,
    factor: 2,
    cap: 3_600_000,
    jitter: 0.1,
  })
})

test('bare numbers are milliseconds or seconds, and the defaults are the same in both', () => {
  assert.deepEqual(readRetry({ delays: [1, '2s'] }, DEFAULT_RETRY, 1_000), {
    kind: 'list',
    retries: 2,
    delays: [1_000, 2_000],
  })
  const said = { backoff: 'exponential' } as const
  assert.deepEqual(readRetry(said, DEFAULT_RETRY, 1_000), readRetry(said, DEFAULT_RETRY, 1))
  assert.deepEqual(readRetry({ delay: 2 }, DEFAULT_RETRY, 1_000), { kind: 'fixed', retries: 3, delay: 2_000 })
})

test('what would be passed over in silence is refused', () => {
  for (const option of [
    { delays: ['1s'], delay: '1s' },
    { delays: ['1s'], backoff: 'exponential' },
    { delays: ['1s'], backoff: 'fixed' },
    { delay: '1s', backoff: 'exponential' },
    { base: '1s' },
    { factor: 2 },
    { cap: '1h' },
    { delay: '1s', jitter: 0.5 },
    { delays: ['1s'], jitter: 0.5 },
    { backoff: 'fixed', base: '1s' },
  ]) {
    refuses(option)
  }
})

test('what lies on a bound is taken, and −0 is 0', () => {
  for (const value of [0, 1, LIMITS.retries]) assert.equal(readRetry(value).retries, value)
  assert.ok(Object.is(readRetry(-0).retries, 0))
  for (const factor of [1, 10]) assert.ok('factor' in readRetry({ backoff: 'exponential', factor }))
  for (const jitter of [0, 1]) assert.ok('jitter' in readRetry({ backoff: 'exponential', jitter }))
  const least = readRetry({ backoff: 'exponential', jitter: -0 })
  assert.ok(least.kind === 'exponential' && Object.is(least.jitter, 0))
  assert.equal(readRetry({ delays: Array.from({ length: 100 }, () => 1) }).retries, 100)
})

test('what is out of bounds, or of another type, is refused', () => {
  for (const value of [-1, 1.5, Number.NaN, LIMITS.retries + 1, Number.POSITIVE_INFINITY]) {
    refuses(value)
    refuses({ retries: value })
  }
  for (const option of [true, 'three', 5n, () => 1, { retries: '3' }]) refuses(option)
  for (const backoff of ['linear', 'Exponential', null, 5]) refuses({ backoff })
  for (const factor of [0, 0.99, 10.01, '2', 2n, Number.NaN, [2]]) refuses({ backoff: 'exponential', factor })
  for (const jitter of [-0.1, 1.01, '0.5', true, Number.NaN]) refuses({ backoff: 'exponential', jitter })
  for (const delays of [[], 'x', { length: 1 }, Array.from({ length: 101 }, () => 1)]) refuses({ delays })
  const holes: unknown[] = ['1s']
  holes[3] = '1s'
  for (const delays of [['1s', -1], [null], ['x'], holes]) refuses({ delays }, 'invalid_duration')
  refuses({ delay: '-1s' }, 'invalid_duration')
  refuses({ backoff: 'exponential', cap: 'x' }, 'invalid_duration')
  refuses({ retires: 3 }, 'unknown_option')
  refuses(JSON.parse('{"__proto__":{"retries":1}}'), 'unknown_option')
})

test('whatever is given is read as a policy that can be stored, or refused with an error of the table', () => {
  const keys = ['retries', 'delays', 'delay', 'backoff', 'base', 'factor', 'cap', 'jitter']
  const value = fc.oneof(
    fc.nat(20),
    fc.constantFrom('1s', 'exponential', 'fixed', '', null),
    fc.array(fc.nat(9)),
    fc.anything(),
  )
  fc.assert(
    fc.property(fc.oneof(fc.dictionary(fc.constantFrom(...keys), value), fc.anything()), (option) => {
      try {
        const policy = readRetry(option)
        assert.deepEqual(JSON.parse(JSON.stringify(policy)), policy)
        const delay = retryDelay(policy, 1, 0.5)
        assert.ok(delay === null || Number.isSafeInteger(delay))
      } catch (error) {
        assert.ok(error instanceof WindlassError, String(error))
      }
    }),
    { numRuns: 1_000 },
  )
})

test('a delay is a whole number within ten years while retries are left, and none is given after', () => {
  fc.assert(
    fc.property(
      policies,
      fc.integer({ min: 1, max: LIMITS.retries + 2 }),
      random,
      (policy, failures, chance) => {
        const delay = retryDelay(policy, failures, chance)
        if (failures > policy.retries) return assert.equal(delay, null)
        assert.ok(delay !== null && Number.isSafeInteger(delay) && delay >= 0 && delay <= LIMITS.duration)
      },
    ),
    { numRuns: 1_000 },
  )
})

test('a task fails as often as it has retries, and once more (I10)', () => {
  fc.assert(
    fc.property(policies, (policy) => {
      fc.pre(policy.retries <= 50)
      let failures = 1
      while (retryDelay(policy, failures, 0) !== null) failures++
      assert.equal(failures, policy.retries + 1)
    }),
  )
})

test('a list gives its waits in order and repeats the last one', () => {
  const policy: RetryPolicy = { kind: 'list', retries: 5, delays: [10, 30, 90] }
  assert.deepEqual(
    [1, 2, 3, 4, 5, 6].map((failures) => retryDelay(policy, failures, 0.9)),
    [10, 30, 90, 90, 90, null],
  )
})

test('an exponential wait grows to its cap, and the jitter adds no more than its part', () => {
  fc.assert(
    fc.property(exponential, fc.integer({ min: 1, max: 2_000 }), random, (policy, failures, chance) => {
      fc.pre(failures < policy.retries)
      const at = (count: number, draw: number): number => retryDelay(policy, count, draw) ?? Number.NaN
      assert.ok(at(failures, 0) <= policy.cap)
      assert.ok(at(failures + 1, 0) >= at(failures, 0))
      assert.ok(at(failures, chance) >= at(failures, 0))
      assert.ok(at(failures, chance) <= Math.min(LIMITS.duration, at(failures, 0) * (1 + policy.jitter) + 2))
    }),
    { numRuns: 500 },
  )
  const policy: RetryPolicy = {
    kind: 'exponential',
    retries: 9,
    base: 100,
    factor: 2,
    cap: 1_000,
    jitter: 0.5,
  }
  assert.deepEqual(
    [1, 2, 4, 5].map((n) => retryDelay(policy, n, 0)),
    [100, 200, 800, 1_000],
  )
  assert.equal(retryDelay(policy, 5, 0.999_999), 1_500)
})

test('no wait at all stays none, however often it is doubled', () => {
  const policy: RetryPolicy = {
    kind: 'exponential',
    retries: 10_000,
    base: 0,
    factor: 10,
    cap: 1_000,
    jitter: 1,
  }
  for (const failures of [1, 400, 5_000]) assert.equal(retryDelay(policy, failures, 0.5), 0)
})
