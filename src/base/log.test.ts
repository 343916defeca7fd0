// The log: one line for each thing said, in the shape that others rely on, redacted, and never a throw.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { WindlassError } from '../core/errors.ts'
import { createLog, forPeople, silentLog, type Log, type LogOptions } from './log.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

const anyUnit = fc.integer({ min: 0, max: 0xffff }).map((unit) => String.fromCharCode(unit))

function rig(options: LogOptions = {}): {
  log: Log
  lines: string[]
  parsed: () => Record<string, unknown>[]
} {
  const lines: string[] = []
  const log = createLog({
    json: true,
    level: 'debug',
    destination: { write: (text) => lines.push(text) },
    ...options,
  })
  return { log, lines, parsed: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

test('as JSON each line is one object with time, level, message and the fields', () => {
  const { log, lines, parsed } = rig()
  log.warn('the store is slow', { ms: 1_200, queue: 'mail' })
  const [{ time, ...rest } = {}] = parsed()
  assert.deepEqual(rest, { level: 'warn', message: 'the store is slow', ms: 1_200, queue: 'mail' })
  assert.match(String(time), /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.match(lines[0] ?? '', /^[^\n]+\n$/)
})

test('for people each line has its time, its level, the message and what else is known', () => {
  const { log, lines } = rig({ json: false })
  log.info('started', { name: 'w-1', queues: ['a', 'b'], pid: 7, note: 'two words', none: null })
  assert.match(
    lines[0] ?? '',
    /^\S+Z INFO {2}started name=w-1 queues=\["a","b"\] pid=7 note="two words" none=null\n$/,
  )
})

test('a level says itself and what is worse, silent says nothing', () => {
  for (const [level, count] of [
    ['debug', 4],
    ['info', 3],
    ['warn', 2],
    ['error', 1],
    ['silent', 0],
  ] as const) {
    const { log, lines } = rig({ level })
    for (const one of ['debug', 'info', 'warn', 'error'] as const) log[one]('x')
    assert.equal(lines.length, count, level)
  }
  silentLog.error('nobody hears this')
})

test('fields that are not shown are not even read', () => {
  let reads = 0
  rig({ level: 'info' }).log.debug('x', {
    get a() {
      return ++reads
    },
  })
  assert.equal(reads, 0)
})

test('a child carries its fields on every line, and its children carry both', () => {
  const { log, parsed } = rig({ redact: ['token'] })
  log.child({ worker: 'w', token: 'canary' }).child({ task: 't' }).info('x', { n: 1 })
  const [{ time: _, ...rest } = {}] = parsed()
  assert.deepEqual(rest, { level: 'info', message: 'x', worker: 'w', token: '[redacted]', task: 't', n: 1 })
})

test('what the paths name is redacted, in both shapes', () => {
  for (const json of [true, false]) {
    const { log, lines } = rig({ json, redact: ['password', 'user.token', '*.secret'] })
    log.info('x', { password: 'canary', user: { token: 'canary', name: 'n' }, a: { secret: 'canary' } })
    assert.ok(!lines.join('').includes('canary'))
    assert.equal(lines.join('').split('[redacted]').length, 4)
  }
})

test('a level or a path that cannot be read is refused as a wrong config', () => {
  for (const options of [{ redact: ['a['] }, { redact: [''] }, { level: 'loud' as 'info' }]) {
    assert.throws(
      () => createLog(options),
      (error) => error instanceof WindlassError && error.code === 'config_invalid',
    )
  }
})

test('an error is told with its causes, without its other properties and known secrets', () => {
  const config = { headers: { authorization: 'canary' } }
  const cause = new Error('connect redis://u:canary@host failed')
  const error = Object.assign(new Error('no store', { cause }), { config, code: 'E_STORE' })
  const json = rig()
  json.log.error('x', { error })
  const told = json.parsed()[0]?.['error'] as Record<string, unknown>
  assert.deepEqual([told['code'], told['name'], told['message']], ['E_STORE', 'Error', 'no store'])
  assert.deepEqual(told['causes'], [{ name: 'Error', message: 'connect redis://u:***@host failed' }])
  const people = rig({ json: false })
  people.log.error('x', { error })
  people.log.error('x', error)
  for (const line of people.lines) {
    assert.ok(line.endsWith('error="no store: connect redis://u:***@host failed"\n'), line)
  }
  assert.ok(![...json.lines, ...people.lines].join('').includes('canary'))
})

test('an error that is a text stays one', () => {
  const { log, parsed } = rig()
  log.warn('x', { error: 'only words' })
  assert.equal(parsed()[0]?.['error'], 'only words')
})

test('fields cannot stand in for the level, the time or the message', () => {
  const { log, lines, parsed } = rig()
  log.info('real', { level: 'error', time: 'then', message: 'forged', a: 1 })
  log.child({ level: 'error', message: 'forged' }).info('real')
  for (const line of parsed()) {
    assert.deepEqual([line['level'], line['message'], line['level_']], ['info', 'real', 'error'])
  }
  for (const line of lines)
    for (const key of ['level', 'time', 'message']) assert.equal(line.split(`"${key}":`).length, 2)
})

test('saying something never throws, and the message is always said', () => {
  const boom = (): never => {
    throw new Error('boom')
  }
  const revoked = Proxy.revocable({}, {})
  revoked.revoke()
  const cycle: Record<string, unknown> = {}
  cycle['self'] = cycle
  const hostile: object[] = [
    {
      get a() {
        return boom()
      },
    },
    {
      a: {
        get b() {
          return boom()
        },
      },
    },
    { a: { toJSON: boom } },
    {
      get level() {
        return boom()
      },
    },
    revoked.proxy,
    { error: revoked.proxy },
    { error: Object.defineProperty(new Error('x'), 'message', { get: boom }) },
    cycle,
    { a: 1n, b: Symbol('s'), c: boom, d: Number.NaN, e: new Map() },
    Object.create(null) as object,
    null as unknown as object,
    'text' as unknown as object,
  ]
  for (const fields of hostile) {
    const { log, parsed } = rig()
    log.info('said', fields)
    log.child(fields ?? {}).info('said')
    assert.deepEqual(
      parsed().map((line) => line['message']),
      ['said', 'said'],
    )
  }
  const broken = createLog({ json: true, destination: { write: boom } })
  broken.error('nobody hears this')
})

test('any fields make one line, in both shapes', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: anyUnit }),
      fc.dictionary(fc.string(), fc.anything()),
      (message, fields) => {
        for (const json of [true, false]) {
          const { log, lines } = rig({ json })
          log.info(message, fields)
          assert.equal(lines.length, 1)
          assert.equal(lines[0]?.indexOf('\n'), (lines[0]?.length ?? 0) - 1)
        }
      },
    ),
  )
})

test('for people control characters are escaped, so that nobody forges a line or a colour', () => {
  const { log, lines } = rig({ json: false })
  log.info('a\n2026-01-31T08:00:00.000Z ERROR forged\u001b[31m', { 'k\n': 'v\u009b', 'a b': '\u2028' })
  assert.equal(lines[0]?.split('\n').length, 2)
  assert.ok(!/[\p{Cc}\u2028]/u.test(lines[0]?.slice(0, -1) ?? ''))
  assert.ok(lines[0]?.includes('a\\n2026') && lines[0].includes('\\u001b[31m'))
})

test('a message is bounded', () => {
  const { log, parsed } = rig()
  log.info('x'.repeat(1_000_000))
  assert.ok(Buffer.byteLength(String(parsed()[0]?.['message'])) <= 4_096)
})

test('a line that is no JSON object comes back as it is', () => {
  for (const line of ['', 'plain words\n', '5', 'null', '{']) assert.equal(forPeople(line), line)
})
