import assert from 'node:assert/strict'
import { test } from 'node:test'

import { expression, joined, sql, words } from './statement.ts'

test('values stay beside the text, statements become a part of it', () => {
  const inner = sql`a = ${1} AND b = ${'?; --'}`
  assert.deepEqual(sql`SELECT ${words('x')} WHERE ${inner} LIMIT ${2}`, {
    text: 'SELECT x WHERE a = ? AND b = ? LIMIT ?',
    values: [1, '?; --', 2],
  })
})

test('a list is one value, also one of rows; an empty one is what nothing is equal to', () => {
  assert.deepEqual(sql`id IN (${['a', 'b']})`.values, [['a', 'b']])
  assert.deepEqual(sql`VALUES ${[[1, null]]}`.values, [[[1, null]]])
  assert.deepEqual(sql`id IN (${[]})`, { text: 'id IN (?)', values: [null] })
})

test('an expression is a value that the driver writes as it is', () => {
  const now = expression('UTC_TIMESTAMP(3)')
  const { text, values } = sql`SELECT ${now}`
  assert.deepEqual([text, values], ['SELECT ?', [now]])
  assert.equal(now.toSqlString(), 'UTC_TIMESTAMP(3)')
})

test('parts one after the other keep their values in order', () => {
  assert.deepEqual(joined([sql`a = ${1}`, words('b'), sql`c = ${2}`], ' OR '), {
    text: 'a = ? OR b OR c = ?',
    values: [1, 2],
  })
  assert.deepEqual(joined([], ','), { text: '', values: [] })
})
