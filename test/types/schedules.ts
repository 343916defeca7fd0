/**
 * What the compiler must accept and refuse when schedules are declared and put.
 *
 * Checked by tsc, never run. Each `@ts-expect-error` marks a wrong call: if it compiled, the check would fail.
 */
import { defineConfig, defineTask, Windlass, type ScheduleJson } from 'windlass'
import * as z from 'zod'

declare const windlass: Windlass

const mail = defineTask({ name: 'mail', input: z.object({ to: z.string() }), run: () => null })

export async function right(): Promise<readonly ScheduleJson[]> {
  await windlass.schedules.put('a', { task: mail, payload: { to: 'me' }, cron: '0 2 * * *' })
  await windlass.schedules.put('b', {
    task: 'mail',
    payload: [1],
    every: '30s',
    missed: 'all:3',
    jitter: 500,
  })
  await windlass.schedules.next({ cron: '* * * * *', timezone: 'Asia/Shanghai' }, 3)
  const { outcome } = await windlass.schedules.put('c', { task: mail, every: 1_000, expires: '1m' })
  return outcome === 'created' ? windlass.schedules.list() : []
}

export const config = defineConfig({
  tasks: [mail],
  schedules: { a: { task: mail, payload: { to: 'me' }, cron: '0 2 * * *', overlap: 'skip', retry: false } },
})
export const list = defineConfig({
  schedules: [{ name: 'a', task: 'mail', every: '1m', start: new Date(0) }],
})

export async function wrong(): Promise<void> {
  // @ts-expect-error the payload is not that of the type
  await windlass.schedules.put('a', { task: mail, payload: { to: 7 }, cron: '0 2 * * *' })
  // @ts-expect-error there is no such policy
  await windlass.schedules.put('a', { task: mail, cron: '0 2 * * *', missed: 'some' })
  // @ts-expect-error nor such a unit
  await windlass.schedules.put('a', { task: mail, every: '1 fortnight' })
  // @ts-expect-error ids are made of name and tick
  await windlass.schedules.put('a', { task: mail, every: '1m', id: 'own' })
}
