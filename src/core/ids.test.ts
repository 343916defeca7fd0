// Ids and tokens: their shape, their order in time, and digests that no two different lists share.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { claimIdOf, claimToken, digestOf, mintId, mintToken } from './ids.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

test('a task id is a UUIDv7 of now', () => {
  const before = Date.now()
  const id = mintId()
  assert.match(id, /^[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/)
  const time = Number.parseInt(id.replaceAll('-', '').slice(0, 12), 16)
  assert.ok(time >= before && time <= Date.now())
})

test('ids of later milliseconds sort later, ids of one millisecond differ', (t) => {
  t.mock.timers.enable({ apis: ['Date'], now: 1 })
  const ids: string[] = []
  for (const step of [0, 0, 1, 254, 2 ** 16, 2 ** 32, 2 ** 40]) {
    t.mock.timers.tick(step)
    ids.push(mintId())
  }
  assert.equal(new Set(ids).size, ids.length)
  const times = ids.map((id) => id.slice(0, 13))
  assert.deepEqual(times, times.toSorted())
  assert.equal(times[0], '00000000-0001')
})

test('ten thousand ids and tokens are ten thousand different ones', () => {
  assert.equal(new Set(Array.from({ length: 10_000 }, mintId)).size, 10_000)
  assert.equal(new Set(Array.from({ length: 10_000 }, mintToken)).size, 10_000)
  assert.match(mintToken(), /^[0-9a-f]{32}$/)
})

test('the claim id is found in every token made from it', () => {
  fc.assert(
    fc.property(fc.string(), fc.nat(), (claimId, attempt) => {
      assert.equal(claimIdOf(claimToken(claimId, attempt)), claimId)
    }),
  )
  assert.equal(claimToken('abc', 3), 'abc.3')
  assert.equal(claimIdOf('no-dot'), 'no-dot')
  assert.equal(claimIdOf(''), '')
})

test('equal lists have one digest, different lists have two', () => {
  const part = fc.oneof(
    fc.constantFrom<string | null>(null, 'null', '', '1', '",', '","', '\ud800', '\ufffd'),
    fc.nat(3),
  )
  const parts = fc.array(part, { maxLength: 4 })
  fc.assert(
    fc.property(parts, parts, (a, b) => {
      assert.equal(digestOf(a) === digestOf(b), JSON.stringify(a) === JSON.stringify(b))
      assert.match(digestOf(a), /^[\w-]{22}$/)
    }),
    { numRuns: 500 },
  )
})
