/**
 * What the compiler must accept and refuse when tasks are enqueued.
 *
 * Checked by tsc, never run. Each `@ts-expect-error` marks a wrong call: if it compiled, the check would fail.
 */
import * as v from 'valibot'
import { defineConfig, defineTask, implement, Windlass, type TaskHandle } from 'windlass'
import * as z from 'zod'

declare const windlass: Windlass

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
function same(_: true): void {}

const mail = defineTask({
  name: 'mail',
  input: z.object({ to: z.string(), times: z.number().default(1) }),
  run: async (input, ctx) => {
    same(true satisfies Same<typeof input, { to: string; times: number }>)
    same(true satisfies Same<typeof ctx.payload, { to: string; times: number }>)
    return { sent: input.times }
  },
})

const resize = defineTask({
  name: 'resize',
  input: v.object({ path: v.string(), width: v.optional(v.number(), 100) }),
})

const resizer = implement(resize, (input) => {
  same(true satisfies Same<typeof input, { path: string; width: number }>)
  return null
})

const bare = defineTask<{ n: number }, { double: number }>({ name: 'bare' })
const handled = defineTask({ name: 'handled', run: (input: { path: string }) => input.path.length })
const nothing = defineTask({ name: 'nothing', run: () => 'done' })
const optional = defineTask({ name: 'optional', input: z.object({ n: z.number() }).optional() })

export async function right(): Promise<void> {
  const sent = await windlass.enqueue(
    mail,
    { to: 'ada' },
    { priority: 3, delay: '5s', unique: { key: 'k', for: '1h' } },
  )
  same(true satisfies Same<typeof sent, TaskHandle<{ sent: number }>>)
  same(true satisfies Same<Awaited<ReturnType<typeof sent.result>>, { sent: number }>)
  await windlass.enqueue(resize, { path: 'a.png' })
  await windlass.enqueue(resizer, { path: 'a.png', width: 2 })
  const doubled = await (await windlass.enqueue(bare, { n: 1 })).result({ timeout: 500 })
  same(true satisfies Same<typeof doubled, { double: number }>)
  const length = await (await windlass.enqueue(handled, { path: 'x' })).result()
  same(true satisfies Same<typeof length, number>)
  await windlass.enqueue(nothing)
  await windlass.enqueue(optional)
  await windlass.enqueue(optional, { n: 1 })
  const named = await windlass.enqueue('mail', { whatever: true }, { untyped: true })
  same(true satisfies Same<typeof named, TaskHandle>)
  const many = await windlass.enqueueMany(mail, [{ to: 'a' }, { to: 'b', times: 2 }], ({ to }) => ({
    id: to,
  }))
  same(true satisfies Same<typeof many, TaskHandle<{ sent: number }>[]>)
  await windlass.enqueueMany('mail', [1, 'two'])
  defineConfig({
    tasks: [mail, resizer, bare, nothing, 'tasks/**/*.ts'],
    lease: '45s',
    worker: { queues: { a: 2 } },
  })
}

export async function wrong(): Promise<void> {
  // @ts-expect-error an input that lacks a member
  await windlass.enqueue(mail, {})
  // @ts-expect-error an input of another type
  await windlass.enqueue(mail, { to: 5 })
  // @ts-expect-error a member that does not exist
  await windlass.enqueue(mail, { to: 'ada', cc: 'bob' })
  // @ts-expect-error no input where one is needed
  await windlass.enqueue(bare)
  // @ts-expect-error an option that does not exist
  await windlass.enqueue(bare, { n: 1 }, { prioritty: 1 })
  // @ts-expect-error a duration without a unit that exists
  await windlass.enqueue(bare, { n: 1 }, { delay: '5 weeks' })
  // @ts-expect-error one bad input among many
  await windlass.enqueueMany(handled, [{ path: 'a' }, { path: 1 }])
  const handle = await windlass.enqueue(handled, { path: 'x' })
  // @ts-expect-error the result is a number
  const text: string = await handle.result()
  void text
  // @ts-expect-error the handler gets what the schema puts out
  implement(resize, (input: { path: string; width: string }) => input.width)
  // @ts-expect-error a config key that does not exist
  defineConfig({ engin: 'memory:' })
}
