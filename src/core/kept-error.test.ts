// Keeping errors: whatever is thrown becomes a bounded record that every engine can store, without known secrets.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import vm from 'node:vm'

import fc from 'fast-check'

import { WindlassError } from './errors.ts'
import { cut, keepError, wordsAsError } from './kept-error.ts'
import { LIMITS } from './limits.ts'
import type { KeptError } from './record.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const anyUnits = (): fc.Arbitrary<string> =>
  fc.string({
    unit: fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit)),
    maxLength: 60,
  })
const text = (): fc.Arbitrary<string> => fc.oneof(anyUnits(), fc.string({ unit: 'grapheme', maxLength: 60 }))

/** Fails unless every text of it is bounded, well formed and without NUL. */
function assertStorable(error: KeptError): void {
  const limited: [string | null, number][] = [
    [error.code, 128],
    [error.name, 128],
    [error.message, LIMITS.errorMessageBytes],
    [error.stack, LIMITS.errorStackBytes],
    ...error.causes.map((cause): [string, number] => [cause.name, 128]),
    ...error.causes.map((cause): [string, number] => [cause.message, LIMITS.errorMessageBytes]),
  ]
  for (const [kept, limit] of limited) {
    if (kept === null) continue
    assert.ok(Buffer.byteLength(kept) <= limit)
    assert.ok(kept.isWellFormed() && !kept.includes('\0'))
  }
  assert.ok(error.causes.length <= LIMITS.errorCauses)
  assert.deepEqual(JSON.parse(JSON.stringify(error)), error)
}

test('an error is kept with its name, message, code, stack and chain of causes', () => {
  const cause = new TypeError('inner', { cause: 'a word' })
  const kept = keepError(Object.assign(new RangeError('outer', { cause }), { code: 'E_CODE' }))
  assert.deepEqual([kept.code, kept.name, kept.message], ['E_CODE', 'RangeError', 'outer'])
  assert.ok(kept.stack?.startsWith('RangeError: outer\n    at '))
  assert.deepEqual(kept.causes, [
    { name: 'TypeError', message: 'inner' },
    { name: 'NotAnError', message: 'a word' },
  ])
  assert.equal(keepError(new WindlassError('engine_busy', 'x')).code, 'engine_busy')
  assert.equal(keepError(Object.freeze(new Error('frozen'))).message, 'frozen')
})

test('an error of another realm is an error', () => {
  const kept = keepError(vm.runInNewContext('new TypeError("far", { cause: new Error("away") })'))
  assert.deepEqual([kept.name, kept.message, kept.causes[0]?.message], ['TypeError', 'far', 'away'])
  assert.ok(kept.stack !== null)
})

test('what is no error is shown, and says that it was thrown', () => {
  const shown = (thrown: unknown): string => keepError(thrown).message
  assert.equal(shown('a word'), 'a handler threw a word')
  assert.equal(shown(undefined), 'a handler threw undefined')
  assert.equal(shown(null), 'a handler threw null')
  assert.equal(shown(10n), 'a handler threw 10n')
  assert.equal(shown({ status: 503 }), 'a handler threw { status: 503 }')
  assert.equal(keepError({ status: 503 }).name, 'NotAnError')
  assert.equal(keepError({ code: 'E_X' }).code, 'E_X')
  assert.equal(keepError({ code: {} }).code, null)
})

test('an AggregateError tells what it lists, and its first cause where it has no message', () => {
  const refused = ['::1', '127.0.0.1'].map((host) => new Error(`connect ECONNREFUSED ${host}:5432`))
  const kept = keepError(Object.assign(new AggregateError(refused), { code: 'ECONNREFUSED' }))
  assert.equal(kept.message, 'connect ECONNREFUSED ::1:5432')
  assert.equal(kept.causes.length, 2)
  assert.equal(keepError(new AggregateError(refused, 'both')).message, 'both')
  const many = new AggregateError(
    Array.from({ length: 100_000 }, (_, i) => new Error(`no ${i}`)),
    'many',
  )
  assert.equal(keepError(many).causes.length, LIMITS.errorCauses)
  assert.deepEqual(keepError(Object.assign(new AggregateError([], 'bent'), { errors: 5 })).causes, [])
})

test('an AggregateError of another realm tells what it lists', () => {
  const far: unknown = vm.runInNewContext('new AggregateError([new Error("a")], "far")')
  assert.deepEqual(keepError(far).causes, [{ name: 'Error', message: 'a' }])
  assert.deepEqual(keepError(Object.assign(new Error('x'), { errors: [new Error('a')] })).causes, [])
})

test('cycles and endless chains of causes come to an end', () => {
  const a = new Error('a')
  const b = new Error('b', { cause: a })
  a.cause = b
  assert.deepEqual(keepError(a).causes, [{ name: 'Error', message: 'b' }])
  const self = new Error('self')
  self.cause = self
  assert.deepEqual(keepError(self).causes, [])
  const endless = (): Error => Object.defineProperty(new Error('again'), 'cause', { get: endless })
  assert.equal(keepError(endless()).causes.length, LIMITS.errorCauses)
  const ring = new AggregateError([], 'ring')
  ring.errors = [ring, ring, a]
  assert.deepEqual(
    keepError(ring).causes.map((cause) => cause.message),
    ['a', 'b'],
  )
})

test('nothing that is thrown makes the keeping throw', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const traps = { get: boom, has: boom, getPrototypeOf: boom, ownKeys: boom, getOwnPropertyDescriptor: boom }
  const getters = new Error('x')
  for (const key of ['name', 'message', 'stack', 'code', 'cause'])
    Object.defineProperty(getters, key, { get: boom })
  const odd = new AggregateError([], 'odd')
  odd.errors = Proxy.revocable([], {}).proxy
  const hostile: unknown[] = [
    revoked.proxy,
    new Proxy({}, traps),
    new Proxy(new Error('y'), traps),
    getters,
    odd,
    new Error('x', { cause: revoked.proxy }),
    { [Symbol.for('nodejs.util.inspect.custom')]: boom },
    {
      get [Symbol.toStringTag]() {
        return boom()
      },
    },
    Object.create(null),
    Object.assign(new Error('x'), { message: { toString: boom }, name: 5, stack: boom, code: Number.NaN }),
    Object.create(Error.prototype),
    Map,
    Symbol('thrown'),
  ]
  for (const thrown of hostile) assertStorable(keepError(thrown))
  fc.assert(
    fc.property(fc.anything({ withBigInt: true, withMap: true }), (thrown) =>
      assertStorable(keepError(thrown)),
    ),
  )
})

test('texts of any length and of any code units are kept bounded and storable', () => {
  fc.assert(
    fc.property(text(), text(), fc.nat(3_000), (a, b, times) => {
      const error = new Error(a + b.repeat(times), { cause: b.repeat(times) })
      error.name = b.repeat(times % 40)
      assertStorable(keepError(error))
      assertStorable(wordsAsError('loss', 'Loss', a.repeat(times)))
    }),
  )
  const started = performance.now()
  assertStorable(keepError(new Error('x'.repeat(50_000_000))))
  assertStorable(keepError('a.'.repeat(10_000_000)))
  assertStorable(keepError({ list: Array.from({ length: 100_000 }, () => 'long'.repeat(1_000)) }))
  assert.ok(performance.now() - started < 10_000)
})

test('a message that is no text is shown, an empty name is Error', () => {
  assert.equal(keepError(Object.assign(new Error('x'), { message: { reason: 5 } })).message, '{ reason: 5 }')
  assert.equal(keepError(Object.assign(new Error('x'), { name: '' })).name, 'Error')
})

test('known secrets are not kept, in no text of the error', () => {
  const secret = 'hunter2_very_secret'
  const carriers = [
    `connect to postgres://app:${secret}@db.local:5432/x failed`,
    `redis://:${secret}@host`,
    `amqp://u:p@${secret}@host/v`,
    `GET /x failed, Authorization: Bearer ${secret}`,
    `Basic ${secret}==`,
    `host=db password=${secret} user=app`,
    `https://h/cb?access_token=${secret}&x=1`,
    `PGPASSWORD="${secret} two" psql`,
    `{"user":"a","apiKey":"${secret}"}`,
    `${'x'.repeat(LIMITS.errorMessageBytes - 30)} redis://user:${secret}@host`,
  ]
  for (const said of carriers) {
    const kept = JSON.stringify(keepError(new Error(said, { cause: new Error(said) })))
    assert.ok(!kept.includes(secret.slice(0, 7)), kept.slice(-300))
    assert.ok(kept.includes('***'))
    assert.ok(!keepError(said).message.includes(secret.slice(0, 7)))
  }
  const thrown = keepError({ status: 401, token: secret, headers: { authorization: secret } })
  assert.equal(thrown.message.split('***').length, 3, thrown.message)
  const error = Object.assign(new Error('x'), { config: { headers: { cookie: secret } } })
  assert.ok(!JSON.stringify(keepError(error)).includes(secret))
})

test('what stands around a secret is kept, and no code of a stranger runs', () => {
  for (const [said, kept] of [
    ['at postgres://app:x@db:5432/x now', 'at postgres://app:***@db:5432/x now'],
    ['Authorization: Bearer abcdefgh now', 'Authorization: Bearer *** now'],
    ['my_password=x&y=1', 'my_password=***&y=1'],
    [`{"apiKey":"x","y":1}`, `{"apiKey":***,"y":1}`],
  ] as const) {
    assert.equal(keepError(new Error(said)).message, kept)
  }
  const thrown = { [inspect.custom]: () => 'ran' }
  assert.ok(!keepError(thrown).message.endsWith(' ran'))
})

test('ordinary messages are kept as they are', () => {
  for (const message of [
    'password: must be at least 8 characters',
    'Unexpected token } in JSON at position 5',
    'connect ECONNREFUSED 127.0.0.1:5432',
    'GET http://host:8080/a?mail=a@b.c answered 500',
    'basic checks failed',
  ]) {
    assert.equal(keepError(new Error(message)).message, message)
  }
})

test('cut keeps what fits, byte for byte, and else a beginning and an ellipsis', () => {
  fc.assert(
    fc.property(text(), fc.nat(200), (whole, bytes) => {
      const short = cut(whole, bytes)
      const clean = whole.toWellFormed().replaceAll('\0', '\ufffd')
      assert.ok(Buffer.byteLength(short) <= bytes)
      assert.ok(short.isWellFormed() && !short.includes('\0'))
      if (Buffer.byteLength(clean) <= bytes) return assert.equal(short, clean)
      if (bytes < 3) return assert.ok(clean.startsWith(short))
      assert.ok(short.endsWith('…') && clean.startsWith(short.slice(0, -1)))
      // No whole character more would have fitted.
      const next = String.fromCodePoint(clean.codePointAt(short.length - 1) ?? 0)
      assert.ok(Buffer.byteLength(short) + Buffer.byteLength(next) > bytes)
    }),
    { numRuns: 1_000 },
  )
})

test('cut at each byte of a character leaves no half of it', () => {
  const expected = ['', 'a', 'a', '…', 'a…', 'a…', 'aé…', 'aé…', 'aé…', 'aé汉…', 'aé汉😀']
  assert.deepEqual(
    expected.map((_, bytes) => cut('aé汉😀', bytes)),
    expected,
  )
})
