// Which servers are refused, by the number that they give as their version.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { checkServerVersion } from './server-version.ts'

test('PostgreSQL from 13 on is taken', () => {
  for (const number of [130_000, 130_016, 150_018, 180_006, 200_000]) checkServerVersion(number)
})

test('an older one is refused with the oldest that works', () => {
  for (const number of [90_624, 100_023, 120_022])
    assert.throws(() => checkServerVersion(number), { code: 'engine_too_old', message: /13 or newer/ })
})
