/** The built-in schedules as an operator meets them: listed, paused, run now; never put, replaced or removed by hand. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createLog } from '../../src/base/log.ts'
import { Windlass } from '../../src/index.ts'

const log = createLog({ level: 'silent' })

test('a scheduler puts them, and they are paused, resumed and run like others, but not removed', async () => {
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
