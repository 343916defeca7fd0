/** The input schema at run: defaults, transforms and async checks are computed anew each time, the stored payload stays. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import * as v from 'valibot'
import { z } from 'zod'
import { defineTask, type TaskType } from '../../src/core/task-type.ts'
import type { StandardSchema } from '../../src/core/standard-schema.ts'
import { createRig } from './rig.ts'

const shapes = {
  zod: z.object({ path: z.string().transform((path) => path.length), depth: z.number().default(2) }),
  valibot: v.object({
    path: v.pipe(
      v.string(),
      v.transform((path) => path.length),
    ),
    depth: v.optional(v.number(), 2),
  }),
}

for (const [library, input] of Object.entries(shapes)) {
  test(`defaults and transforms of ${library} reach the handler in every run, the store keeps the input`, async (t) => {
    const rig = await createRig(t)
    const seen: unknown[] = []
    const type = defineTask({
      name: 'digest',
      input,
      run(payload, ctx) {
        seen.push(payload, ctx.payload)
        if (ctx.attempt === 1) throw new Error('once more')
        return payload.path + payload.depth
      },
    }) as TaskType
    await rig.worker([type])
    const id = await rig.enqueue(type, { path: 'abc' })
    await rig.clock.run(60_000)
    const done = await rig.get(id)
    assert.deepEqual([done.state, done.result, done.attempt], ['succeeded', '5', 2])
    assert.equal(done.payload, '{"path":"abc"}')
    assert.deepEqual(
      seen,
      Array.from({ length: 4 }, () => ({ path: 3, depth: 2 })),
    )
  })
}

test('an async schema is awaited', async (t) => {
  const rig = await createRig(t)
  const input = z.object({ user: z.string().transform(async (user) => `${user}@example.org`) })
  const type = defineTask({ name: 'mail', input, run: ({ user }) => user }) as TaskType
  await rig.worker([type])
  assert.equal((await rig.get(await rig.enqueue(type, { user: 'a' }))).result, '"a@example.org"')
})

test('a payload that the schema refuses is dead at once, with the issues', async (t) => {
  const rig = await createRig(t)
  const input = z.object({ path: z.string(), depth: z.number() })
  const type = defineTask({ name: 'digest', input, run: () => 'never' }) as TaskType
  await rig.worker([type])
  const dead = await rig.get(await rig.enqueue('digest', { path: 1 }))
  assert.deepEqual([dead.state, dead.reason, dead.attempt, dead.failures], ['dead', 'invalid_payload', 1, 1])
  assert.equal(dead.error?.code, 'invalid_payload')
  assert.match(dead.error.message, /path: .*; depth: /)
})

test('a schema that throws is an ordinary failure: the payload may be right', async (t) => {
  const rig = await createRig(t)
  let calls = 0
  const input: StandardSchema<string> = {
    '~standard': {
      version: 1,
      vendor: 'own',
      async validate(value) {
        if (++calls === 1) throw new Error('the look-up failed')
        return { value: String(value) }
      },
    },
  }
  const type = defineTask({ name: 'lookup', input, run: (text) => text }) as TaskType
  await rig.worker([type])
  const id = await rig.enqueue(type, 'x')
  assert.deepEqual(
    [(await rig.get(id)).state, (await rig.get(id)).error?.message],
    ['scheduled', 'the look-up failed'],
  )
  await rig.clock.run(60_000)
  assert.equal((await rig.get(id)).state, 'succeeded')
})

test('a payload that is no JSON is dead at once', async (t) => {
  const rig = await createRig(t)
  const { newTask } = await import('../../src/testing/samples.ts')
  const type = defineTask({ name: 'any', run: () => 'never' }) as TaskType
  await rig.worker([type])
  const dead = await rig.get(await rig.put(newTask({ type: 'any', payload: '{"n":' })))
  assert.deepEqual([dead.state, dead.reason], ['dead', 'invalid_payload'])
  assert.equal(dead.error?.causes[0]?.name, 'SyntaxError')
})
