// Ordered against a plain sorted list, over sizes that split and empty chunks.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Ordered } from './ordered.ts'

const byNumber = (left: number, right: number) => left - right

test('is the sorted list of what was added and not taken out', () => {
  const step = fc.record({ add: fc.boolean(), value: fc.integer({ min: 0, max: 60 }) })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), fc.integer({ min: 0, max: 60 }), (steps, probe) => {
      const set = new Ordered(byNumber)
      const plain = new Set<number>()
      for (const { add, value } of steps) {
        if (!add) assert.equal(set.delete(value), plain.delete(value))
        else if (!plain.has(value)) {
          set.add(value)
          plain.add(value)
        }
      }
      const sorted = [...plain].toSorted(byNumber)
      assert.deepEqual([...set], sorted)
      assert.deepEqual([set.size, set.first()], [sorted.length, sorted[0]])
      assert.deepEqual([...set.falling(null)], sorted.toReversed())
      const before = sorted.filter((value) => value < probe)
      assert.deepEqual([...set.falling(probe)], before.toReversed())
      assert.equal(set.rank(probe), before.length)
      assert.deepEqual(
        set.head(5, (value) => value < probe),
        before.slice(0, 5),
      )
    }),
  )
})

test('stays sorted over many chunks, filled from either end and emptied from either end', () => {
  const set = new Ordered(byNumber)
  const count = 20_000
  for (let i = 0; i < count; i++) set.add(i % 2 === 0 ? i : -i)
  assert.equal(set.size, count)
  const sorted = [...set]
  assert.ok(sorted.every((value, i) => i === 0 || (sorted[i - 1] ?? 0) < value))
  assert.equal(set.rank(sorted[12_345] ?? 0), 12_345)
  for (const value of sorted.slice(0, 5_000)) assert.equal(set.delete(value), true)
  for (const value of sorted.slice(-5_000)) assert.equal(set.delete(value), true)
  assert.deepEqual([...set], sorted.slice(5_000, -5_000))
  for (const value of sorted.slice(5_000, -5_000)) set.delete(value)
  assert.deepEqual([set.size, set.first(), [...set.falling(null)]], [0, undefined, []])
})
