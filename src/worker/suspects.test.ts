// Suspects start in order, four at a time, and are handed back when their wait ate their deadline.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { newTask } from '../testing/samples.ts'
import { openMemory } from '../engines/memory/engine.ts'
import { Attempt } from './attempt.ts'
import { Suspects } from './suspects.ts'

async function attempts(count: number): Promise<Attempt[]> {
  const engine = openMemory()
  const tasks = Array.from({ length: count }, () => newTask({ timeout: 60_000 }))
  await engine.enqueue(tasks)
  const records = await engine.records.get(tasks.map(({ id }) => id))
  return records.flatMap((record) => (record === null ? [] : [new Attempt(record, 's', 0)]))
}

test('four at a time, in order', async () => {
  const suspects = new Suspects()
  const all = await attempts(6)
  for (const one of all) suspects.add(one)
  const started = Array.from({ length: 6 }, () => suspects.next(0)?.attempt.id)
  assert.deepEqual(started, [...all.slice(0, 4).map(({ id }) => id), undefined, undefined])
  const [first, , , , fifth, last] = all
  assert.ok(first && fifth && last)
  suspects.ended(first)
  assert.equal(suspects.remove(fifth), true)
  assert.equal(suspects.remove(fifth), false)
  assert.deepEqual([suspects.next(0)?.attempt.id, suspects.waiting.length], [last.id, 0])
})

test('one that waited for more than a tenth of its time is handed back', async () => {
  const suspects = new Suspects()
  for (const one of await attempts(2)) suspects.add(one)
  assert.equal(suspects.next(6_000)?.start, true)
  assert.equal(suspects.next(6_001)?.start, false)
})
