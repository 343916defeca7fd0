/** Messages between worker and supervisor: what is understood, and that user code's own messages are not. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readChildMessage, SUPERVISED, takeSupervised, tellSupervisor } from './messages.ts'

test('messages are read, everything else is nobody’s', () => {
  assert.deepEqual(readChildMessage({ windlass: 'ready', more: 1 }), { windlass: 'ready' })
  assert.deepEqual(readChildMessage({ windlass: 'session', session: 's' }), {
    windlass: 'session',
    session: 's',
  })
  for (const other of [
    null,
    'ready',
    7,
    {},
    { windlass: 'session' },
    { windlass: 'else' },
    { type: 'ready' },
  ])
    assert.equal(readChildMessage(other), null)
})

test('without a supervisor nobody is told, and the mark is not handed on', () => {
  process.env[SUPERVISED] = '1'
  const hasChannel = process.send !== undefined
  assert.equal(takeSupervised(), hasChannel)
  assert.equal(process.env[SUPERVISED], undefined)
  assert.equal(takeSupervised(), false)
  if (!hasChannel) assert.doesNotThrow(() => tellSupervisor({ windlass: 'ready' }))
})
