/** Text of strangers on a terminal. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { oneLine, printable } from './output.ts'

test('control characters are shown, not obeyed', () => {
  assert.equal(printable('a\u001B[31mb\u0007\n\tc\u009Bd'), 'a\\x1b[31mb\\x07\n\tc\\x9bd')
  assert.equal(printable('汉字 é ✓'), '汉字 é ✓')
})

test('one line stays one line', () => {
  assert.equal(oneLine('  a\r\n b\u001Bc\t'), 'a b\\x1bc')
})
