// Issues of any validator, told on one bounded line; the types of zod and valibot flow through.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import * as v from 'valibot'
import { z } from 'zod'

import { issueMessage, issuePath, issuesText } from './standard-schema.ts'
import type { InputOf, OutputOf, SchemaIssue, StandardSchema } from './standard-schema.ts'

/** True when each can stand for the other; never for `any`. */
type Same<A, B> = 0 extends 1 & A ? never : [A, B] extends [B, A] ? true : false

async function issuesOf(schema: StandardSchema, value: unknown): Promise<readonly SchemaIssue[]> {
  const result = await schema['~standard'].validate(value)
  return result.issues ?? []
}

test('issues of zod and valibot are told with their path', async () => {
  const bad = { user: { tags: ['x', 5] } }
  const viaZod = z.object({ user: z.object({ tags: z.array(z.string()) }) })
  const viaValibot = v.object({ user: v.object({ tags: v.array(v.string()) }) })
  for (const schema of [viaZod, viaValibot]) {
    const issues = await issuesOf(schema, bad)
    assert.match(issuesText(issues), /^user\.tags\.1: [^\n]+string/)
    assert.deepEqual(issuePath(issues[0] as SchemaIssue), ['user', 'tags', '1'])
  }
})

test('five issues are told, the others are counted', () => {
  const issues = Array.from({ length: 8 }, (_, i) => ({ message: `m${i}`, path: [i] }))
  assert.equal(issuesText(issues), '0: m0; 1: m1; 2: m2; 3: m3; 4: m4; and 3 more')
  assert.equal(issuesText([{ message: 'm' }]), 'm')
  assert.equal(issuesText([]), '')
})

test('a message becomes one bounded line', () => {
  assert.equal(issueMessage({ message: 'a\n  b\tc' }), 'a b c')
  assert.equal(issueMessage({ message: 'x'.repeat(10_000) }).length, 300)
  const many = Array.from({ length: 100_000 }, () => ({
    message: 'x'.repeat(1_000),
    path: ['p'.repeat(1_000)],
  }))
  assert.ok(issuesText(many).length < 2_000)
})

test('issues that break the specification are told as well as they can be', () => {
  const boom = {
    toString: (): never => {
      throw new Error('boom')
    },
  }
  const path = [
    null,
    undefined,
    boom,
    { key: boom },
    { key: Symbol('s') },
    Symbol('t'),
    5,
    () => 1,
    ...Array.from({ length: 20 }, () => 'a'),
  ]
  const odd = { message: undefined, path } as unknown as SchemaIssue
  assert.deepEqual(issuePath(odd).slice(0, 9), ['?', '?', '?', '?', 'Symbol(s)', 'Symbol(t)', '5', '?', 'a'])
  assert.equal(issuePath(odd).length, 20)
  assert.ok(issuesText([odd]).endsWith(': is not accepted'))
})

test('input and output types are those of the schema', () => {
  const viaZod = z.object({ n: z.string().transform(Number) })
  const viaValibot = v.object({ n: v.pipe(v.string(), v.transform(Number)) })
  const same: [
    Same<InputOf<typeof viaZod>, { n: string }>,
    Same<OutputOf<typeof viaZod>, { n: number }>,
    Same<InputOf<typeof viaValibot>, { n: string }>,
    Same<OutputOf<typeof viaValibot>, { n: number }>,
    Same<InputOf<{ vendor: 'none' }>, never>,
  ] = [true, true, true, true, true]
  assert.equal(same.length, 5)
})
