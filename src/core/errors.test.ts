// The table of codes, the error class across two copies of the package, and questions about whatever was thrown.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'

import { appliedOf, ERROR_CODES, Fatal, isFatal, RetryAfter, retryAfterOf, WindlassError } from './errors.ts'
import type { ErrorCode } from './errors.ts'
import { LIMITS } from './limits.ts'

const codes = Object.keys(ERROR_CODES) as ErrorCode[]

/** The same module, loaded a second time as a second copy of the package would be. */
async function secondCopy(): Promise<typeof import('./errors.ts')> {
  const url = new URL('./errors.ts?copy=2', import.meta.url).href
  return (await import(url)) as typeof import('./errors.ts')
}

function hostileValues(): unknown[] {
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const boom = (): never => {
    throw new Error('boom')
  }
  const error = new Error('x')
  Object.defineProperty(error, 'name', { get: boom })
  Object.defineProperty(error, 'after', { get: boom })
  const traps = { get: boom, has: boom, getPrototypeOf: boom, getOwnPropertyDescriptor: boom }
  return [
    revoked.proxy,
    new Proxy({}, traps),
    new Proxy(new Error('y'), traps),
    error,
    null,
    undefined,
    5,
    'x',
  ]
}

test('every code has a status of HTTP, says whether to try again, and has a hint that is a sentence', () => {
  assert.ok(codes.length > 30)
  for (const code of codes) {
    const { status, retry, hint } = ERROR_CODES[code]
    assert.match(code, /^[a-z]+(_[a-z]+)*$/)
    assert.ok(status >= 400 && status <= 599, code)
    assert.equal(typeof retry, 'boolean', code)
    assert.match(hint, /^[A-Z][^\n]{8,118}[.]$/, `the hint of ${code}`)
  }
})

test('no two codes are the same word in another spelling, and no two give the same hint', () => {
  const bare = codes.map((code) => code.replaceAll('_', ''))
  assert.equal(new Set(bare).size, codes.length)
  const said = codes.map((code) => ERROR_CODES[code].hint)
  const shared = said.filter((hint, i) => said.indexOf(hint) !== i)
  assert.deepEqual(shared, [])
})

test('codes that may succeed later are those of time and of the store, never those of wrong input', () => {
  for (const code of codes) {
    const { status, retry } = ERROR_CODES[code]
    if (status === 422 || status === 404 || status === 410 || status === 413) assert.equal(retry, false, code)
  }
  for (const code of ['engine_busy', 'engine_full', 'engine_unreachable', 'engine_timeout'] as const) {
    assert.equal(ERROR_CODES[code].retry, true)
  }
})

test('an error carries its entry of the table, and what is said replaces it', () => {
  const cause = new Error('why')
  const error = new WindlassError('engine_busy', 'locked', { cause, applied: 'no', detail: { ms: 5 } })
  assert.ok(error instanceof Error)
  assert.equal(error.name, 'WindlassError')
  assert.deepEqual([error.code, error.status, error.retry], ['engine_busy', 503, true])
  assert.equal(error.hint, ERROR_CODES.engine_busy.hint)
  assert.deepEqual([error.applied, error.detail, error.cause], ['no', { ms: 5 }, cause])
  assert.equal(new WindlassError('refused', 'no', { hint: 'Look.' }).hint, 'Look.')
  assert.ok(!('cause' in new WindlassError('refused', 'no')))
})

test('a message is bounded and well formed', () => {
  const most = LIMITS.errorMessageBytes
  assert.equal(new WindlassError('internal', 'x'.repeat(most)).message.length, most)
  for (const long of ['x'.repeat(1_000_000), '😀'.repeat(most), `a${'😀'.repeat(most)}`]) {
    const { message } = new WindlassError('internal', long)
    assert.ok(message.length <= most && message.endsWith('…') && message.isWellFormed())
  }
})

test('an error that was made without a message, from JavaScript, has none', () => {
  for (const message of [undefined, null, 5, {}])
    assert.equal(new WindlassError('internal', message as string).message, '')
})

test('a code of another version, or one that only looks like a key, becomes internal and keeps its message', () => {
  for (const word of ['never_heard_of', 'constructor', '__proto__', 'toString']) {
    const error = new WindlassError(word as ErrorCode, 'kept')
    assert.deepEqual([error.code, error.status, error.message], ['internal', 500, 'kept'])
  }
})

test('instanceof knows errors of a second copy, in both directions', async () => {
  const other = await secondCopy()
  assert.notEqual(other.WindlassError, WindlassError)
  assert.ok(new other.WindlassError('refused', 'x') instanceof WindlassError)
  assert.ok(new WindlassError('refused', 'x') instanceof other.WindlassError)
  assert.equal(appliedOf(new other.WindlassError('engine_timeout', 'x', { applied: 'unknown' })), 'unknown')
  assert.ok(isFatal(new other.Fatal('x')))
  assert.equal(retryAfterOf(new other.RetryAfter('5s')), '5s')
})

test('instanceof says no to all others, and a subclass keeps the ordinary meaning', () => {
  class Special extends WindlassError {}
  assert.ok(new Special('refused', 'x') instanceof WindlassError)
  assert.ok(new Special('refused', 'x') instanceof Special)
  assert.ok(!(new WindlassError('refused', 'x') instanceof Special))
  for (const value of [
    new Error('x'),
    new Fatal('x'),
    {},
    null,
    undefined,
    'WindlassError',
    5,
    Symbol.iterator,
  ]) {
    assert.ok(!(value instanceof WindlassError))
  }
})

test('the brand is neither seen nor changed', () => {
  const error = new WindlassError('refused', 'x')
  assert.ok(!JSON.stringify(error).includes('windlass.error'))
  assert.deepEqual(
    Object.keys(error).filter((key) => key.includes('windlass')),
    [],
  )
  assert.ok(Object.freeze(error) instanceof WindlassError)
})

test('Fatal is known by class, by subclass and by name', () => {
  class Hopeless extends Fatal {}
  assert.ok(isFatal(new Fatal('x')))
  assert.ok(isFatal(new Hopeless('x')))
  assert.ok(isFatal(Object.assign(new Error('x'), { name: 'Fatal' })))
  assert.ok(isFatal(Object.freeze(new Fatal('x'))))
  const cause = new Error('why')
  assert.equal(new Fatal('x', { cause }).cause, cause)
  for (const value of [new Error('Fatal'), { name: 'Fatal' }, 'Fatal', null, undefined])
    assert.ok(!isFatal(value))
})

test('RetryAfter tells its wait, everything else tells none', () => {
  const date = new Date(0)
  for (const after of [5, '30s', date] as const) assert.equal(retryAfterOf(new RetryAfter(after)), after)
  assert.equal(new RetryAfter('5s').message, 'asked to be tried again later')
  assert.equal(new RetryAfter('5s', 'rate limit', { cause: date }).cause, date)
  const bent = Object.assign(new Error('x'), { name: 'RetryAfter', after: { valueOf: () => 5 } })
  for (const value of [new Error('x'), new Fatal('x'), bent, { name: 'RetryAfter', after: 5 }, null]) {
    assert.equal(retryAfterOf(value), null)
  }
})

test('no question about a hostile value throws', () => {
  for (const value of hostileValues()) {
    assert.equal(value instanceof WindlassError, false)
    assert.equal(isFatal(value), false)
    assert.equal(retryAfterOf(value), null)
    assert.equal(appliedOf(value), null)
  }
})

test('appliedOf tells what the error says, and null for all that is not about an engine call', () => {
  for (const applied of ['no', 'unknown', null] as const) {
    assert.equal(appliedOf(new WindlassError('engine_timeout', 'x', { applied })), applied)
  }
  assert.equal(appliedOf(new WindlassError('engine_timeout', 'x')), null)
  assert.equal(appliedOf(new Error('x')), null)
  assert.equal(appliedOf(vm.runInNewContext('new Error("x")')), null)
})
