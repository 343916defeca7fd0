// compareBytes against the comparison of real UTF-8 bytes.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { compareBytes } from './byte-order.ts'

test('orders texts as their UTF-8 bytes are ordered', () => {
  const text = fc.string({
    unit: fc.constantFrom('a', 'b', 'A', ' ', 'é', '汉', '\uffee', '😀', '😁'),
    maxLength: 4,
  })
  fc.assert(
    fc.property(text, text, (left, right) => {
      const expected = Buffer.compare(Buffer.from(left), Buffer.from(right))
      assert.equal(Math.sign(compareBytes(left, right)), expected)
    }),
  )
})
