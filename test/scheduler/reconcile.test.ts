/** The schedules of a config: put, replaced and removed by a deploy, also beside another one. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { readSchedules } from '../../src/config/schedules.ts'
import type { ScheduleOptions } from '../../src/core/schedule.ts'
import { defineTask } from '../../src/core/task-type.ts'
import { reconcile } from '../../src/scheduler/reconcile.ts'
import { MINUTE, Rig, SECOND } from './rig.ts'

async function deploy(rig: Rig, schedules: Readonly<Record<string, ScheduleOptions>>) {
  const declared = await rig.client.defineSchedules(readSchedules(schedules, 'config', 1) ?? [])
  return reconcile(rig.engine, declared)
}

const names = async (rig: Rig): Promise<string[]> =>
  (await rig.client.schedules.list()).map(({ name }) => name)

test('new ones are put, the same ones left alone, and those no longer declared removed', async (t) => {
  const rig = new Rig(t)
  const config = { a: { task: 'echo', every: '1m' }, b: { task: 'echo', cron: '0 2 * * *' } } as const
  assert.deepEqual(await deploy(rig, config), { put: ['a', 'b'], removed: [], overtaken: false })
  const before = await rig.client.schedules.list()
  await rig.pass(30 * SECOND)
  assert.deepEqual(await deploy(rig, config), { put: [], removed: [], overtaken: false })
  assert.deepEqual(await rig.client.schedules.list(), before)
  assert.deepEqual((await deploy(rig, { b: config.b })).removed, ['a'])
  assert.deepEqual(await names(rig), ['b'])
})

test('what was put at run time stays, unless its name is declared', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('own', { task: 'echo', every: '1m' })
  await rig.client.schedules.put('taken', { task: 'echo', every: '1m' })
  await deploy(rig, { taken: { task: 'echo', every: '2m' } })
  await deploy(rig, {})
  assert.deepEqual(await names(rig), ['own'])
})

test('a change that leaves the rule loses no open tick, another rule counts from now', async (t) => {
  const rig = new Rig(t)
  await deploy(rig, { a: { task: 'echo', every: '1m', payload: 1 }, b: { task: 'echo', every: '1m' } })
  await rig.pass(90 * SECOND)
  await deploy(rig, { a: { task: 'echo', every: '1m', payload: 2 }, b: { task: 'echo', every: '50s' } })
  await rig.scheduler()
  await rig.pass(SECOND)
  assert.deepEqual(
    (await rig.tasks()).map(({ id, payload }) => [id, payload]),
    [['a@2026-06-02T08:01:00Z', '2']],
  )
})

test('a paused schedule stays paused over a deploy', async (t) => {
  const rig = new Rig(t)
  await deploy(rig, { a: { task: 'echo', every: '1m' }, off: { task: 'echo', every: '1m', paused: true } })
  await rig.client.schedules.pause('a')
  await rig.client.schedules.resume('off')
  await deploy(rig, { a: { task: 'echo', every: '2m' }, off: { task: 'echo', every: '2m', paused: true } })
  const paused = (await rig.client.schedules.list()).map((one) => [one.name, one.paused, one.every_ms])
  assert.deepEqual(paused, [
    ['a', true, 2 * MINUTE],
    ['off', false, 2 * MINUTE],
  ])
})

test('of deploys at once one holds, whole', async (t) => {
  const rig = new Rig(t)
  const config = (n: number): Record<string, ScheduleOptions> =>
    Object.fromEntries(
      Array.from({ length: 30 }, (_, i) => [`s${i}`, { task: 'echo', every: `${n}m`, payload: n }]),
    )
  for (let round = 0; round < 5; round++) {
    const all = [1, 2, 3, 4, 5].map((n) => n + 5 * round)
    const done = await Promise.all(all.map((n) => deploy(rig, config(n))))
    const stand = new Set((await rig.client.schedules.list()).map(({ payload }) => payload))
    assert.equal(stand.size, 1)
    assert.ok(done.some(({ overtaken }) => !overtaken))
  }
})

test('what is declared wrongly is refused with its name', async (t) => {
  const strict = defineTask({
    name: 'strict',
    queue: 'numbers',
    input: {
      '~standard': {
        version: 1,
        vendor: 'test',
        validate: (value) => (typeof value === 'number' ? { value } : { issues: [{ message: 'no number' }] }),
      },
    },
  })
  const rig = new Rig(t, [strict])
  const refused = (schedules: Record<string, ScheduleOptions>, message: RegExp) =>
    assert.rejects(
      async () => deploy(rig, schedules),
      (error: Error & { code: string }) => error.code === 'config_invalid' && message.test(error.message),
    )
  await refused(
    { nightly: { task: 'strict', cron: '0 25 * * *' } },
    /schedules\.nightly: .*hour "25" at position 3/,
  )
  await refused({ nightly: { task: 'strct', every: '1m' } }, /schedules\.nightly: .*did you mean "strict"/)
  await refused(
    { nightly: { task: strict, every: '1m', payload: 'x' } },
    /schedules\.nightly: strict: no number/,
  )
  await refused(
    { nightly: { task: 'strict', evry: '1m' } as never },
    /unknown key "evry"; did you mean "every"/,
  )
  assert.deepEqual(await names(rig), [])
  await deploy(rig, { nightly: { task: 'strict', every: '1m', payload: 7 } })
  assert.equal((await rig.client.schedules.get('nightly'))?.queue, 'numbers')
})

test('schedules may be a list with names, and numbers of a YAML file are seconds', () => {
  const [one] = readSchedules([{ name: 'a', task: 'echo', every: 30 }], 'x.yaml', 1_000) ?? []
  assert.deepEqual([one?.name, one?.unit, one?.options.every], ['a', 1_000, 30])
  const twice = [1, 2].map(() => ({ name: 'a', task: 'echo', every: '1m' }))
  for (const wrong of [
    twice,
    [{ task: 'echo', every: '1m' }],
    'a',
    { a: null },
    { '': { task: 'x', every: '1m' } },
  ])
    assert.throws(() => readSchedules(wrong, 'config', 1), { code: 'config_invalid' })
  assert.equal(readSchedules(undefined, 'config', 1), null)
})
