import assert from 'node:assert/strict'
import { test } from 'node:test'
import { ManualClock } from '../testing/clock.ts'
import { Board } from './board.ts'

test('another thread reads from the same memory what is over its end', () => {
  const clock = new ManualClock()
  const board = new Board(3, clock)
  const other = new Board(board.buffer, clock)
  board.put(0, 'short', 1_000)
  board.put(1, 'ä'.repeat(64), 2_000)
  board.put(2, 'endless', null)
  assert.deepEqual(other.overdue(0), [])
  clock.advance(1_000)
  assert.deepEqual(other.overdue(0), ['short'])
  clock.advance(1_000)
  assert.deepEqual(other.overdue(0), ['short', 'ä'.repeat(64)])
  assert.deepEqual(other.overdue(500), ['short'], 'later, with a margin')
  board.clear(0)
  assert.deepEqual(other.overdue(0), ['ä'.repeat(64)])
})

test('a slot that is used again has the new id and the new end', () => {
  const clock = new ManualClock()
  const board = new Board(1, clock)
  board.put(0, 'a-long-name', 10)
  board.clear(0)
  board.put(0, 'b', 100)
  clock.advance(50)
  assert.deepEqual(board.overdue(0), [])
  clock.advance(50)
  assert.deepEqual(board.overdue(0), ['b'])
})
