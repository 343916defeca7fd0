// Unknown keys: named, with the nearest known word; what is no object at all is refused, too.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { WindlassError } from './errors.ts'
import { checkKeys, nearest, suggest } from './keys.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const KNOWN = ['id', 'queue', 'priority', 'delay', 'runAt', 'timeout']

function refusal(run: () => void): WindlassError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof WindlassError, String(error))
    return error
  }
  return assert.fail('it was taken')
}

test('the nearest word is found, whatever its case', () => {
  const typos = {
    qeue: 'queue',
    Queue: 'queue',
    RUNAT: 'runAt',
    priorty: 'priority',
    dely: 'delay',
    idd: 'id',
  }
  for (const [typo, word] of Object.entries(typos)) assert.equal(nearest(typo, KNOWN), word)
})

test('two wrong letters are near, in a long word a third of them, and no more', () => {
  assert.equal(nearest('dly', KNOWN), 'delay')
  assert.equal(nearest('i', KNOWN), 'id')
  assert.equal(nearest('priorrittyyy', KNOWN), 'priority')
  assert.equal(nearest('quexyz', KNOWN), null)
  assert.equal(nearest('pryorrittyyyy', KNOWN), null)
})

test('a word of which nothing is right is near to nothing', () => {
  for (const word of ['xx', 'z', '', 'supercalifragilistic', '__proto__', '汉字', 'constructor']) {
    assert.equal(nearest(word, KNOWN), null, word)
  }
  assert.equal(nearest('queue', []), null)
})

test('a single wrong letter in a word of three or more is always mended', () => {
  fc.assert(
    fc.property(fc.constantFrom('queue', 'priority', 'timeout'), fc.nat(20), (word, at) => {
      const i = at % word.length
      assert.equal(nearest(`${word.slice(0, i)}~${word.slice(i + 1)}`, KNOWN), word)
    }),
  )
})

test('a refusal ends with the nearest word, or with what is known', () => {
  assert.equal(suggest('qeue', KNOWN), '; did you mean "queue"?')
  assert.equal(suggest('zzzz', ['one', 'two']), '; known: one, two')
  const many = Array.from({ length: 100 }, (_, i) => `known-${i}-${'w'.repeat(20)}`)
  assert.ok(suggest('zzzz', many).endsWith('known-29-wwwwwwwwwwwwwwwwwwww'))
})

test('known keys are taken, also with undefined, and keys that are inherited are not looked at', () => {
  checkKeys({}, KNOWN, 'enqueue')
  checkKeys({ id: 'x', queue: undefined }, KNOWN, 'enqueue')
  checkKeys(Object.create({ strange: 1 }), KNOWN, 'enqueue')
  checkKeys(Object.assign(Object.create(null) as object, { id: 1 }), KNOWN, 'enqueue')
})

test('an unknown key is told with the nearest, in the message and in the detail', () => {
  const error = refusal(() => checkKeys({ id: 1, qeue: 2 }, KNOWN, 'enqueue'))
  assert.equal(error.code, 'unknown_option')
  assert.equal(error.message, 'enqueue: unknown key "qeue"; did you mean "queue"?')
  assert.deepEqual(error.detail, { key: 'qeue', nearest: 'queue' })
  assert.equal(refusal(() => checkKeys({ x: 1 }, KNOWN, 'a', 'config_invalid')).code, 'config_invalid')
})

test('keys of every object are unknown keys', () => {
  for (const text of [
    '{"__proto__":{"id":1}}',
    '{"constructor":1}',
    '{"toString":1}',
    '{"hasOwnProperty":1}',
  ]) {
    assert.equal(refusal(() => checkKeys(JSON.parse(text), KNOWN, 'enqueue')).code, 'unknown_option')
  }
})

test('what is no object is refused, never a foreign error', () => {
  for (const value of [null, undefined, 'text', 5, true, [], () => 1, Symbol('x')]) {
    const error = refusal(() => checkKeys(value, KNOWN, 'unique'))
    assert.equal(error.code, 'invalid_option')
    assert.match(error.message, /^unique: wants an object with options, not /)
  }
  assert.equal(refusal(() => checkKeys(null, KNOWN, 'a', 'config_invalid')).code, 'config_invalid')
})

test('a huge key is refused in a moment and in a short message', () => {
  const started = performance.now()
  const error = refusal(() => checkKeys({ ['k'.repeat(5_000_000)]: 1 }, KNOWN, 'enqueue'))
  assert.ok(error.message.length < 250 && String(error.detail['key']).length <= 60)
  assert.ok(performance.now() - started < 2_000)
})
