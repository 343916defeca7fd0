/**
 * An alert through real schedules on one store: fired once and resolved once by two schedulers, one of which ends and
 * comes again in between. The same for every engine; in moved time, so that it takes no longer than the store does.
 */
import assert from 'node:assert/strict'

import type { Engine } from '../../src/core/engine.ts'
import type { ManualClock } from '../../src/testing/clock.ts'
import { newTask } from '../../src/testing/samples.ts'
import { AlertRig } from './rig.ts'

/** Only the backlog counts, at once. */
const ALERTS = {
  every: 2_000,
  for: 2_000,
  successRate: false,
  dead: false,
  workers: false,
  unserved: false,
  backlog: { above: 2 },
} as const

/** @param engines two connections to one migrated store whose time is the clock's */
export async function judgeOnce(
  clock: ManualClock,
  [first, second]: readonly [Engine, Engine],
): Promise<void> {
  const rig = new AlertRig(clock, false)
  try {
    const tasks = [newTask(), newTask(), newTask()]
    await first.enqueue(tasks)
    const one = await rig.start(first, ALERTS)
    const two = await rig.start(second, ALERTS)
    await rig.until('it fires', async () => (await rig.told(first)).length > 0)
    await rig.stop(one)
    await rig.stop(two)
    await rig.start(second, ALERTS)
    await rig.start(first, ALERTS)
    await rig.seconds(8)
    assert.deepEqual(await rig.told(second), ['backlog fired'])
    await first.records.act(tasks.map(({ id }) => ({ verb: 'cancel', id })))
    await rig.until('it is resolved', async () => (await rig.told(first)).length > 1)
    await rig.seconds(8)
    assert.deepEqual(await rig.told(second), ['backlog fired', 'backlog resolved'])
    assert.deepEqual(rig.lines, [
      'alert backlog fires: 3 tasks are ready, more than 2',
      'alert backlog is resolved',
    ])
  } finally {
    await rig.stopAll()
  }
}
