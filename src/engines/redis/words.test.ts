// Words, optional words and numbers survive being packed between the letters that part them.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { digits, FIELD, ITEM, LINE, optional, undigits, unoptional, unword, word } from './words.ts'

const text = fc.string({
  unit: fc.constantFrom('a', '\u001C', '\u001D', '\u001E', '\u001F', '0', '3', '=', '|', '汉', ' '),
})

test('a word comes back as it was and holds none of the letters that part words', () => {
  fc.assert(
    fc.property(text, (one) => {
      const packed = word(one)
      assert.equal(unword(packed), one)
      for (const letter of [FIELD, LINE, ITEM]) assert.ok(!packed.includes(letter))
    }),
  )
})

test('different texts are different words', () => {
  fc.assert(fc.property(text, text, (a, b) => assert.equal(word(a) === word(b), a === b)))
})

test('what is missing is not what is empty', () => {
  for (const one of [null, '', '=', 'x\u001Fy']) assert.equal(unoptional(optional(one)), one)
  for (const one of [null, 0, -1, 2 ** 53 - 1]) assert.equal(undigits(digits(one)), one)
})
