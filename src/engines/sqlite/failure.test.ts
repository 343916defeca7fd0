// From SQLite's errors to ours: the code, and whether anything may have been applied.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { WindlassError } from '../../core/errors.ts'
import { failureOf, isBusy } from './failure.ts'

const sqliteError = (errcode: number, message = 'an error'): Error =>
  Object.assign(new Error(message), { errcode })

for (const [what, errcode, code] of [
  ['SQLITE_BUSY', 5, 'engine_busy'],
  ['SQLITE_BUSY_SNAPSHOT', 517, 'engine_busy'],
  ['SQLITE_LOCKED', 6, 'engine_busy'],
  ['SQLITE_FULL', 13, 'engine_full'],
  ['SQLITE_IOERR_SHMSIZE', 4874, 'engine_full'],
  ['SQLITE_CORRUPT', 11, 'engine_corrupt'],
  ['SQLITE_NOTADB', 26, 'engine_corrupt'],
  ['SQLITE_CANTOPEN', 14, 'engine_unreachable'],
  ['SQLITE_READONLY', 8, 'engine_unreachable'],
  ['SQLITE_IOERR_READ', 266, 'engine_unreachable'],
  ['SQLITE_MISUSE', 21, 'internal'],
] as const) {
  test(`${what} is ${code}, and nothing was applied`, () => {
    const failure = failureOf(sqliteError(errcode))
    assert.equal(failure.code, code)
    assert.equal(failure.applied, 'no')
  })
}

test('an I/O error of the commit itself leaves it open, a full disk does not', () => {
  assert.equal(failureOf(sqliteError(1034), 'commit').applied, 'unknown')
  assert.equal(failureOf(sqliteError(13), 'commit').applied, 'no')
})

test('a missing table means: not migrated', () => {
  assert.equal(failureOf(sqliteError(1, 'no such table: windlass_tasks')).code, 'not_migrated')
  assert.equal(failureOf(sqliteError(1, 'near "x": syntax error')).code, 'internal')
})

test('errors of ours pass; those of others are ours to explain', () => {
  const mine = new WindlassError('invalid_option', 'no')
  assert.equal(failureOf(mine), mine)
  assert.equal(failureOf(new TypeError('x')).code, 'internal')
})

test('busy is what waiting can mend', () => {
  assert.ok(isBusy(sqliteError(5)) && isBusy(sqliteError(261)) && isBusy(sqliteError(6)))
  assert.ok(!isBusy(sqliteError(13)) && !isBusy(new Error('5')))
})
