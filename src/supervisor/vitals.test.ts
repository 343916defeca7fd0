/** What a worker tells of itself means something from the first reading on. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ManualClock } from '../testing/clock.ts'
import { VitalsMeter } from './vitals.ts'

test('the first reading is about the whole life of the process, not about a moment', (t) => {
  const clock = new ManualClock()
  const life = process.uptime() * 1_000
  const meter = new VitalsMeter(clock)
  t.after(() => meter.close())
  const { user } = process.cpuUsage()
  while (process.cpuUsage().user - user < 20_000);
  clock.advance(1)
  const { cpu } = meter.read({ running: 0, finished: 0 })
  const used = process.cpuUsage()
  const most = ((used.user + used.system) / 1_000 / (life + 1)) * 100
  assert.ok(cpu > 0 && cpu <= most, `${cpu} of ${most}`)
})
