import assert from 'node:assert/strict'
import { test } from 'node:test'

import { countOverBytes, measuresOf, newestOf, oldestOf } from './kept-bytes.ts'

const list = (length: number, bytes: number) => Array.from({ length }, () => bytes)
const few = (...oldest: number[]) => ({ count: oldest.length, oldest, newest: [] })

test('nothing goes while the bytes fit, to the last one', () => {
  assert.equal(countOverBytes(few(), 0), 0)
  assert.equal(countOverBytes(few(10, 20, 30), 60), 0)
  assert.equal(countOverBytes({ count: 5_000, oldest: list(500, 10), newest: list(500, 10) }, 50_000), 0)
})

test('of few, the oldest go until the rest fits', () => {
  assert.equal(countOverBytes(few(10, 20, 30), 59), 1)
  assert.equal(countOverBytes(few(10, 20, 30), 50), 1)
  assert.equal(countOverBytes(few(10, 20, 30), 49), 2)
  assert.equal(countOverBytes(few(10, 20, 30), 1), 3)
})

test('empty tasks go only when older than one that has to', () => {
  assert.equal(countOverBytes(few(0, 0, 10, 0), 9), 3)
  assert.equal(countOverBytes(few(0, 0), 0), 0)
})

test('many are estimated by the mean of both ends, and go by their own bytes first', () => {
  const history = { count: 10_000, oldest: list(500, 100), newest: list(500, 300) }
  // 2,000,000 bytes by estimate.
  assert.equal(countOverBytes(history, 2_000_000), 0)
  assert.equal(countOverBytes(history, 1_999_999), 1)
  assert.equal(countOverBytes(history, 1_950_000), 500)
  assert.equal(countOverBytes(history, 1_949_800), 501)
  assert.equal(countOverBytes(history, 1_850_000), 1_000)
})

test('an estimate leaves what can be measured exactly', () => {
  const history = { count: 1_700, oldest: list(500, 1), newest: list(500, 1_000) }
  assert.equal(countOverBytes(history, 1), 700)
  assert.equal(countOverBytes({ ...history, count: 1_100 }, 1), 500)
})

test('without a number of bytes nothing goes', () => {
  assert.equal(countOverBytes(few(10, 20), Number.NaN), 0)
  assert.equal(countOverBytes({ count: 5_000, oldest: [], newest: [] }, 10), 0)
})

test('all are measured up to a thousand, both ends beyond', () => {
  assert.deepEqual(measuresOf(0), { oldest: 1_000, newest: 0 })
  assert.deepEqual(measuresOf(1_000), { oldest: 1_000, newest: 0 })
  assert.deepEqual(measuresOf(1_001), { oldest: 500, newest: 500 })
})

test('both ends are found among measures of any order', () => {
  const measures = [
    [3, 30, 'a'],
    [1, 10, 'd'],
    [2, 21, 'c'],
    [2, 20, 'b'],
  ] as const
  assert.deepEqual(oldestOf(measures, 3), [10, 20, 21])
  assert.deepEqual(newestOf(measures, 2), [30, 21])
})
