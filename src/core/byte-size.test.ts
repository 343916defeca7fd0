// Sizes with units and without.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { formatBytes, parseBytes } from './byte-size.ts'

test('sizes are read with their unit, bare numbers are bytes', () => {
  const read = ['256mb', '1gb', '1.5kb', '7b', '64 MB', 1000].map((one) => parseBytes(one, 'memory'))
  assert.deepEqual(read, [268_435_456, 1_073_741_824, 1536, 7, 67_108_864, 1000])
  assert.equal(formatBytes(268_435_456), '256 MB')
})

test('what is no size is refused', () => {
  for (const value of ['', 'mb', '-1mb', '1tb', '1e3mb', 0, -1, Number.NaN, Infinity, null, {}])
    assert.throws(() => parseBytes(value, 'memory'), { code: 'invalid_option', message: /memory is a size/ })
})
