/** Errors as the command line tells them: code, hint, exit code; never a secret, whatever was thrown. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ERROR_CODES, WindlassError, type ErrorCode } from '../core/errors.ts'
import { tellFailure } from './exit-codes.ts'

test('every code of the table has a hint and an exit code', () => {
  const exits = new Map<number, string[]>()
  for (const code of Object.keys(ERROR_CODES) as ErrorCode[]) {
    const failure = tellFailure(new WindlassError(code, 'what happened'), null)
    assert.notEqual(failure.hint, '')
    exits.set(failure.exit, [...(exits.get(failure.exit) ?? []), code])
  }
  assert.deepEqual(
    [...exits.keys()].toSorted((a, b) => a - b),
    [1, 2, 3, 4, 5],
  )
  assert.deepEqual(
    [3, 4, 5].map((exit) => exits.get(exit)),
    [['not_running'], ['engine_unreachable', 'engine_timeout'], ['wait_timeout']],
  )
  for (const code of ['not_found', 'refused', 'task_dead', 'id_conflict', 'not_migrated', 'config_failed'])
    assert.ok(exits.get(1)?.includes(code), code)
})

test('a setting that was said as an option is told as an option', () => {
  const error = new WindlassError('config_invalid', 'bad', { detail: { origin: 'flag' } })
  assert.deepEqual([tellFailure(error, 'up').code, tellFailure(error, 'up').exit], ['invalid_option', 2])
})

test('causes help, secrets do not leave', () => {
  const cause = new Error('connect to postgres://me:s3cret@db failed')
  const error = new WindlassError('engine_unreachable', 'the store is away', { cause })
  assert.equal(tellFailure(error, null).message, 'the store is away: connect to postgres://me:***@db failed')
  for (const thrown of [new TypeError('token=s3cret'), 'password=s3cret', { odd: true }, null]) {
    const failure = tellFailure(thrown, null)
    assert.deepEqual([failure.code, failure.exit], ['internal', 1])
    assert.equal(failure.message.includes('s3cret'), false)
  }
})
