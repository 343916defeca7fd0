/**
 * What the compiler must accept and refuse of a task type's further features.
 *
 * Checked by tsc, never run. Each `@ts-expect-error` marks a wrong definition: if it compiled, the check would fail.
 */
import { defineConfig, defineTask, type Middleware, type TaskContext } from 'windlass'
import * as z from 'zod'

type Same<A, B> = [A] extends [B] ? ([B] extends [A] ? true : false) : false
function same(_: true): void {}

const timed: Middleware = async (ctx, next) => {
  const { log } = ctx
  const { info } = log
  const answer = await next()
  info('done', { type: ctx.type })
  return answer
}

export const config = defineConfig({ middleware: [timed, ({ id }, next) => (id === '' ? null : next())] })

export const mail = defineTask({
  name: 'mail',
  isolation: 'process',
  memory: '256mb',
  recycle: 100,
  version: 2,
  input: z.object({ to: z.array(z.string()), at: z.iso.date().transform(Number) }),
  upgrade: (old: { to: string }, from) => ({ to: [old.to], from }),
  onDead: async (task, error, { log, enqueue }) => {
    same(true satisfies Same<typeof task.payload, { to: string[]; at: string }>)
    log.error(error?.message ?? '', { id: task.id })
    await enqueue('alert', { code: error?.code })
  },
  run: ({ to, at }, { log, progress, signal, onCleanup }: TaskContext<{ to: string[]; at: number }>) => {
    onCleanup(() => progress(100))
    log.info(String(at))
    return signal.aborted ? 0 : to.length
  },
})

// @ts-expect-error a unit that does not exist
export const unit = defineTask({ name: 'unit', isolation: 'thread', memory: '256mib', run: () => 1 })
// @ts-expect-error an isolation that does not exist
export const vm = defineTask({ name: 'vm', isolation: 'vm', run: () => 1 })
// @ts-expect-error a middleware is no object
export const wrong = defineConfig({ middleware: [{ before: () => {} }] })
