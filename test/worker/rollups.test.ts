/** What a worker tells of the tasks that ended in it: a sum now and then, nothing while idle, the rest at its end. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Fatal } from '../../src/core/errors.ts'
import { readRollup, ROLLUP_EVERY, ROLLUP_STREAM } from '../../src/core/rollup.ts'
import { createRig, task } from './rig.ts'

test('tasks that reach their end are counted, and told in sums', async (t) => {
  const rig = await createRig(t)
  const told = async () => {
    const query = { stream: ROLLUP_STREAM, key: null, from: null, to: null, limit: 10, cursor: null }
    const { entries } = await rig.engine.journal.read(query)
    return entries.map(({ key, body }) => [key, readRollup(body)])
  }
  const fine = task('fine', () => 1)
  const bad = task('bad', () => {
    throw new Fatal('no')
  })
  const again = task('again', () => {
    throw new Error('once more')
  })
  const worker = await rig.worker([fine, bad, again], { name: 'w' })
  await Promise.all([fine, fine, bad].map((type) => rig.enqueue(type)))
  await rig.enqueue(again, {}, { retry: { retries: 3, delay: '1h' } })
  assert.deepEqual(await told(), [])
  await rig.clock.run(ROLLUP_EVERY)
  assert.deepEqual(await told(), [['w', { succeeded: 2, dead: 1 }]])
  await rig.clock.run(10 * ROLLUP_EVERY)
  assert.equal((await told()).length, 1)
  await rig.enqueue(fine)
  await worker.stop()
  assert.deepEqual(await told(), [
    ['w', { succeeded: 1, dead: 0 }],
    ['w', { succeeded: 2, dead: 1 }],
  ])
})
