/** Scaling: up, down, up again while the last ones still drain. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { planScale } from './scale-plan.ts'

test('up: the lowest free numbers; down: the highest go', () => {
  assert.deepEqual(planScale([], [], 3), { start: [1, 2, 3], retire: [] })
  assert.deepEqual(planScale([4, 1], [], 4), { start: [2, 3], retire: [] })
  assert.deepEqual(planScale([10, 2, 9], [], 1), { start: [], retire: [9, 10] })
  assert.deepEqual(planScale([1, 2], [], 0), { start: [], retire: [1, 2] })
  assert.deepEqual(planScale([1, 2], [], 2), { start: [], retire: [] })
})

test('a name that still drains is not given again', () => {
  assert.deepEqual(planScale([1], [2, 3], 3), { start: [4, 5], retire: [] })
})
