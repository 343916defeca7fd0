/** Restart rules: the back-off rises, is capped, starts anew after health, and a loop is named. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { afterDeath, RESTART_RULES } from './restart-rules.ts'

test('waits double from one second to a minute', () => {
  let deaths = 0
  const delays: number[] = []
  for (let i = 0; i < 9; i++) {
    const next = afterDeath(deaths, 500)
    deaths = next.deaths
    delays.push(next.delay)
  }
  assert.deepEqual(delays, [1_000, 2_000, 4_000, 8_000, 16_000, 32_000, 60_000, 60_000, 60_000])
})

test('a worker that was healthy for a while starts a new row', () => {
  assert.deepEqual(afterDeath(7, RESTART_RULES.healthyAfter), { deaths: 1, delay: 1_000, loop: false })
  assert.equal(afterDeath(7, RESTART_RULES.healthyAfter - 1).deaths, 8)
})

test('the third death in a row is a crash loop', () => {
  const loops = [0, 1, 2, 3].map((before) => afterDeath(before, 0).loop)
  assert.deepEqual(loops, [false, false, true, true])
})

test('a very long row stays finite', () => {
  assert.deepEqual(afterDeath(100_000, 0), { deaths: 100_001, delay: 60_000, loop: true })
})
