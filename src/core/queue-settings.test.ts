// Settings of a queue: what is written is read, and whatever else stands in the document counts as not set.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { readQueueSettings, writeQueueSettings } from './queue-settings.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

test('what is written is read', () => {
  for (const paused of [true, false])
    assert.deepEqual(readQueueSettings(writeQueueSettings({ paused })), { paused })
})

test('whatever is no setting counts as not set, and reading never throws', () => {
  const bodies = [
    '',
    'null',
    '[]',
    '5',
    '{',
    '{"paused":1}',
    '{"paused":"true"}',
    '{"__proto__":{"paused":true}}',
  ]
  for (const body of bodies) assert.deepEqual(readQueueSettings(body), { paused: false }, body)
  fc.assert(
    fc.property(fc.oneof(fc.string(), fc.json()), (body) => {
      assert.deepEqual(readQueueSettings(body), { paused: false })
    }),
  )
})

test('settings that this version does not know are passed over', () => {
  assert.deepEqual(readQueueSettings('{"paused":true,"limit":5}'), { paused: true })
})
