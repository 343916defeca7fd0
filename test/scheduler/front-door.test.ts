/** A scheduler and a worker inside a user's own process, from `new Windlass` to `close`. */
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
