/** From enqueue to result through a worker of the same Windlass: schemas, defaults of the config, closing in order. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'

import * as v from 'valibot'
import { defineTask, Windlass, type Config } from 'windlass'
import * as z from 'zod'

const ENGINES = ['memory', 'sqlite'] as const

/** A Windlass with a worker that runs, on each engine, away from any .env or config of the clone. */
function onEach(
  name: string,
  config: Config & { env?: NodeJS.ProcessEnv },
  run: (windlass: Windlass) => Promise<void>,
): void {
  for (const kind of ENGINES) {
    test(`${name} (${kind})`, async () => {
      const folder = mkdtempSync(join(tmpdir(), 'windlass-e2e-'))
      const { env = {}, ...rest } = config
      const engine = kind === 'memory' ? 'memory:' : 'sqlite:w.db'
      const windlass = new Windlass({ ...rest, engine, log: { level: 'silent' } }, { env, cwd: folder })
      try {
        const worker = windlass.worker({ neighbours: false })
        await worker.start()
        await run(windlass)
      } finally {
        await windlass.close()
        rmSync(folder, { recursive: true, force: true })
      }
    })
  }
}

const seen: unknown[] = []
const zod = defineTask({
  name: 'zod',
  retry: { retries: 2, delay: 0 },
  input: z.object({ user: z.string().transform((text) => text.toUpperCase()), times: z.number().default(2) }),
  run: (input, ctx) => {
    seen.push({ ...input })
    if (ctx.attempt === 1) throw new Error('first run')
    return `${input.user}×${input.times}`
  },
})
const valibot = defineTask({
  name: 'valibot',
  input: v.objectAsync({
    user: v.pipeAsync(
      v.string(),
      v.transformAsync(async (text) => (await Promise.resolve(text)).length),
    ),
  }),
  run: (input) => input.user,
})
const left = defineTask({
  name: 'left',
  input: z.object({ n: z.number() }).default({ n: 7 }),
  run: ({ n }) => n,
})

onEach('schemas are computed at each run', { tasks: [zod, valibot, left] }, async (windlass) => {
  seen.length = 0
  const handle = await windlass.enqueue(zod, { user: 'ada' })
  assert.equal(await handle.result({ timeout: '20s' }), 'ADA×2')
  assert.deepEqual(seen, [
    { user: 'ADA', times: 2 },
    { user: 'ADA', times: 2 },
  ])
  const task = await handle.get()
  assert.deepEqual([task?.payload, task?.attempt, task?.failures], [{ user: 'ada' }, 2, 1])
  assert.equal(await (await windlass.enqueue(valibot, { user: 'ada' })).result({ timeout: '20s' }), 3)
  assert.equal(await (await windlass.enqueue(left)).result({ timeout: '20s' }), 7)
  assert.equal(await (await windlass.enqueue('left', { n: 1 })).result({ timeout: '20s' }), 1)
})

const strict = defineTask({ name: 'strict', retry: { retries: 1 }, run: () => 1 })
const plain = defineTask({
  name: 'plain',
  run: async (_: object, ctx) => ({
    child: await ctx.enqueue(strict, undefined),
    other: await ctx.enqueue('later', 1),
  }),
})

onEach(
  'the default retry policy and retention reach types that say none, also those that a handler enqueues',
  {
    tasks: [strict, plain],
    retention: { dead: '2d' },
    env: { RQ_JOB_RETRY_MAX: '5', RQ_JOB_RETRY_DELAY: '7' },
  },
  async (windlass) => {
    const handle = await windlass.enqueue(plain, {})
    const { child, other } = await handle.result({ timeout: '20s' })
    const engine = await windlass.engine()
    const [one, two, three] = await engine.records.get([handle.id, child, other])
    assert.deepEqual(one?.retry, { kind: 'fixed', retries: 5, delay: 7_000 })
    assert.deepEqual(one?.keep, { succeeded: 86_400_000, dead: 172_800_000 })
    assert.equal(two?.retry.retries, 1)
    assert.deepEqual(three?.retry, { kind: 'fixed', retries: 5, delay: 7_000 })
    assert.equal(three?.keep.dead, 172_800_000)
  },
)

const waits = defineTask({
  name: 'waits',
  run: (ms: number) => new Promise((resolve) => setTimeout(resolve, ms, 'done')),
})

onEach('close lets workers drain and tells whoever still waits', { tasks: [waits] }, async (windlass) => {
  const handle = await windlass.enqueue(waits, 100)
  const never = await windlass.enqueue(waits, 1, { delay: '1h' })
  const told = assert.rejects(never.result(), { code: 'engine_closed' })
  const result = handle.result()
  while ((await handle.get())?.state === 'ready') await new Promise((resolve) => setTimeout(resolve, 5))
  await windlass.close()
  assert.equal(await result, 'done')
  await told
  await assert.rejects(windlass.enqueue(waits, 1), { code: 'engine_closed' })
  await assert.rejects(windlass.engine(), { code: 'engine_closed' })
})
