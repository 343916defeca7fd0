// JSON at the edge: what goes in comes out exactly, or is refused with a code of the table and nothing else.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'

import fc from 'fast-check'

import { ERROR_CODES, WindlassError } from './errors.ts'
import { checkJsonText, checkSize, PAYLOAD_CODES, RESULT_CODES, toJsonText } from './json.ts'
import { LIMITS } from './limits.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const write = (value: unknown, limit?: number): string => toJsonText(value, 'payload', PAYLOAD_CODES, limit)

/** What JSON can hold (−0 it cannot) and we take: no key `__proto__`. */
const jsonValue = (): fc.Arbitrary<fc.JsonValue> =>
  fc
    .json({ maxDepth: 6 })
    .filter((text) => !text.includes('"__proto__"'))
    .map((text) => JSON.parse(text) as fc.JsonValue)

/** The code and the words of the refusal; anything but a WindlassError fails the test. */
function refusal(run: () => unknown): { code: string; message: string } {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof WindlassError, `a ${String(error)} came through`)
    return { code: error.code, message: error.message }
  }
  return assert.fail('it was taken')
}

function nested(levels: number, inner: unknown = 1): unknown {
  let value = inner
  for (let i = 0; i < levels; i++) value = i % 2 === 0 ? [value] : { a: value }
  return value
}

test('whatever JSON can hold comes back exactly', () => {
  fc.assert(
    fc.property(jsonValue(), (value) => {
      const text = write(value)
      assert.deepEqual(JSON.parse(text), value)
      assert.equal(text, JSON.stringify(value))
      checkJsonText(text, 'payload', PAYLOAD_CODES)
    }),
    { numRuns: 200 },
  )
})

test('whatever is given is written as JSON or refused with a code of the payload', () => {
  const anything = fc.anything({
    withBigInt: true,
    withDate: true,
    withMap: true,
    withSet: true,
    withTypedArray: true,
    withSparseArray: true,
    withNullPrototype: true,
    withObjectString: true,
  })
  fc.assert(
    fc.property(anything, (value) => {
      try {
        JSON.parse(write(value, 2_000))
      } catch (error) {
        assert.ok(error instanceof WindlassError)
        assert.ok(Object.values(PAYLOAD_CODES).includes(error.code))
      }
    }),
    { numRuns: 300 },
  )
})

test('strings keep every code unit, lone surrogates and NUL included', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: fc.integer({ min: 0, max: 0xffff }).map((c) => String.fromCharCode(c)) }),
      (s) => {
        fc.pre(s !== '__proto__')
        const text = write({ [s]: s })
        assert.ok(text.isWellFormed() && !text.includes('\0'), 'the text can be stored as UTF-8')
        assert.deepEqual(JSON.parse(text), { [s]: s })
      },
    ),
  )
})

test('undefined is null at the top, left out of an object and refused in a list', () => {
  assert.equal(write(undefined), 'null')
  assert.equal(write({ a: undefined, b: 1 }), '{"b":1}')
  assert.match(refusal(() => write([1, undefined])).message, /^payload\[1] is undefined$/)
})

test('what JSON would change without a word is refused, and where it is is told', () => {
  const holes: unknown[] = []
  holes[3] = 1
  const refused: [unknown, string][] = [
    [Number.NaN, 'NaN'],
    [Number.NEGATIVE_INFINITY, '-Infinity'],
    [10n, 'a bigint'],
    [Object(10n), 'no plain'],
    [Symbol('x'), 'a symbol'],
    [() => 1, 'a function'],
    [Map, 'a function'],
    [holes, 'undefined'],
    [new Map([[1, 2]]), 'no plain'],
    [new Set([1]), 'no plain'],
    [new WeakMap(), 'no plain'],
    [/x/, 'no plain'],
    [Object(Number.NaN), 'no plain'],
    [Promise.resolve(1), 'a promise; await it first'],
    [new Error('lost'), 'an error'],
    [new Date(Number.NaN), 'an invalid date'],
    [Buffer.from('abc'), 'binary data'],
    [new Uint8Array(3), 'binary data'],
    [new ArrayBuffer(3), 'no plain'],
  ]
  for (const [value, words] of refused) {
    const inside = refusal(() => write({ rows: [{ it: value }] }))
    assert.equal(inside.code, 'payload_not_json')
    assert.ok(inside.message.startsWith('payload.rows[0].it'), inside.message)
    assert.ok(inside.message.includes(words), `${inside.message} says ${words}`)
    assert.equal(refusal(() => write(value)).code, 'payload_not_json')
  }
})

test('objects of another realm are judged like our own', () => {
  assert.equal(write(vm.runInNewContext('({ a: [1, new Date(0)] })')), '{"a":[1,"1970-01-01T00:00:00.000Z"]}')
  assert.match(refusal(() => write(vm.runInNewContext('new Map()'))).message, /no plain JSON object/)
})

test('toJSON is heard, and what it answers is held to the same rules', () => {
  const says = (value: unknown): unknown => ({ a: { toJSON: () => value } })
  assert.equal(write({ at: new Date(0) }), '{"at":"1970-01-01T00:00:00.000Z"}')
  assert.equal(write(says({ b: 2 })), '{"a":{"b":2}}')
  assert.equal(write(says(undefined)), '{}')
  for (const value of [Number.NaN, [undefined], () => 1, 1n, JSON.parse('{"__proto__":1}')]) {
    assert.equal(refusal(() => write(says(value))).code, 'payload_not_json')
  }
  assert.equal(refusal(() => write(says(nested(64)))).code, 'payload_too_deep')
  assert.equal(refusal(() => write({ toJSON: () => undefined })).code, 'payload_not_json')
})

test('a getter that answers something else the second time slips nothing by', () => {
  let reads = 0
  const changing = {
    get a(): unknown {
      return reads++ === 0 ? (JSON.parse('{"__proto__":{"admin":true}}') as unknown) : 1
    },
    get b(): unknown {
      return new Map([[reads++, 1]])
    },
  }
  assert.match(refusal(() => write(changing)).message, /__proto__/)
  assert.match(refusal(() => write({ b: changing.b })).message, /no plain JSON object/)
  assert.match(
    refusal(() => write(Object.defineProperty({}, 'b', Object.getOwnPropertyDescriptor(changing, 'b')!)))
      .message,
    /no plain JSON object/,
  )
})

test('whatever a hostile value throws becomes a refusal', () => {
  const boom = (): never => {
    throw new TypeError('boom')
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const hostile: unknown[] = [
    {
      get a() {
        return boom()
      },
    },
    { a: { toJSON: boom } },
    {
      get toJSON() {
        return boom()
      },
    },
    {
      toJSON: () => {
        throw new WindlassError('refused', 'not a code of payloads')
      },
    },
    {
      toJSON: () => {
        throw null as unknown as Error
      },
    },
    new Proxy({}, { ownKeys: boom }),
    new Proxy({ a: 1 }, { get: boom }),
    new Proxy({}, { getPrototypeOf: boom }),
    revoked.proxy,
    { a: revoked.proxy },
  ]
  for (const [i, value] of hostile.entries()) {
    assert.equal(refusal(() => write(value)).code, 'payload_not_json', `hostile value ${i}`)
  }
})

test('a key __proto__ is refused wherever it stands, and a polluted prototype is not written', () => {
  for (const text of ['{"__proto__":1}', '{"a":[{"__proto__":{"x":1}}]}', '{"a":{"__proto__":null}}']) {
    const message = refusal(() => write(JSON.parse(text))).message
    assert.match(message, /__proto__ is a key that harms its reader$/)
    assert.equal(refusal(() => checkJsonText(text, 'payload', PAYLOAD_CODES)).message, message)
  }
  assert.equal(write({ constructor: 1, prototype: 2 }), '{"constructor":1,"prototype":2}')
  assert.equal(write(Object.create({ inherited: 1 })), '{}')
})

test('cycles are refused by name, a member that is shared is not a cycle', () => {
  const self: Record<string, unknown> = { a: {} }
  self['a'] = { list: [self] }
  assert.match(refusal(() => write(self)).message, /^payload\.a\.list\[0] is part of a cycle$/)
  const shared = { n: 1 }
  assert.equal(write([shared, { shared }, shared]), '[{"n":1},{"shared":{"n":1}},{"n":1}]')
  const empty = {}
  assert.equal(write([empty, [empty], empty]), '[{},[{}],{}]')
})

test('64 levels are taken, 65 are not, and a million overflow nothing', () => {
  for (const inner of [1, 'x', null]) JSON.parse(write(nested(LIMITS.jsonDepth, inner)))
  for (const levels of [LIMITS.jsonDepth + 1, 1_000_000]) {
    assert.equal(refusal(() => write(nested(levels))).code, 'payload_too_deep')
  }
  assert.equal(refusal(() => toJsonText(nested(65), 'result', RESULT_CODES)).code, 'result_not_json')
  assert.ok(ERROR_CODES.payload_too_deep.hint.includes(String(LIMITS.jsonDepth)))
})

test('the limit counts bytes of UTF-8, to the byte', () => {
  for (const unit of ['a', 'é', '汉', '😀', '\ud800', '"']) {
    const bytes = Buffer.byteLength(JSON.stringify(unit.repeat(100)))
    assert.equal(Buffer.byteLength(write(unit.repeat(100), bytes)), bytes)
    assert.equal(refusal(() => write(unit.repeat(100), bytes - 1)).code, 'payload_too_large', unit)
  }
  fc.assert(
    fc.property(jsonValue(), (value) => {
      const bytes = Buffer.byteLength(JSON.stringify(value))
      assert.equal(Buffer.byteLength(write(value, bytes)), bytes)
      assert.equal(refusal(() => write(value, bytes - 1)).code, 'payload_too_large')
    }),
  )
})

test('a small graph that would be written as an endless text is refused at once', () => {
  let doubled: unknown = { s: 'x'.repeat(100) }
  for (let i = 0; i < 60; i++) doubled = [doubled, doubled]
  let hollow: unknown = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`k${i}`, undefined]))
  for (let i = 0; i < 60; i++) hollow = [hollow, hollow]
  const long = 'x'.repeat(1024 * 1024)
  const many = Array.from({ length: 10_000 }, () => long)
  const started = performance.now()
  const keyed = Array.from({ length: 10_000 }, () => ({ [long]: 1 }))
  for (const value of [doubled, hollow, many, keyed]) {
    assert.equal(refusal(() => write(value)).code, 'payload_too_large')
  }
  assert.ok(performance.now() - started < 10_000)
  assert.equal(refusal(() => write(Object.assign([], { length: 4_000_000_000 }))).code, 'payload_not_json')
})

test('minus zero is written as zero', () => {
  assert.equal(write([-0]), '[0]')
})

test('undefined members weigh nothing', () => {
  const value = { ...Object.fromEntries(Array.from({ length: 50 }, (_, i) => [`k${i}`, undefined])), a: 1 }
  assert.equal(write(value, 7), '{"a":1}')
})

test('text from outside is taken as it is, or refused', () => {
  const check = (text: string, limit?: number): void => checkJsonText(text, 'payload', PAYLOAD_CODES, limit)
  for (const text of [
    ' {"a" : 1.0e2 } ',
    '{"a":1,"a":2}',
    '"\\ud800"',
    '123456789012345678901234567890',
    '-0',
  ]) {
    check(text)
  }
  const refused = [
    '',
    '{',
    '{a:1}',
    "{'a':1}",
    'NaN',
    'undefined',
    '1e999',
    '\ufeff{}',
    '"\ud800"',
    '"\0"',
    '[1,]',
  ]
  for (const text of refused) {
    assert.equal(refusal(() => check(text)).code, 'payload_not_json', JSON.stringify(text))
  }
  assert.equal(refusal(() => check('['.repeat(65) + ']'.repeat(65))).code, 'payload_too_deep')
  assert.equal(refusal(() => check('['.repeat(100_000))).code, 'payload_not_json')
  assert.equal(refusal(() => check('"123456789"', 10)).code, 'payload_too_large')
})

test('the refusal of a size says how large it was and how large it may be', () => {
  assert.throws(
    () => checkSize('é'.repeat(6), 'result', RESULT_CODES, 11),
    (error: WindlassError) =>
      error.code === 'result_too_large' && error.detail['bytes'] === 12 && error.detail['limit'] === 11,
  )
  checkSize('é'.repeat(6), 'result', RESULT_CODES, 12)
})

test('hostile keys neither fill the message nor hide in it', () => {
  const message = refusal(() => write({ ['k'.repeat(10_000)]: { 'a\nb': Number.NaN } })).message
  assert.ok(message.length < 200)
  assert.ok(message.endsWith('["a\\nb"] is NaN, which JSON cannot hold'), message)
})
