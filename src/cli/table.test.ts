/** Tables: widths, cuts, alignment. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { styleText } from 'node:util'

import { fit, formatFacts, formatTable, widthOf } from './table.ts'

test('columns are as wide as their widest text', () => {
  const text = formatTable(
    [{ title: 'queue' }, { title: 'n', align: 'right' }],
    [
      ['files', '7'],
      ['队列', '1200'],
    ],
  )
  assert.equal(text, 'queue     n\nfiles     7\n队列   1200')
})

test('colours and joining marks have no width', () => {
  assert.equal(widthOf(styleText('red', 'ab', { validateStream: false })), 2)
  assert.equal(widthOf('e\u0301'), 1)
  assert.equal(widthOf('汉字'), 4)
})

test('long text is cut', () => {
  assert.equal(fit('abcdef', 4), 'abc…')
  assert.equal(fit('汉字汉字', 5), '汉字…')
  assert.equal(fit('abcd', 4), 'abcd')
})

test('facts without a value are left out', () => {
  assert.equal(
    formatFacts([
      ['id', 'x'],
      ['error', null],
      ['queue', 'q'],
    ]),
    'id     x\nqueue  q',
  )
})
