// Replies of Redis read from pieces of any size, and commands as they travel.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { encodeCommand, ReplyError, ReplyReader, type Reply } from './resp.ts'

const TEXT =
  '+OK\r\n:-12\r\n$5\r\nh\u00e9\r\n\r\n$0\r\n\r\n$-1\r\n-NOSCRIPT none\r\n' +
  '*3\r\n*2\r\n:1\r\n$1\r\na\r\n*0\r\n*-1\r\n*1\r\n*1\r\n*1\r\n+deep\r\n:7\r\n'
const BYTES = Buffer.from(TEXT)
const REPLIES = ['OK', -12, 'h\u00e9\r\n', '', null, 'NOSCRIPT none', [[1, 'a'], [], null], [[['deep']]], 7]

function readIn(pieces: readonly Buffer[]): (Reply | string)[] {
  const told: (Reply | string)[] = []
  const reader = new ReplyReader((reply) => told.push(reply instanceof ReplyError ? reply.message : reply))
  for (const piece of pieces) reader.read(piece)
  return told
}

test('replies are read however the bytes are cut', () => {
  assert.deepEqual(readIn([BYTES]), REPLIES)
  assert.deepEqual(readIn(Array.from(BYTES, (_, i) => BYTES.subarray(i, i + 1))), REPLIES)
  for (let cut = 0; cut <= BYTES.length; cut++)
    assert.deepEqual(readIn([BYTES.subarray(0, cut), BYTES.subarray(cut)]), REPLIES, `cut at ${cut}`)
})

test('a long text that comes in many pieces is put together once', () => {
  const text = 'x'.repeat(1_000_000)
  const bytes = Buffer.from(`*2\r\n$${text.length}\r\n${text}\r\n:1\r\n`)
  const pieces = Array.from({ length: 100 }, (_, i) => bytes.subarray(i * 10_001, (i + 1) * 10_001))
  assert.deepEqual(readIn(pieces), [[text, 1]])
})

test('an error reply keeps the words of the server', () => {
  const told: unknown[] = []
  new ReplyReader((reply) => told.push(reply)).read(Buffer.from('-READONLY no writes here\r\n'))
  assert.ok(told[0] instanceof ReplyError)
  assert.equal(told[0].message, 'READONLY no writes here')
})

test('what is not the protocol is told', () => {
  const reader = new ReplyReader(() => {})
  assert.throws(() => reader.read(Buffer.from('HTTP/1.1 400 Bad Request\r\n')), /cannot begin with/)
})

test('commands say the length of their arguments in bytes', () => {
  assert.equal(encodeCommand(['SET', 'k\u00e9', '']), '*3\r\n$3\r\nSET\r\n$3\r\nk\u00e9\r\n$0\r\n\r\n')
})
