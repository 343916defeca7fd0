// A set of attempts: what is in it, whatever came and went.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { newTask } from '../testing/samples.ts'
import type { TaskRecord } from '../core/record.ts'
import { Attempt } from './attempt.ts'
import { Attempts } from './attempts.ts'

function attempts(count: number): Attempt[] {
  return Array.from({ length: count }, () => new Attempt(newTask() as unknown as TaskRecord, 's', 0))
}

test('holds each attempt once, in two sets at the same time, until it is taken out', () => {
  const [held, running] = [new Attempts('heldAt'), new Attempts('runningAt')]
  const all = attempts(5)
  for (const one of all) {
    held.add(one)
    held.add(one)
    running.add(one)
  }
  for (const one of all.slice(1, 4)) {
    running.delete(one)
    running.delete(one)
  }
  assert.equal(held.size, 5)
  assert.deepEqual(new Set(held), new Set(all))
  assert.equal(running.size, 2)
  assert.deepEqual(new Set(running), new Set([all[0], all[4]]))
  const more = attempts(4)
  for (const one of more) running.add(one)
  assert.deepEqual(new Set(running), new Set([all[0], all[4], ...more]))
})

test('may be emptied while it is gone through', () => {
  const held = new Attempts('heldAt')
  const all = attempts(10)
  for (const one of all) held.add(one)
  const seen: Attempt[] = []
  for (const one of held) {
    seen.push(one)
    for (const other of all.slice(0, 5)) held.delete(other)
  }
  assert.deepEqual(seen, [all[0], ...all.slice(5)])
})
