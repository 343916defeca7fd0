/** A scheduler and a worker inside a user's own process, from `new Windlass` to `close`; schedules that come with it. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createLog } from '../../src/base/log.ts'
import { defineTask, Windlass } from '../../src/index.ts'

const log = createLog({ level: 'silent' })

test('a declared schedule runs its task, which knows its planned time', async () => {
  const ran = Promise.withResolvers<unknown>()
  const beat = defineTask({ name: 'beat', run: (_: unknown, ctx) => ran.resolve(ctx.meta) })
  await using windlass = new Windlass(
    { engine: 'memory:', tasks: [beat], schedules: { often: { task: beat, every: '1s' } } },
    { log },
  )
  const [worker, scheduler] = [windlass.worker(), windlass.scheduler()]
  await Promise.all([worker.start(), scheduler.start()])
  const meta = (await ran.promise) as { schedule: { name: string; tick: string } }
  assert.equal(meta.schedule.name, 'often')
  assert.match(meta.schedule.tick, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/)
  const [schedule] = await windlass.schedules.list()
  assert.deepEqual([schedule?.origin, schedule?.task], ['config', 'beat'])
  await scheduler.stop()
  assert.deepEqual(await windlass.schedules.schedulers(), [])
})

test('a wrong declaration is told at the start, and the system can still be closed', async () => {
  const beat = defineTask({ name: 'beat', run: () => null })
  await using windlass = new Windlass(
    { engine: 'memory:', tasks: [beat], schedules: { often: { task: 'beet', every: '1s' } } },
    { log },
  )
  await assert.rejects(windlass.scheduler().start(), {
    code: 'config_invalid',
    message: /schedules\.often: .*"beat"/,
  })
})

test('built-in schedules are put by a scheduler, paused, resumed and run like others, but not removed', async () => {
  await using windlass = new Windlass({ engine: 'memory:', alerts: { every: '1h' } }, { log })
  await windlass.scheduler().start()
  const { schedules } = windlass
  assert.deepEqual(
    (await schedules.list()).map(({ name, origin, every_ms }) => [name, origin, every_ms]),
    [
      ['windlass.alerts', 'built-in', 3_600_000],
      ['windlass.upkeep', 'built-in', 60_000],
    ],
  )
  await assert.rejects(schedules.remove('windlass.alerts'), { code: 'refused' })
  await assert.rejects(schedules.put('windlass.alerts', { task: 'x', every: '1m' }), {
    code: 'invalid_option',
    message: /begin with windlass\./,
  })
  assert.throws(() => new Windlass({ schedules: { 'windlass.mine': { task: 'x', every: '1m' } } }), {
    code: 'config_invalid',
    message: /begin with windlass\./,
  })
  assert.deepEqual(await schedules.run('windlass.alerts'), { name: 'windlass.alerts', task_id: null })
  assert.notEqual((await schedules.get('windlass.alerts'))?.late_ms, null)
  await schedules.pause('windlass.alerts')
  await assert.rejects(schedules.run('windlass.alerts'), { code: 'refused' })
  await windlass.scheduler().start()
  assert.equal((await schedules.get('windlass.alerts'))?.paused, true)
})

test('what is switched off is taken away by the next scheduler, and the rest stays', async () => {
  await using windlass = new Windlass({ engine: 'memory:', upkeep: false, alerts: false }, { log })
  await windlass.scheduler().start()
  assert.deepEqual(await windlass.schedules.list(), [])
})
