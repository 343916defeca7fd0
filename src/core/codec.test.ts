// Codecs: the text that comes out is the text that went in, and a codec that fails never lets plain text through.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { Codecs, type Codec } from './codec.ts'
import { WindlassError, type ErrorCode } from './errors.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const base64: Codec = {
  name: 'base64',
  encode: (text) => Buffer.from(text).toString('base64'),
  decode: (text) => Buffer.from(text, 'base64').toString(),
}
const reversed: Codec = {
  name: 'reversed',
  encode: (text) => Buffer.from(Buffer.from(text).toReversed()).toString('hex'),
  decode: (text) => Buffer.from(Buffer.from(text, 'hex').toReversed()).toString(),
}

const codecThat = (encode: (text: string) => unknown): Codecs =>
  new Codecs([{ name: 'bent', encode: encode as Codec['encode'], decode: encode as Codec['decode'] }])

function refuses(code: ErrorCode, run: () => unknown): WindlassError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof WindlassError && error.code === code, String(error))
    return error
  }
  return assert.fail('it was taken')
}

test('without codecs text passes as it is', () => {
  const none = new Codecs()
  assert.equal(none.writer, null)
  assert.equal(none.encode('{"a":1}', null), '{"a":1}')
  assert.equal(none.decode('{"a":1}', null), '{"a":1}')
})

test('the first codec writes, every one of them reads, and null stays plain', () => {
  const codecs = new Codecs([base64, reversed])
  assert.equal(codecs.writer, 'base64')
  assert.equal(codecs.encode('{"a":1}', codecs.writer), 'eyJhIjoxfQ==')
  for (const name of [null, 'base64', 'reversed']) {
    assert.ok(codecs.knows(name))
    fc.assert(
      fc.property(fc.json(), (text) => {
        assert.equal(codecs.decode(codecs.encode(text, name), name), text)
      }),
      { numRuns: 30 },
    )
  }
})

test('a codec that is not configured is refused by name, also a name that every object knows', () => {
  const codecs = new Codecs([base64])
  for (const name of ['gone', 'toString', '__proto__', '']) {
    assert.ok(!codecs.knows(name))
    for (const verb of ['encode', 'decode'] as const) {
      const error = refuses('invalid_option', () => codecs[verb]('x', name))
      assert.ok(error.message.includes(JSON.stringify(name)))
    }
  }
})

test('two codecs of one name are refused: one could not read what the other wrote', () => {
  refuses('config_invalid', () => new Codecs([base64, { ...reversed, name: 'base64' }]))
})

test('a codec that answers no text is refused, and the plain text is stored nowhere', () => {
  for (const answer of [undefined, null, 5, Buffer.from('x'), Promise.resolve('x')]) {
    const codecs = codecThat(() => answer)
    refuses('codec_failed', () => codecs.encode('secret', 'bent'))
    refuses('codec_failed', () => codecs.decode('secret', 'bent'))
  }
})

test('a codec that answers what a store would bend is refused', () => {
  for (const answer of ['\ud800', 'a\0b'])
    refuses('codec_failed', () => codecThat(() => answer).encode('x', 'bent'))
  assert.equal(codecThat(() => '').encode('x', 'bent'), '')
})

test('what a codec throws is the cause, and the text is not in the message', () => {
  const cause = new Error('wrong key')
  const error = refuses('codec_failed', () =>
    codecThat(() => {
      throw cause
    }).decode('secret', 'bent'),
  )
  assert.equal(error.cause, cause)
  assert.equal(error.message, 'decode of the codec "bent" failed')
})
