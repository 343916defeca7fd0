// Task types: types flow from schema and handler, every bound is checked when the type is made.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { z } from 'zod'

import { WindlassError, type ErrorCode } from './errors.ts'
import { LIMITS } from './limits.ts'
import { checkName, checkPriority, defineTask, implement, readKeep, readTimeout } from './task-type.ts'
import type { TaskContext, TaskType, TaskTypeOptions } from './task-type.ts'

/** True when each can stand for the other; never for `any`. */
type Same<A, B> = 0 extends 1 & A ? never : [A, B] extends [B, A] ? true : false
type Of<T> = T extends TaskType<infer I, infer O, infer P> ? [I, O, P] : never

const run = (): string => 'done'

function refuses(make: () => unknown, code: ErrorCode = 'invalid_option'): WindlassError {
  try {
    make()
  } catch (error) {
    assert.ok(error instanceof WindlassError, String(error))
    assert.equal(error.code, code, error.message)
    return error
  }
  return assert.fail('it was taken')
}

test('a bare definition has the defaults and cannot be changed', () => {
  const type = defineTask({ name: 'mail' })
  assert.deepEqual(
    { ...type },
    {
      name: 'mail',
      queue: 'default',
      priority: 0,
      timeout: 900_000,
      retry: null,
      retryFunction: null,
      keep: {},
      isolation: 'inline',
      memory: null,
      recycle: null,
      version: 1,
      upgrade: null,
      onDead: null,
      input: null,
      run: null,
    },
  )
  assert.ok(Object.isFrozen(type))
})

test('what is said is kept in its data form', () => {
  const type = defineTask({
    name: 'mail',
    queue: 'out',
    priority: 10,
    timeout: '5m',
    retry: { delays: ['10s'] },
    keep: { dead: '7d' },
    isolation: 'process',
    memory: '256mb',
    recycle: 100,
    version: 3,
    run,
  })
  assert.deepEqual([type.isolation, type.memory, type.recycle], ['process', 268_435_456, 100])
  assert.deepEqual(type.retry, { kind: 'list', retries: 1, delays: [10_000] })
  assert.deepEqual([type.queue, type.priority, type.timeout, type.version], ['out', 10, 300_000, 3])
  assert.deepEqual(type.keep, { dead: 604_800_000 })
  assert.equal(type.run, run)
  assert.equal(defineTask({ name: 'mail', timeout: false }).timeout, null)
})

test('a retry function is kept for the worker, the row gets the default', () => {
  const decide = (): boolean => false
  const type = defineTask({ name: 'mail', retry: decide })
  assert.equal(type.retryFunction, decide)
  assert.equal(type.retry, null)
})

test('types flow from the schema and from the handler', () => {
  const input = z.object({ n: z.string().transform(Number) })
  const full = defineTask({ name: 'a', input, run: ({ n }) => ({ twice: n * 2 }) })
  const bare = defineTask({ name: 'b', input })
  const plain = defineTask({
    name: 'c',
    run: (payload: { path: string }, { signal }) => signal.aborted && payload.path,
  })
  const later = defineTask({
    name: 'd',
    run: async (_: number, { progress }: TaskContext<number>) => progress(1),
  })
  const untyped = defineTask({ name: 'e' })
  const same: [
    Same<Of<typeof full>, [{ n: string }, { twice: number }, { n: number }]>,
    Same<Of<typeof bare>, [{ n: string }, unknown, { n: number }]>,
    Same<Of<typeof plain>, [{ path: string }, string | false, { path: string }]>,
    Same<Of<typeof later>, [number, void, number]>,
    Same<Of<typeof untyped>, [unknown, unknown, unknown]>,
  ] = [true, true, true, true, true]
  assert.equal(same.length, 5)
})

test('a schema may be a function with the properties of a schema', () => {
  const input = Object.assign(() => true, { '~standard': z.string()['~standard'] })
  assert.equal(defineTask({ name: 'mail', input }).input, input)
})

test('implement adds a handler to a copy', () => {
  const bare = defineTask<{ n: number }, number>({ name: 'mail', queue: 'out' })
  const whole = implement(bare, ({ n }) => n + 1)
  assert.equal(bare.run, null)
  assert.deepEqual({ ...whole, run: null }, { ...bare })
  assert.ok(Object.isFrozen(whole))
  refuses(() => implement(bare, 5 as never))
})

test('options that are unknown, of the wrong type or out of bounds are refused', () => {
  const make =
    (options: object): (() => unknown) =>
    () =>
      defineTask({ name: 'mail', ...options } as TaskTypeOptions & { name: string })
  assert.match(
    refuses(make({ qeue: 'x' }), 'unknown_option').message,
    /^task type "mail": .*did you mean "queue"/,
  )
  for (const version of [0, -1, 1.5, '1', Number.NaN, 2 ** 31]) refuses(make({ version }))
  for (const isolation of ['Inline', 'fork', 5]) refuses(make({ isolation }))
  for (const handler of ['run', {}, 5, null]) {
    refuses(make({ run: handler }))
    for (const part of ['upgrade', 'onDead']) refuses(make({ [part]: handler }))
  }
  for (const memory of ['lots', 0, '15mb']) refuses(make({ isolation: 'thread', memory }))
  for (const recycle of [0, 1.5, '1']) refuses(make({ isolation: 'process', recycle }))
  refuses(make({ isolation: 'process', memory: '95mb' }))
  for (const alone of [{ memory: '1gb' }, { recycle: 5 }])
    assert.match(refuses(make(alone)).message, /need isolation/)
  for (const input of [{}, 'string', 5, { '~standard': 5 }, { '~standard': { validate: 5 } }, () => 1])
    refuses(make({ input }))
  for (const queue of ['', 'x'.repeat(129), 5, 'a\nb']) refuses(make({ queue }))
  for (const keep of [5, 'x', [1]]) refuses(make({ keep }))
  refuses(make({ keep: { cancelled: 1 } }), 'unknown_option')
  refuses(make({ timeout: 0 }))
  refuses(make({ timeout: 'soon' }), 'invalid_duration')
  refuses(make({ retry: 'often' }))
  refuses(() => defineTask({} as { name: string }))
  for (const value of [null, undefined, 'mail', 5]) refuses(() => defineTask(value as never))
})

test('a name has 1 to 128 bytes of UTF-8 and no control characters', () => {
  for (const name of [
    'a',
    'x'.repeat(128),
    '汉'.repeat(42),
    '😀'.repeat(32),
    ' a ',
    '__proto__',
    'a:b/c.d-é',
  ]) {
    assert.equal(checkName(name, 'id'), name)
  }
  for (const name of [
    '',
    'x'.repeat(129),
    '汉'.repeat(43),
    'a\0',
    'a\n',
    '\u007f',
    '\u0085',
    'a\ud800',
    '\udc00b',
  ]) {
    refuses(() => checkName(name, 'id'))
  }
  for (const value of [5, null, undefined, {}, ['a'], Symbol('a')]) refuses(() => checkName(value, 'id'))
  assert.ok(refuses(() => checkName('x'.repeat(1_000_000), 'id')).message.length < 100)
})

test('a priority is a whole number from 0 to 10', () => {
  for (let priority = LIMITS.priorityMin; priority <= LIMITS.priorityMax; priority++) {
    assert.equal(checkPriority(priority), priority)
  }
  assert.ok(Object.is(checkPriority(-0), 0))
  for (const value of [-1, 11, 0.5, '5', Number.NaN, null, undefined, 5n, true])
    refuses(() => checkPriority(value))
})

test('a timeout is longer than 0, false is none, and what is not said is the fallback', () => {
  assert.deepEqual(
    [undefined, false, null, 5, '1s'].map((value) => readTimeout(value, 7)),
    [7, null, null, 5, 1_000],
  )
  assert.equal(readTimeout(5, null, 1_000), 5_000)
  for (const value of [0, '0s', 0.4]) refuses(() => readTimeout(value, 7))
  for (const value of [true, '', -1, LIMITS.duration + 1])
    refuses(() => readTimeout(value, 7), 'invalid_duration')
})

test('how long tasks are kept holds only what was said', () => {
  assert.deepEqual(readKeep(undefined), {})
  assert.deepEqual(readKeep(null), {})
  assert.deepEqual(readKeep({ succeeded: 0, dead: undefined }), { succeeded: 0 })
  assert.deepEqual(readKeep({ succeeded: 1, dead: '1h' }, 1_000), { succeeded: 1_000, dead: 3_600_000 })
  refuses(() => readKeep({ dead: null }), 'invalid_duration')
  refuses(() => readKeep(JSON.parse('{"__proto__":{"dead":1}}')), 'unknown_option')
})
