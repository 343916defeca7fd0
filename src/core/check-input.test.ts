// The input schema over what JSON carries: refused with its issues, or let through, by any library and in any realm.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import vm from 'node:vm'

import { z } from 'zod'

import { checkInput, runSchema } from './check-input.ts'
import { WindlassError } from './errors.ts'
import type { SchemaResult, StandardSchema } from './standard-schema.ts'

const type = (input: StandardSchema | null): { name: string; input: StandardSchema | null } => ({
  name: 'mail',
  input,
})
const schemaOf = (validate: (value: unknown) => unknown): StandardSchema => ({
  '~standard': { version: 1, vendor: 'test', validate: validate as () => SchemaResult<unknown> },
})

async function refusal(input: StandardSchema, text: string): Promise<WindlassError> {
  try {
    await checkInput(type(input), text)
  } catch (error) {
    assert.ok(error instanceof WindlassError && error.code === 'invalid_payload', String(error))
    return error
  }
  return assert.fail('it was taken')
}

test('a payload that fits passes, at once where the schema answers at once', async () => {
  assert.equal(checkInput(type(null), '{'), undefined)
  assert.equal(checkInput(type(z.object({ n: z.number() })), '{"n":1}'), undefined)
  const later = checkInput(type(z.number().refine(async () => true)), '1')
  assert.ok(later instanceof Promise)
  assert.equal(await later, undefined)
})

test('a refusal names the type, the issues in words and the issues as data', async () => {
  const error = await refusal(z.object({ a: z.object({ n: z.number() }) }), '{"a":{"n":"x"}}')
  assert.match(error.message, /^mail: a\.n: /)
  const issues = error.detail['issues'] as { message: string; path: string[] }[]
  assert.deepEqual([error.detail['type'], issues.length, issues[0]?.path], ['mail', 1, ['a', 'n']])
  assert.match(
    (
      await refusal(
        z.number().refine(async () => false, 'not now'),
        '1',
      )
    ).message,
    /^mail: not now$/,
  )
})

test('issues are bounded in number', async () => {
  const issues = Array.from({ length: 500 }, (_, i) => ({ message: 'm', path: [i] }))
  const error = await refusal(
    schemaOf(() => ({ issues })),
    '1',
  )
  assert.equal((error.detail['issues'] as unknown[]).length, 20)
})

test('an input that was left out is asked about as undefined, too', async () => {
  const asked: unknown[] = []
  const optional = z.object({ n: z.number() }).optional()
  assert.equal(checkInput(type(optional), 'null'), undefined)
  assert.equal(checkInput(type(z.null()), 'null'), undefined)
  const picky = schemaOf((value) => {
    asked.push(value)
    return { issues: [{ message: value === null ? 'first' : 'second' }] }
  })
  assert.match((await refusal(picky, 'null')).message, /first$/)
  assert.deepEqual(asked, [null, undefined])
  asked.length = 0
  await refusal(picky, '5')
  assert.deepEqual(asked, [5])
  const later = await runSchema(
    z
      .number()
      .default(7)
      .refine(async () => true),
    null,
  )
  assert.deepEqual(later, { value: 7 })
})

test('a schema that takes null is not asked again, and one that answers later is asked the same way', async () => {
  const asked: unknown[] = []
  const takes = schemaOf((value) => {
    asked.push(value)
    return { value: String(value) }
  })
  assert.deepEqual(await runSchema(takes, null), { value: 'null' })
  assert.deepEqual(asked, [null])
  const later = schemaOf(async (value) =>
    value === null ? { issues: [{ message: 'no null' }] } : { value: 'left out' },
  )
  assert.deepEqual(await runSchema(later, null), { value: 'left out' })
  const never = schemaOf(async (value) => ({ issues: [{ message: String(value) }] }))
  assert.deepEqual(await runSchema(never, null), { issues: [{ message: 'null' }] })
})

test('an answer that is a promise of another realm is waited for', async () => {
  const later = vm.runInNewContext('(answer) => Promise.resolve(answer)') as (answer: unknown) => unknown
  const no = schemaOf(() => later({ issues: [{ message: 'no' }] }))
  for (const text of ['1', 'null']) assert.match((await refusal(no, text)).message, /: no$/)
  assert.equal(await checkInput(type(schemaOf(() => later({ value: 1 }))), '1'), undefined)
})

test('a schema that throws refuses, with what it threw as cause', async () => {
  const cause = new SyntaxError('bad')
  const parse = z.string().transform(() => {
    throw cause
  })
  assert.equal((await refusal(parse, '"x"')).cause, cause)
  assert.equal(
    (
      await refusal(
        schemaOf(() => Promise.reject(cause)),
        '1',
      )
    ).cause,
    cause,
  )
})
