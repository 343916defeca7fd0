import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Lanes } from './lanes.ts'

test('null is all queues, in every claim', () => {
  const lanes = new Lanes(null)
  assert.deepEqual([lanes.names, lanes.next(), lanes.next()], [null, null, null])
})

test('weights say how often a queue comes first, evenly spread, and all the others follow', () => {
  const lanes = new Lanes([
    { name: 'a', weight: 5 },
    { name: 'b', weight: 1 },
    { name: 'c', weight: 1 },
  ])
  const orders = Array.from({ length: 7 }, () => lanes.next() ?? [])
  assert.equal(orders.map(([first]) => first).join(''), 'aabacaa')
  for (const order of orders) assert.deepEqual(new Set(order), new Set(['a', 'b', 'c']))
})

test('equal weights take turns', () => {
  const lanes = new Lanes([
    { name: 'a', weight: 1 },
    { name: 'b', weight: 1 },
  ])
  assert.equal(Array.from({ length: 6 }, () => lanes.next()?.[0]).join(''), 'ababab')
})

test('over any number of claims nobody is more than one turn ahead of its share', () => {
  const weights = [7, 3, 2, 1]
  const lanes = new Lanes(weights.map((weight, i) => ({ name: String(i), weight })))
  const firsts = [0, 0, 0, 0]
  for (let claims = 1; claims <= 1_000; claims++) {
    const first = Number(lanes.next()?.[0])
    firsts[first] = (firsts[first] ?? 0) + 1
    for (const [i, weight] of weights.entries())
      assert.ok(Math.abs((firsts[i] ?? 0) - (claims * weight) / 13) <= 2)
  }
})
