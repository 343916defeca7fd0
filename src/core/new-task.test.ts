// From a call of enqueue to the row: defaults and precedence, every bound, and a digest of exactly what rule 16 names.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Codecs } from './codec.ts'
import type { EnqueueOptions } from './enqueue-options.ts'
import { WindlassError, type ErrorCode } from './errors.ts'
import type { NewTask } from './hot-verbs.ts'
import { LIMITS } from './limits.ts'
import { buildTask, digestOfTask, readInstant, type Enqueuer } from './new-task.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY } from './retry.ts'
import { defineTask, type TaskType } from './task-type.ts'

const from: Enqueuer = {
  codecs: new Codecs(),
  payloadBytes: LIMITS.payloadBytes,
  origin: 'client',
  parent: null,
  bareUnit: 1,
}
const build = (
  options: EnqueueOptions = {},
  type: TaskType | string = 'mail',
  who: Enqueuer = from,
): NewTask => buildTask(type, { value: { n: 1 } }, options, who)

function refuses(run: () => unknown, code: ErrorCode = 'invalid_option'): WindlassError {
  try {
    run()
  } catch (error) {
    assert.ok(error instanceof WindlassError, String(error))
    assert.equal(error.code, code, error.message)
    return error
  }
  return assert.fail('it was taken')
}
const refusesOptions = (options: object, code?: ErrorCode): WindlassError =>
  refuses(() => build(options), code)

test('a bare name and no options give the defaults', () => {
  const { id, digest, ...rest } = build()
  assert.match(id, /^[\da-f]{8}-[\da-f]{4}-7/)
  assert.match(digest, /^[\w-]{22}$/)
  assert.deepEqual(rest, {
    type: 'mail',
    queue: 'default',
    priority: 0,
    payload: '{"n":1}',
    payloadVersion: 1,
    codec: null,
    retry: DEFAULT_RETRY,
    crash: DEFAULT_CRASH,
    timeout: 900_000,
    keep: { succeeded: 86_400_000, dead: 2_592_000_000 },
    due: { after: 0 },
    expires: null,
    unique: null,
    tags: [],
    meta: null,
    group: null,
    parentId: null,
    rootId: id,
    traceContext: null,
    origin: 'client',
    minted: true,
  })
})

test('what the call says goes before the type, the type before the system, the system before the table', () => {
  const type = defineTask({
    name: 'mail',
    queue: 'a',
    priority: 1,
    timeout: '1s',
    retry: 1,
    keep: { dead: 1 },
    version: 4,
  })
  const system = { retry: { kind: 'fixed', retries: 9, delay: 9 }, keep: { succeeded: 5, dead: 6 } } as const
  const ofType = build({}, type, { ...from, defaults: system })
  assert.deepEqual([ofType.queue, ofType.priority, ofType.timeout, ofType.payloadVersion], ['a', 1, 1_000, 4])
  assert.deepEqual([ofType.retry.retries, ofType.keep], [1, { succeeded: 5, dead: 1 }])
  const said = build({ queue: 'b', priority: 0, timeout: false, retry: 2, keep: { dead: 3 } }, type)
  assert.deepEqual([said.queue, said.priority, said.timeout], ['b', 0, null])
  assert.deepEqual([said.retry.retries, said.keep], [2, { succeeded: 86_400_000, dead: 3 }])
  assert.deepEqual(build({}, 'mail', { ...from, defaults: system }).retry, system.retry)
  assert.equal(build({}, defineTask({ name: 'mail', timeout: false })).timeout, null)
})

test('a type that was not made by defineTask is held to the same bounds', () => {
  assert.equal(build({}, { name: 'mail' } as TaskType).timeout, 900_000)
  for (const type of [{}, { name: 5 }, { name: '' }, null, undefined, 5, 'a\n', 'x'.repeat(129)]) {
    refuses(() => buildTask(type as string, { value: 1 }, {}, from))
  }
  refuses(() => build({}, { name: 'mail', priority: 99 } as TaskType))
})

test('an id of the caller is kept and not called minted', () => {
  const task = build({ id: 'order:1' })
  assert.deepEqual([task.id, task.minted, task.rootId], ['order:1', false, 'order:1'])
})

test('lineage comes from the parent, and the origin is bounded', () => {
  const child = (rootId: string | null, origin = 'task:p'): NewTask =>
    build({ group: 'g', traceContext: '00-abc' }, 'mail', { ...from, origin, parent: { id: 'p', rootId } })
  const { parentId, rootId, group, traceContext } = child('r')
  assert.deepEqual([parentId, rootId, group, traceContext], ['p', 'r', 'g', '00-abc'])
  assert.equal(child(null).rootId, 'p')
  const long = child('r', `schedule:${'汉'.repeat(100)}`).origin ?? ''
  assert.ok(Buffer.byteLength(long) <= LIMITS.keyBytes && long.isWellFormed())
})

test('due times stay as given', () => {
  const at = Date.UTC(2026, 0, 31, 8)
  assert.deepEqual(build({ delay: '5m' }).due, { after: 300_000 })
  assert.deepEqual(build({ delay: -0 }).due, { after: 0 })
  for (const runAt of [new Date(at), '2026-01-31T08:00:00Z', at])
    assert.deepEqual(build({ runAt }).due, { at })
  assert.deepEqual(build({ expires: '1h' }).expires, { after: 3_600_000 })
  assert.deepEqual(build({ expires: new Date(at) }).expires, { at })
  refusesOptions({ delay: 1, runAt: at })
  refusesOptions({ delay: 0, runAt: at })
})

test('bare numbers count seconds where the surface says so', () => {
  const options = {
    delay: 1,
    expires: 2,
    unique: { key: 'k', for: 3 },
    timeout: 4,
    keep: { dead: 5 },
    retry: { delay: 6 },
  }
  const task = build(options, 'mail', { ...from, bareUnit: 1_000 })
  assert.deepEqual([task.due, task.expires, task.unique?.for], [{ after: 1_000 }, { after: 2_000 }, 3_000])
  assert.deepEqual(
    [task.timeout, task.keep.dead, task.retry],
    [4_000, 5_000, { kind: 'fixed', retries: 3, delay: 6_000 }],
  )
  const runAt = Date.UTC(2026, 0, 31) / 1_000
  assert.deepEqual(build({ runAt }, 'mail', { ...from, bareUnit: 1_000 }).due, { at: runAt * 1_000 })
})

test('a unique key is a text, or a key with a time', () => {
  assert.deepEqual(build({ unique: 'k' }).unique, { key: 'k', for: null })
  assert.deepEqual(build({ unique: { key: 'k' } }).unique, { key: 'k', for: null })
  assert.deepEqual(build({ unique: { key: 'k', for: '1h' } }).unique, { key: 'k', for: 3_600_000 })
  for (const unique of ['', 'x'.repeat(129), null, 5, [], {}, { key: '' }, { key: 5 }])
    refusesOptions({ unique })
  refusesOptions({ unique: { key: 'k', for: null } }, 'invalid_duration')
  refusesOptions({ unique: { key: 'k', fro: 1 } }, 'unknown_option')
})

test('tags are up to 20 names, each once', () => {
  assert.deepEqual(build({ tags: ['a', 'b', 'a'] }).tags, ['a', 'b'])
  assert.equal(build({ tags: Array.from({ length: 20 }, (_, i) => `t${i}`) }).tags.length, 20)
  const holes: string[] = ['a']
  holes[2] = 'b'
  for (const tags of [
    holes,
    'a',
    { 0: 'a' },
    [''],
    [5],
    ['x'.repeat(129)],
    Array.from({ length: 21 }, (_, i) => `t${i}`),
    null,
  ]) {
    refusesOptions({ tags })
  }
})

test('meta is a small object', () => {
  assert.equal(build({ meta: { a: 1 } }).meta, '{"a":1}')
  assert.equal(build({ meta: null as unknown as object }).meta, null)
  for (const meta of [
    'text',
    5,
    [1],
    () => 1,
    new Map(),
    { a: Number.NaN },
    { a: 'x'.repeat(LIMITS.metaBytes) },
  ]) {
    assert.match(refusesOptions({ meta }).message, /^meta/)
  }
})

test('options that are unknown or out of bounds are refused', () => {
  assert.match(refusesOptions({ dealy: 1 }, 'unknown_option').message, /did you mean "delay"/)
  refusesOptions(JSON.parse('{"__proto__":{"queue":"x"}}') as object, 'unknown_option')
  for (const options of [null, undefined, 'x', []])
    refuses(() => buildTask('mail', { value: 1 }, options as object, from))
  for (const key of ['id', 'group', 'traceContext', 'queue']) {
    for (const value of ['', 'x'.repeat(129), 5, 'a\0b', '\ud800']) refusesOptions({ [key]: value })
  }
  for (const priority of [-1, 11, 0.5, '5']) refusesOptions({ priority })
  for (const delay of [-1, 'x', null, LIMITS.duration + 1]) refusesOptions({ delay }, 'invalid_duration')
  for (const expires of [-1, 'tomorrow', null]) refusesOptions({ expires }, 'invalid_duration')
  for (const runAt of ['x', new Date(Number.NaN), null, {}]) refusesOptions({ runAt })
  refusesOptions({ expires: new Date(Number.NaN) })
  refusesOptions({ timeout: 0 })
  refusesOptions({ retry: 'x' })
})

test('the payload is written once and bounded before the codec, which gets plain JSON', () => {
  const seen: string[] = []
  const codec = {
    name: 'twice',
    encode: (text: string): string => {
      seen.push(text)
      return text + text
    },
    decode: (text: string): string => text,
  }
  const who = { ...from, payloadBytes: 7, codecs: new Codecs([codec]) }
  const task = buildTask('mail', { value: { n: 1 } }, {}, who)
  assert.deepEqual([task.payload, task.codec, seen], ['{"n":1}{"n":1}', 'twice', ['{"n":1}']])
  assert.equal(task.digest, digestOfTask(task, '{"n":1}'), 'a codec that draws salt changes no identity')
  refuses(() => buildTask('mail', { value: { n: 10 } }, {}, who), 'payload_too_large')
  refuses(() => buildTask('mail', { value: 1n }, {}, who), 'payload_not_json')
  assert.equal(buildTask('mail', { text: ' 1.0 ' }, {}, from).payload, ' 1.0 ')
  assert.equal(buildTask('mail', { value: undefined }, {}, from).payload, 'null')
})

test('the digest covers type, queue, priority, payload, due, expiry and unique key', () => {
  const base: EnqueueOptions = { queue: 'q', priority: 1, delay: 5, expires: 9, unique: { key: 'k', for: 5 } }
  const digest = build(base).digest
  const others: NewTask[] = [
    build(base, 'other'),
    build({ ...base, queue: 'other' }),
    build({ ...base, priority: 2 }),
    build({ ...base, delay: 6 }),
    build({ ...base, expires: 10 }),
    build({ ...base, unique: 'k' }),
    build({ ...base, unique: { key: 'k', for: 6 } }),
    build({ ...base, unique: { key: '5:k', for: 5 } }),
    buildTask('mail', { value: { n: 2 } }, base, from),
    buildTask('mail', { text: '{"n": 1}' }, base, from),
  ]
  assert.equal(new Set([digest, ...others.map((task) => task.digest)]).size, others.length + 1)
  assert.notEqual(build({ delay: 5 }).digest, build({ runAt: 5 }).digest)
  assert.notEqual(build({ expires: 5 }).digest, build({ expires: new Date(5) }).digest)
})

test('the digest covers nothing else: not id, retry, timeout, retention, tags, meta, lineage, version', () => {
  const digest = build().digest
  const others: NewTask[] = [
    build({ id: 'mine' }),
    build({
      retry: 9,
      timeout: '9s',
      keep: { dead: 9 },
      tags: ['t'],
      meta: { a: 1 },
      group: 'g',
      traceContext: 't',
    }),
    build({}, defineTask({ name: 'mail', version: 7, retry: false })),
    build({}, 'mail', { ...from, origin: 'api', parent: { id: 'p', rootId: 'r' } }),
    build({ delay: '0s' }),
  ]
  for (const task of others) assert.equal(task.digest, digest)
})

test('an instant is a Date, ISO-8601 text or a number since the epoch', () => {
  const at = Date.UTC(2026, 0, 31, 8)
  const texts = [
    '2026-01-31T08:00:00Z',
    '2026-01-31T08:00',
    '2026-01-31 08:00:00.000',
    '2026-01-31t09:30+01:30',
    '2026-01-31T00:00:00-0800',
  ]
  for (const text of texts) assert.equal(readInstant(text, 'runAt'), at, text)
  assert.equal(readInstant('2026-01-31T16:00+08', 'runAt'), at)
  assert.equal(readInstant('2026-01-31', 'runAt'), Date.UTC(2026, 0, 31))
  assert.equal(readInstant('2028-02-29', 'runAt'), Date.UTC(2028, 1, 29))
  assert.equal(readInstant('2026-01-31T08:00:00.123456Z', 'runAt'), at + 123)
  assert.equal(readInstant(at + 0.4, 'runAt'), at)
  assert.ok(Object.is(readInstant(-0, 'runAt'), 0))
  assert.equal(readInstant('9999-12-31T23:59:59.999Z', 'runAt'), 253_402_300_799_999)
})

test('a text that Date.parse would guess at is no instant, nor is a day that no calendar has', () => {
  const guesses = [
    '1',
    '10',
    '2026',
    '2026-01',
    'Jan 31 2026',
    '31.01.2026',
    '01/31/2026',
    'tomorrow',
    '',
    '2026-01-31T8:00Z',
  ]
  const wrong = [
    '2026-02-30',
    '2026-02-29T00:00Z',
    '2026-04-31',
    '2026-13-01',
    '2026-00-01',
    '2026-01-00',
    '2026-01-31T24:01Z',
  ]
  const far = [
    '1969-12-31T23:59:59Z',
    '0000-01-01',
    '9999-12-31T23:59-01:00',
    -1,
    253_402_300_799_999.5,
    1e300,
  ]
  const others = [
    Number.NaN,
    Number.POSITIVE_INFINITY,
    null,
    undefined,
    {},
    [],
    5n,
    true,
    new Date(Number.NaN),
    new Date(-1),
  ]
  for (const value of [...guesses, ...wrong, ...far, ...others]) refuses(() => readInstant(value, 'runAt'))
  assert.ok(refuses(() => readInstant('9'.repeat(1_000_000), 'runAt')).message.length < 150)
})
