/** Schemas at enqueue: they only refuse; what is stored is the caller's input, as JSON carries it. */
import assert from 'node:assert/strict'

import * as v from 'valibot'
import * as z from 'zod'

import { clientOn, onEachEngine, record } from './fixture.ts'
import { JsonText } from '../../src/client/json-text.ts'
import { WindlassError } from '../../src/core/errors.ts'
import type { StandardSchema } from '../../src/core/standard-schema.ts'
import { defineTask, type TaskType } from '../../src/core/task-type.ts'

const zod = defineTask({
  name: 'zod.mail',
  input: z.object({ to: z.email(), times: z.number().int().default(1), at: z.coerce.date().optional() }),
  run: (mail) => mail.times,
})

const valibot = defineTask({
  name: 'valibot.mail',
  input: v.object({
    to: v.pipe(v.string(), v.email()),
    times: v.optional(v.number(), 1),
    upper: v.optional(
      v.pipe(
        v.string(),
        v.transform((text) => text.toUpperCase()),
      ),
    ),
  }),
  run: (mail) => mail.times,
})

const slow = defineTask({
  name: 'slow',
  input: z.object({
    user: z.string().refine(async (user) => (await Promise.resolve(user)) === 'ada', 'is nobody here'),
  }),
  run: (input) => input.user,
})

onEachEngine(
  'defaults and transforms are computed at each run, so the stored input has none',
  async (engine) => {
    const client = clientOn(engine)
    const stored = async (handle: { id: string }): Promise<string | undefined> =>
      (await engine.records.get([handle.id]))[0]?.payload
    const at = new Date('2026-01-31T08:00:00Z')
    assert.equal(await stored(await client.enqueue(zod, { to: 'a@b.io' })), '{"to":"a@b.io"}')
    assert.equal(
      await stored(await client.enqueue(zod, { to: 'a@b.io', at })),
      '{"to":"a@b.io","at":"2026-01-31T08:00:00.000Z"}',
    )
    assert.equal(
      await stored(await client.enqueue(valibot, { to: 'a@b.io', upper: 'x' })),
      '{"to":"a@b.io","upper":"x"}',
    )
    assert.equal(await stored(await client.enqueue(slow, { user: 'ada' })), '{"user":"ada"}')
  },
)

onEachEngine('what a schema refuses is not sent, and every issue is told', async (inner) => {
  const { engine, calls } = record(inner)
  const client = clientOn(engine, { list: [zod, valibot, slow] })
  const cases: [TaskType | string, unknown, RegExp, string[]][] = [
    [zod, { to: 'nobody' }, /zod\.mail: to: /, ['to']],
    ['zod.mail', { to: 'a@b.io', times: 1.5 }, /times: /, ['times']],
    [valibot, { to: 'nobody' }, /valibot\.mail: to: /, ['to']],
    ['slow', { user: 'bob' }, /slow: user: is nobody here/, ['user']],
  ]
  for (const [type, input, message, path] of cases) {
    const error: unknown = await client.enqueue(type as string, input).catch((one: unknown) => one)
    assert.ok(error instanceof WindlassError)
    assert.equal(error.code, 'invalid_payload')
    assert.match(error.message, message)
    assert.deepEqual((error.detail['issues'] as { path: string[] }[])[0]?.path, path)
  }
  assert.deepEqual(calls, [])
})

onEachEngine('the schema sees what the worker will see', async (engine) => {
  const client = clientOn(engine)
  const dated = defineTask({ name: 'dated', input: z.object({ at: z.date() }) })
  await assert.rejects(client.enqueue(dated, { at: new Date() }), {
    code: 'invalid_payload',
    message: /dated: at: /,
  })
  const shape = z.object({ n: z.number() }).default({ n: 1 })
  const optional = defineTask({ name: 'optional', input: shape, run: (input) => input.n })
  const handle = await client.enqueue(optional)
  assert.equal((await engine.records.get([handle.id]))[0]?.payload, 'null')
  const wide: StandardSchema = v.nullable(v.string())
  assert.equal((await client.enqueue(defineTask({ name: 'null', input: wide }), null)).outcome, 'created')
})

onEachEngine('JSON text is stored byte for byte, and checked all the same', async (engine) => {
  const client = clientOn(engine, { list: [zod] })
  const text = '{ "to": "a@b.io",  "times": 9007199254740991 }'
  const { id } = await client.enqueue('zod.mail', new JsonText(text))
  assert.equal((await engine.records.get([id]))[0]?.payload, text)
  await assert.rejects(client.enqueue('zod.mail', new JsonText('{"to":')), { code: 'payload_not_json' })
  await assert.rejects(client.enqueue('zod.mail', new JsonText('{"to":1}')), { code: 'invalid_payload' })
})

onEachEngine(
  'bounds: size, depth, keys, priorities, ids and options are refused with nothing sent',
  async (inner) => {
    const { engine, calls } = record(inner)
    const client = clientOn(engine)
    const plain = defineTask({ name: 'plain' })
    let deep: unknown = 1
    for (let i = 0; i < 70; i++) deep = [deep]
    const hostile: unknown = JSON.parse('{"__proto__":{"admin":true}}')
    await assert.rejects(client.enqueue(plain, 'x'.repeat(256 * 1024)), { code: 'payload_too_large' })
    await assert.rejects(client.enqueue(plain, deep), { code: 'payload_too_deep' })
    await assert.rejects(client.enqueue(plain, hostile), { code: 'payload_not_json' })
    await assert.rejects(client.enqueue(plain, 1, { priority: 11 }), { code: 'invalid_option' })
    await assert.rejects(client.enqueue(plain, 1, { priority: -1 }), { code: 'invalid_option' })
    await assert.rejects(client.enqueue(plain, 1, { id: 'x'.repeat(129) }), { code: 'invalid_option' })
    await assert.rejects(client.enqueue(plain, 1, { unique: 'ü'.repeat(65) }), { code: 'invalid_option' })
    await assert.rejects(client.enqueue(plain, 1, { prioritty: 1 } as object), {
      code: 'unknown_option',
      message: /"priority"/,
    })
    await assert.rejects(client.enqueue(plain, 1, { delay: '5 fortnights' as '5s' }), {
      code: 'invalid_duration',
    })
    await assert.rejects(client.enqueue({ name: 'no type' } as unknown as string, 1), {
      code: 'invalid_option',
    })
    assert.deepEqual(calls, [])
  },
)

onEachEngine(
  'names: known ones are checked, unknown ones refused with the nearest, unless untyped',
  async (engine) => {
    const client = clientOn(engine, { list: [zod, slow] })
    await assert.rejects(client.enqueue('zod.mial', {}), {
      code: 'unknown_task_type',
      message: /did you mean "zod.mail"/,
    })
    assert.equal((await client.enqueue('anything', { x: 1 }, { untyped: true })).outcome, 'created')
    assert.equal((await clientOn(engine).enqueue('anything', { x: 1 })).outcome, 'created')
  },
)

onEachEngine('outcomes: created, existing, duplicate, conflict', async (engine) => {
  const client = clientOn(engine)
  const plain = defineTask<{ n: number }>({ name: 'plain' })
  const first = await client.enqueue(plain, { n: 1 }, { id: 'order-1' })
  assert.deepEqual([first.id, first.outcome, first.state], ['order-1', 'created', 'ready'])
  assert.equal((await client.enqueue(plain, { n: 1 }, { id: 'order-1' })).outcome, 'existing')
  await assert.rejects(client.enqueue(plain, { n: 2 }, { id: 'order-1' }), {
    code: 'id_conflict',
    applied: 'no',
    detail: { task_id: 'order-1', state: 'ready' },
  })
  const held = await client.enqueue(plain, { n: 3 }, { unique: { key: 'k', for: '1h' } })
  const again = await client.enqueue(plain, { n: 4 }, { unique: { key: 'k', for: '1h' } })
  assert.deepEqual([again.outcome, again.id], ['duplicate', held.id])
})
