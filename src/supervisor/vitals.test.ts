/** What a worker tells of itself is true from the first reading on. */
import assert from 'node:assert/strict'
import { availableParallelism } from 'node:os'
import { test } from 'node:test'

import { ManualClock } from '../testing/clock.ts'
import { VitalsMeter } from './vitals.ts'

test('the first reading, a moment after the start, claims no more cores than there are', (t) => {
  const clock = new ManualClock()
  const meter = new VitalsMeter(clock)
  t.after(() => meter.close())
  const { user } = process.cpuUsage()
  while (process.cpuUsage().user - user < 50_000);
  clock.advance(1)
  const { cpu } = meter.read({ running: 0, finished: 0 })
  // The time before the runtime could look at a clock counts, too.
  assert.ok(cpu > 0 && cpu < availableParallelism() * 200, String(cpu))
})
