// The table of limits: what DESIGN and CONTRACT promise in numbers, and defaults that lie within their own limits.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { parseDuration } from './duration.ts'
import { DEFAULTS, LIMITS } from './limits.ts'

test('every limit and every default is a whole number that is not negative, or says that there is none', () => {
  const numbers = (table: object): unknown[] =>
    Object.values(table).flatMap((value: unknown) =>
      typeof value === 'object' && value !== null ? numbers(value) : [value],
    )
  for (const value of numbers([LIMITS, DEFAULTS])) {
    if (typeof value === 'string' || value === null) continue
    assert.ok(Number.isSafeInteger(value) && Number(value) >= 0, JSON.stringify(value))
  }
})

test('the promised numbers are those of the design', () => {
  assert.equal(DEFAULTS.lease, parseDuration('30s', 'x'))
  assert.equal(DEFAULTS.timeout, parseDuration('15m', 'x'))
  assert.equal(DEFAULTS.drain, parseDuration('300s', 'x'))
  assert.equal(DEFAULTS.doubt, parseDuration('5m', 'x'))
  assert.equal(DEFAULTS.tombstone, parseDuration('48h', 'x'))
  assert.deepEqual(DEFAULTS.keep, { succeeded: parseDuration('24h', 'x'), dead: parseDuration('30d', 'x') })
  assert.deepEqual([DEFAULTS.concurrency, DEFAULTS.retries, DEFAULTS.priority], [10, 3, 0])
  assert.deepEqual([LIMITS.priorityMin, LIMITS.priorityMax], [0, 10])
  assert.deepEqual([LIMITS.promote, LIMITS.batchBytes, LIMITS.exactCount], [1_000, 1024 * 1024, 10_000])
})

test('defaults lie within their limits, and parts within the whole', () => {
  assert.ok(DEFAULTS.leaseMin <= DEFAULTS.lease && DEFAULTS.lease <= DEFAULTS.leaseMax)
  assert.ok(DEFAULTS.leaseMax >= parseDuration('420s', 'x'), 'the lease can be set to 420 s')
  assert.ok(DEFAULTS.callTimeout < DEFAULTS.lease / 3, 'a call that hangs does not cost the lease')
  assert.ok(DEFAULTS.retries <= LIMITS.retries && DEFAULTS.keep.dead <= LIMITS.duration)
  assert.ok(LIMITS.payloadBytes <= LIMITS.batchBytes, 'a payload fits into a batch')
  assert.ok(LIMITS.metaBytes < LIMITS.payloadBytes && LIMITS.errorStackBytes < LIMITS.documentBytes)
})
