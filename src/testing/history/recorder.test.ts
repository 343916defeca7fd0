// What a recorder sees of the clocks: a jump back is noticed however small and however late somebody looks.

import assert from 'node:assert/strict'
import test from 'node:test'

import { Recorder } from './recorder.ts'

/** Records a look at each of these pairs of engine time and steady time. */
function wentBack(looks: readonly (readonly [now: number, mono: number])[]): boolean {
  let look: readonly [number, number] = [0, 0]
  const recorder = new Recorder(
    () => look[0],
    () => look[1],
  )
  for (const one of looks) {
    look = one
    recorder.run('node', 'start', { id: 't', claim: 'c.1', attempt: 1 })
  }
  return recorder.history({ now: 0, tasks: [], stats: [], paused: [] }).clockWentBack
}

test('a clock that goes on did not go back, whatever is rounded', () => {
  assert.equal(
    wentBack([
      [1_000, 0.2],
      [1_009, 9.9],
      [1_020, 20],
      [1_030, 30.99],
    ]),
    false,
  )
})

test('a jump on is no jump back', () => {
  assert.equal(
    wentBack([
      [1_000, 0],
      [61_000, 10],
      [61_010, 20],
    ]),
    false,
  )
})

test('a jump back is seen at once', () => {
  assert.equal(
    wentBack([
      [1_000, 0],
      [990, 1],
    ]),
    true,
  )
})

test('a small jump back that hides between two looks is seen by the steady clock', () => {
  assert.equal(
    wentBack([
      [1_000, 0],
      [1_001, 10],
    ]),
    true,
  )
})
