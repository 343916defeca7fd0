import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Witness } from './witness.ts'

const LEASE = 30_000

/** Beats at these monotonic times; engine time is ahead by what `shift` says. */
function beats(times: readonly number[], shift: (at: number) => number = () => 1e12): Witness {
  const witness = new Witness(LEASE)
  for (const at of times) witness.note({ sent: at, received: at + 5, engine: at + shift(at) })
  return witness
}

test('may declare after one whole lease of own beats, and not before', () => {
  assert.equal(beats([0, 10_000, 20_000]).mayDeclare(20_010), false)
  assert.equal(beats([0, 10_000, 20_000, 29_000]).mayDeclare(29_010), false)
  assert.equal(beats([0, 10_000, 20_000, 30_000]).mayDeclare(30_010), true)
})

test('a gap of more than half a lease starts over', () => {
  assert.equal(beats([0, 15_000, 30_000]).mayDeclare(30_010), true)
  assert.equal(beats([0, 15_100, 30_200]).mayDeclare(30_210), false)
  assert.equal(beats([0, 15_100, 30_000, 45_000, 60_100]).mayDeclare(60_110), false)
})

test('the right ends when the last beat is half a lease old', () => {
  const witness = beats([0, 10_000, 20_000, 30_000])
  assert.equal(witness.mayDeclare(45_004), true)
  assert.equal(witness.mayDeclare(45_006), false)
})

test('clocks that go apart are a jump, forward and back; small differences are none', () => {
  for (const apart of [3_000, -3_000]) {
    const witness = beats([0, 10_000, 20_000, 30_000], (at) => (at >= 20_000 ? apart : 0))
    assert.deepEqual([witness.jumped, witness.mayDeclare(30_010)], [true, false])
    witness.extended()
    assert.equal(witness.mayDeclare(30_010), false, 'it starts over')
  }
  const slow = beats([0, 10_000, 20_000, 30_000], (at) => at * 0.05)
  assert.deepEqual([slow.jumped, slow.mayDeclare(30_010)], [false, true])
})

test('a slow answer is no jump: the store read its time somewhere in between', () => {
  const witness = new Witness(LEASE)
  witness.note({ sent: 0, received: 5, engine: 0 })
  witness.note({ sent: 10_000, received: 14_900, engine: 14_890 })
  witness.note({ sent: 24_900, received: 24_905, engine: 24_900 })
  assert.equal(witness.jumped, false)
})

test('a look between two beats finds a jump as well', () => {
  const witness = beats([0, 10_000, 20_000, 30_000], () => 0)
  witness.check({ sent: 31_000, received: 31_001, engine: 31_000 })
  assert.equal(witness.mayDeclare(31_010), true)
  witness.check({ sent: 32_000, received: 32_001, engine: 3_632_000 })
  assert.deepEqual([witness.jumped, witness.mayDeclare(32_010)], [true, false])
  assert.ok(witness.steadyFor(33_000) < 1_000)
})

test('a new session starts over', () => {
  const witness = beats([0, 10_000, 20_000, 30_000])
  witness.reset()
  assert.equal(witness.mayDeclare(30_010), false)
  assert.equal(witness.steadyFor(30_010), 0)
})
