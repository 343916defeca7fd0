// Redaction: what the paths name is replaced on a copy, and nothing else changes, here or anywhere.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { WindlassError } from './errors.ts'
import type { Json } from './record.ts'
import { createRedactor } from './redact.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const R = '[redacted]'
const json = (): fc.Arbitrary<Json> =>
  fc
    .json({ maxDepth: 4 })
    .filter((text) => !text.includes('__proto__'))
    .map((text) => JSON.parse(text) as Json)

test('each kind of path replaces what it names and leaves the rest', () => {
  const value = (): Json => ({ a: { b: 1, c: 2 }, list: [{ card: 1, x: 2 }, 5, null], 'a-b': 3, b: [4] })
  const expected: Record<string, Json> = {
    'a.b': { ...(value() as object), a: { b: R, c: 2 } },
    b: { ...(value() as object), b: R },
    '*.b': { ...(value() as object), a: { b: R, c: 2 } },
    'list[*].card': { ...(value() as object), list: [{ card: R, x: 2 }, 5, null] },
    'list[1]': { ...(value() as object), list: [{ card: 1, x: 2 }, R, null] },
    '["a-b"]': { ...(value() as object), 'a-b': R },
    'b[*]': { ...(value() as object), b: [R] },
    'a.b.c.d': value(),
    absent: value(),
  }
  for (const [path, after] of Object.entries(expected))
    assert.deepEqual(createRedactor([path])(value()), after, path)
})

test('what is given stays whole, and what comes out has no trace of the value', () => {
  fc.assert(
    fc.property(json(), json(), (secret, rest) => {
      const value: Json = { password: 'canary', user: { token: secret }, rest, items: [{ token: 'canary' }] }
      const before = JSON.stringify(value)
      const after = createRedactor(['password', 'user.token', 'items[*].token'])(value)
      assert.equal(JSON.stringify(value), before)
      assert.equal(
        JSON.stringify(after),
        JSON.stringify({ password: R, user: { token: R }, rest, items: [{ token: R }] }),
      )
    }),
  )
})

test('what comes out is plain JSON that cannot be turned back', () => {
  const after = createRedactor(['password'])({ password: 'canary', restore: true })
  assert.deepEqual(after, { password: R, restore: true })
})

test('any JSON passes, of whatever shape', () => {
  const redact = createRedactor(['a', '*.b', 'c[*].d', '*'])
  fc.assert(fc.property(json(), (value) => JSON.stringify(redact(value)).length > 0))
  for (const value of [null, 5, 'text', true]) assert.equal(redact(value), value)
  assert.deepEqual(createRedactor([])({ a: 1 }), { a: 1 })
})

test('a path that cannot be read is refused', () => {
  for (const path of ['', 'a[', 'a..b', 5 as unknown as string, undefined as unknown as string]) {
    assert.throws(
      () => createRedactor(['fine', path]),
      (error) => error instanceof WindlassError && error.code === 'config_invalid',
    )
  }
})

test('no path reaches the prototype of other objects', () => {
  for (const path of ['__proto__.toString', 'a.__proto__.toString', '*["__proto__"].valueOf']) {
    assert.throws(
      () => createRedactor([path]),
      (error) => error instanceof WindlassError && error.code === 'config_invalid',
    )
  }
  for (const path of ['constructor.prototype.toString', 'a.constructor', 'toString', '*.toString']) {
    createRedactor([path])({ a: { b: 1 } })
  }
  const other: object = {}
  assert.equal(
    JSON.stringify(Object.getOwnPropertyNames(Object.getPrototypeOf(other))).includes('redacted'),
    false,
  )
  for (const name of ['toString', 'valueOf'] as const) assert.equal(typeof other[name], 'function')
})
