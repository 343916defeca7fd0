// What a worker holds against what the engine believes: the short form finds any difference, the long form names it.

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { test } from 'node:test'

import fc from 'fast-check'

import { compareHeld, heldHash, type RunningRow } from './held.ts'
import type { Held } from './hot-verbs.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

/** Few ids and tokens, chosen to look alike when they are put together. */
const held: fc.Arbitrary<Held> = fc.record(
  {
    id: fc.constantFrom('1', '11', '2', '.1', ':1', 'a', 'a:1', ''),
    claim: fc.constantFrom('c.1', 'c.11', 'c.2', 'd.1', 'd.12'),
  },
  { noNullPrototype: true },
)
const key = (one: Held): string => JSON.stringify([one.id, one.claim])
const heldList = fc.uniqueArray(held, { selector: key, maxLength: 12 })
const row = (one: Held, startedAt = 0): RunningRow => ({ ...one, startedAt })

test('the hash of nothing is 0, that of one is the head of its SHA-1', () => {
  assert.equal(heldHash([]), 0)
  const sha = createHash('sha1').update('task:claim.1').digest('hex')
  assert.equal(heldHash([{ id: 'task', claim: 'claim.1' }]), Number.parseInt(sha.slice(0, 8), 16))
})

test('the hash does not depend on order, and stays a whole number below 2³²', () => {
  fc.assert(
    fc.property(
      heldList.chain((list) =>
        fc.tuple(fc.constant(list), fc.shuffledSubarray(list, { minLength: list.length })),
      ),
      ([list, shuffled]) => {
        const hash = heldHash(list)
        assert.equal(heldHash(new Set(shuffled)), hash)
        assert.ok(Number.isSafeInteger(hash) && hash >= 0 && hash < 2 ** 32)
      },
    ),
  )
  const many = Array.from({ length: 2_000 }, (_, i) => ({ id: String(i), claim: `c.${i}` }))
  assert.equal(heldHash(many), heldHash(many.toReversed()))
})

test('different holdings of the same size have different hashes', () => {
  fc.assert(
    fc.property(heldList, heldList, (a, b) => {
      fc.pre(a.length === b.length)
      const same = a.map(key).toSorted().join() === b.map(key).toSorted().join()
      assert.equal(heldHash(a) === heldHash(b), same)
    }),
    { numRuns: 300 },
  )
})

test('the comparison is exact: lost is held and not believed, unclaimed is believed and not held', () => {
  fc.assert(
    fc.property(heldList, heldList, (mine, believed) => {
      const { lost, unclaimed } = compareHeld(
        mine,
        believed.map((one) => row(one)),
        0,
      )
      const inMine = new Set(mine.map(key))
      const inBelieved = new Set(believed.map(key))
      assert.deepEqual(
        lost,
        mine.filter((one) => !inBelieved.has(key(one))),
      )
      assert.deepEqual(
        unclaimed,
        believed.filter((one) => !inMine.has(key(one))),
      )
      assert.deepEqual(
        compareHeld(
          mine,
          mine.map((one) => row(one)),
          0,
        ),
        { lost: [], unclaimed: [] },
      )
    }),
    { numRuns: 500 },
  )
})

test('an id that begins with a digit is not taken for the end of a token', () => {
  const mine = [{ id: '23', claim: 'c.1' }]
  const believed = [row({ id: '3', claim: 'c.12' })]
  assert.deepEqual(compareHeld(mine, believed, 0), { lost: mine, unclaimed: [{ id: '3', claim: 'c.12' }] })
})

test('a row that was claimed after the given time is not called unclaimed, and one at that time is', () => {
  const rows = [99, 100, 101].map((startedAt) => row({ id: `t${startedAt}`, claim: 'c.1' }, startedAt))
  assert.deepEqual(
    compareHeld([], rows, 100).unclaimed.map((one) => one.id),
    ['t99', 't100'],
  )
})

test('a task that runs again under another token is lost and unclaimed at once', () => {
  const { lost, unclaimed } = compareHeld([{ id: 't', claim: 'c.1' }], [row({ id: 't', claim: 'd.2' })], 0)
  assert.deepEqual([lost, unclaimed], [[{ id: 't', claim: 'c.1' }], [{ id: 't', claim: 'd.2' }]])
})
