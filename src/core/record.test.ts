// The states of a task, in the order of its life.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { isFinal, TASK_STATES, type TaskState } from './record.ts'

test('every state is listed once', () => {
  const every: Record<TaskState, true> = {
    scheduled: true,
    ready: true,
    running: true,
    succeeded: true,
    dead: true,
    cancelled: true,
  }
  assert.deepEqual(TASK_STATES, Object.keys(every))
})

test('succeeded, dead and cancelled are final, no other is', () => {
  assert.deepEqual(TASK_STATES.filter(isFinal), ['succeeded', 'dead', 'cancelled'])
})
