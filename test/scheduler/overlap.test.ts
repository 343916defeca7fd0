/** What a tick does while the task of an earlier one has not ended. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { HOUR, MINUTE, Rig, SECOND } from './rig.ts'

test('allow: tasks run beside each other', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '10s' })
  await rig.scheduler()
  await rig.pass(31 * SECOND)
  assert.deepEqual(await rig.ticks(), [10, 20, 30])
})

test('skip: ticks are skipped until the task has ended, and the ledger names it', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '10s', overlap: 'skip' })
  await Promise.all([rig.scheduler(), rig.scheduler()])
  await rig.pass(10 * 10 * SECOND + SECOND)
  assert.deepEqual(await rig.ticks(), [10])
  await rig.finishOne()
  await rig.pass(20 * SECOND)
  assert.deepEqual(await rig.ticks(), [10, 110])
  const ledger = await rig.ledger('beat')
  assert.deepEqual(ledger.slice(0, 3), [
    ['fired', 10],
    ['skipped', 'overlap', 20, 1],
    ['skipped', 'overlap', 30, 1],
  ])
  assert.equal(ledger.length, 12)
  const { ticks } = await rig.client.schedules.ticks('beat', { limit: 1 })
  assert.equal(ticks[0]?.task_id, 'beat@2026-06-02T08:01:50Z')
})

test('queue: the newest tick waits and fires when the task has ended; those before it are skipped', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '10s', overlap: 'queue' })
  await Promise.all([rig.scheduler(), rig.scheduler()])
  await rig.pass(45 * SECOND)
  assert.deepEqual(await rig.ticks(), [10])
  await rig.finishOne()
  await rig.pass(3 * SECOND)
  assert.deepEqual(await rig.ticks(), [10, 40])
  await rig.finishOne()
  await rig.pass(4 * SECOND)
  assert.deepEqual(await rig.ticks(), [10, 40, 50])
  assert.deepEqual(await rig.ledger('beat'), [
    ['fired', 10],
    ['skipped', 'overlap', 20, 1],
    ['skipped', 'overlap', 30, 1],
    ['fired', 40],
    ['fired', 50],
  ])
})

test('queue: a tick that waits is not missed, however long it takes, and waiting costs little', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('hourly', {
    task: 'echo',
    cron: '0 * * * *',
    overlap: 'queue',
    missed: 'skip',
  })
  await rig.scheduler()
  await rig.pass(2 * HOUR + 30 * MINUTE)
  const waits = await rig.client.schedules.get('hourly')
  assert.equal(waits?.late_ms, 0)
  await rig.finishOne()
  await rig.pass(20 * SECOND)
  assert.deepEqual(await rig.ticks(), [3_600, 7_200])
})

test('skip and queue: a task that was run by hand counts, too', async (t) => {
  const rig = new Rig(t)
  for (const overlap of ['skip', 'queue'] as const)
    await rig.client.schedules.put(overlap, { task: 'echo', every: '1m', overlap })
  await rig.scheduler()
  await rig.client.schedules.run('skip')
  await rig.client.schedules.run('queue')
  await rig.pass(MINUTE + SECOND)
  assert.equal((await rig.tasks()).length, 2)
  await rig.finishOne()
  await rig.finishOne()
  await rig.pass(10 * SECOND)
  assert.deepEqual(
    (await rig.tasks()).slice(2).map(({ id }) => id),
    ['queue@2026-06-02T08:01:00Z'],
  )
})

test('skip: of several ticks that are open one fires', async (t) => {
  const rig = new Rig(t)
  await rig.client.schedules.put('beat', { task: 'echo', every: '10s', overlap: 'skip', missed: 'all' })
  await rig.pass(55 * SECOND)
  await rig.scheduler()
  await rig.pass(SECOND)
  assert.deepEqual(await rig.ticks(), [50])
  assert.deepEqual(await rig.ledger('beat'), [
    ['skipped', 'overlap', 10, 4],
    ['fired', 50],
  ])
})
