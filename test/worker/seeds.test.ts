/** The timelines that the seeds tell (S1-34, S1-35, S1-50, S1-57), to the millisecond on a moved clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { newTask } from '../../src/testing/samples.ts'
import { createRig, task } from './rig.ts'

const MINUTE = 60_000

test('S1-34: a task that waits while no worker runs is there for the next worker', async (t) => {
  const rig = await createRig(t)
  const ran: number[] = []
  const report = task('report', () => void ran.push(rig.clock.mono()))
  const first = await rig.worker([report])
  await first.stop()
  const id = await rig.enqueue(report)
  await rig.clock.run(30 * MINUTE)
  assert.equal((await rig.get(id)).state, 'ready')
  assert.deepEqual(ran, [])

  await rig.worker([report])
  assert.deepEqual(ran, [30 * MINUTE])
  const after = await rig.get(id)
  assert.equal(after.state, 'succeeded')
  assert.equal(after.attempt, 1)
})

test('S1-35: a task whose worker dies is found by the clean-up and runs on the next worker', async (t) => {
  const rig = await createRig(t)
  const report = task('report', () => 'done')
  const id = await rig.enqueue(report)
  await rig.deadWorker()
  assert.equal((await rig.get(id)).state, 'running')

  await rig.worker([report])
  await rig.clock.run(45_000)
  const after = await rig.get(id)
  assert.equal(after.state, 'succeeded')
  assert.equal(after.attempt, 2)
  assert.deepEqual([after.failures, after.crashes, after.losses, after.releases], [0, 0, 1, 0])
  const [lost, last] = await rig.attempts(id)
  assert.equal(lost?.outcome, 'loss')
  assert.equal(last?.outcome, 'succeed')
  assert.ok(rig.said('warn').some((line) => line.includes('interrupted (losses 1 of 10, again at once)')))
})

test('S1-50: max 3, interval 60: four runs, 60 s apart, then failed for good', async (t) => {
  const rig = await createRig(t)
  const ran: number[] = []
  const report = task('process_report_analysis', () => {
    ran.push(rig.clock.mono())
    throw new Error('no report')
  })
  await rig.worker([report])
  const id = await rig.enqueue(report, { report_id: 7 }, { retry: { retries: 3, delay: 60_000 } })
  for (const failures of [1, 2, 3]) {
    const waiting = await rig.get(id)
    assert.equal(waiting.state, 'scheduled')
    assert.equal(waiting.failures, failures)
    await rig.clock.run(MINUTE - 1)
    assert.equal(ran.length, failures, 'not a millisecond too early')
    await rig.clock.run(1)
    assert.equal(ran.length, failures + 1)
  }
  const dead = await rig.get(id)
  assert.equal(dead.state, 'dead')
  assert.equal(dead.reason, 'retries_exhausted')
  assert.equal(dead.failures, 4)
  assert.deepEqual(ran, [0, MINUTE, 2 * MINUTE, 3 * MINUTE])

  await rig.clock.run(120 * MINUTE)
  assert.equal(ran.length, 4, 'no further retry')
  const decisions = rig.said().filter((line) => line.includes('failures'))
  assert.deepEqual(decisions, [
    'task failed (failures 1 of 3, again in 60 s): no report',
    'task failed (failures 2 of 3, again in 60 s): no report',
    'task failed (failures 3 of 3, again in 60 s): no report',
    'task dead (failures 4, retries 3 of 3 used, no retry left): no report',
  ])
  assert.deepEqual(
    (await rig.logs(id)).map(({ message }) => message),
    decisions,
    'the decisions are kept with the task',
  )
})

test('S1-57: kill, detect, judge, queue again, run, with the limit of 420 s', async (t) => {
  const rig = await createRig(t)
  const ran: number[] = []
  const report = task('report', () => void ran.push(rig.clock.mono()))
  await rig.worker([report], { lease: '420s', name: 'survivor' })
  // In service for longer than a lease, so that it may judge.
  await rig.clock.run(10 * MINUTE)

  const sample = newTask({ type: 'report' })
  await rig.deadWorkerTakes([sample], 420_000)
  const killedAt = rig.clock.mono()
  await rig.clock.run(419_999)
  assert.equal((await rig.get(sample.id)).state, 'running', 'nobody may judge before the limit')
  await rig.clock.run(1 + 77_000)
  const after = await rig.get(sample.id)
  assert.equal(after.state, 'succeeded', 'found by the next sweep, a sixth of the lease away')
  assert.equal(after.attempt, 2)
  assert.equal(after.losses, 1)
  assert.equal(after.failures, 0, 'a death costs no retry')
  const [at = 0] = ran
  assert.ok(at - killedAt >= 420_000 && at - killedAt <= 420_000 + 77_000, `ran after ${at - killedAt} ms`)
  assert.ok(rig.said('warn').some((line) => line.includes('stopped renewing its lease')))
})
