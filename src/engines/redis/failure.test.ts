// Errors of server and client as ours: which code, and what is known of the call.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ClientOfflineError, SimpleError, SocketClosedUnexpectedlyError } from '@redis/client'

import { failureOf, isWrongServer } from './failure.ts'

const REPLIES: readonly (readonly [reply: string, code: string, applied: 'no' | 'unknown'])[] = [
  ["READONLY You can't write against a read only replica.", 'engine_unreachable', 'no'],
  ['LOADING Redis is loading the dataset in memory', 'engine_busy', 'no'],
  ['MISCONF Redis is configured to save RDB snapshots', 'engine_full', 'no'],
  ["OOM command not allowed when used memory > 'maxmemory'.", 'engine_full', 'no'],
  ['BUSY Redis is busy running a script.', 'engine_busy', 'no'],
  ['NOREPLICAS Not enough good replicas to write.', 'engine_unreachable', 'no'],
  ['MASTERDOWN Link with MASTER is down', 'engine_unreachable', 'no'],
  ['CLUSTERDOWN The cluster is down', 'engine_unreachable', 'no'],
  ['WRONGTYPE Operation against a key holding the wrong kind of value', 'internal', 'unknown'],
  ['ERR user_script:12: something', 'internal', 'unknown'],
]

for (const [reply, code, applied] of REPLIES)
  test(`${reply.split(' ')[0]} is ${code}, applied: ${applied}`, () => {
    const failure = failureOf(new SimpleError(reply))
    assert.deepEqual([failure.code, failure.applied], [code, applied])
  })

test('a connection that breaks leaves open what was applied; one that was not there does not', () => {
  assert.equal(failureOf(new SocketClosedUnexpectedlyError()).applied, 'unknown')
  assert.equal(failureOf(new Error('ECONNRESET')).applied, 'unknown')
  assert.equal(failureOf(new ClientOfflineError()).applied, 'no')
})

test('a replica is left for another connection, a full server is not', () => {
  assert.ok(isWrongServer(new SimpleError('READONLY x')))
  assert.ok(isWrongServer(new SimpleError('MASTERDOWN x')))
  assert.ok(!isWrongServer(new SimpleError('OOM x')))
})
