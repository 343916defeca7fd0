/** A worker that hears of no task any more notices, says so and begins anew; whoever only waits is left in peace. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import type { Engine } from '../../src/core/engine.ts'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../src/core/queue-settings.ts'
import { newTask } from '../../src/testing/samples.ts'
import { over } from '../../src/testing/history/recorder.ts'
import type { Deafness } from '../../src/worker/status.ts'
import type { Worker } from '../../src/worker/worker.ts'
import { createRig, faulty, gate, quiet, task, type Fault, type Rig } from './rig.ts'

const HOUR = 3_600_000

function deafTimes(worker: Worker): number {
  return worker.status().counters.deaf
}

/** An engine whose claims find nothing while `deaf` says so. */
function overlooking(engine: Engine, deaf: () => boolean): Engine {
  return over(engine, {
    claim: async (requests) =>
      deaf()
        ? requests.map(() => ({ live: true, tasks: [], more: false, nextDueIn: null }))
        : engine.claim(requests),
  })
}

function pausing(rig: Rig) {
  let version = 0
  return async (paused: boolean): Promise<void> => {
    const body = writeQueueSettings({ paused })
    const [put] = await rig.engine.documents.put([{ kind: QUEUE_DOCUMENT, key: 'default', version, body }])
    version = put?.version ?? 0
    await quiet()
  }
}

for (const fault of ['hang', 'hang-reply', 'refuse', 'lose-call'] as const) {
  test(`claims that are never answered (${fault}) while beats are: deaf after a minute, and begun anew`, async (t) => {
    const rig = await createRig(t)
    let now: Fault = null
    const engine = faulty(rig.engine, (verb) => (verb === 'claim' ? now : null))
    const told: Deafness[] = []
    const any = task('any', () => 'ok')
    const worker = await rig.worker([any], { engine, onDeaf: (deafness) => told.push(deafness) })
    await rig.clock.run(10_000)
    const { session } = worker.status()
    now = fault
    await rig.clock.run(48_000)
    assert.deepEqual([told.length, deafTimes(worker)], [0, 0], 'too early')
    await rig.clock.run(34_000)
    assert.equal(deafTimes(worker), 1)
    assert.equal(told[0]?.kind, 'unanswered')
    assert.ok(told[0].time >= 60_000 && told[0].time < 75_000, `after ${told[0].time} ms`)
    assert.ok((worker.status().claimAnswered ?? 0) > 60_000)
    assert.equal(rig.said('error').filter((line) => line.startsWith('this worker is deaf')).length, 1)
    // Nothing ran, and this engine cannot be opened anew: another session.
    assert.notEqual(worker.status().session, session)
    now = null
    const id = await rig.enqueue(any)
    await rig.clock.run(15_000)
    assert.equal((await rig.get(id)).state, 'succeeded')
    assert.ok((worker.status().claimAnswered ?? Infinity) <= 10_000)
    await rig.clock.run(HOUR)
    assert.equal(deafTimes(worker), 1)
  })
}

test('a longer lease is given twice its time', async (t) => {
  const rig = await createRig(t)
  let away = false
  const engine = faulty(rig.engine, (verb) => (verb === 'claim' && away ? 'refuse' : null))
  const worker = await rig.worker([task('any', () => 'ok')], { engine, lease: '2m' })
  away = true
  await rig.clock.run(235_000)
  assert.equal(deafTimes(worker), 0)
  await rig.clock.run(25_000)
  assert.equal(deafTimes(worker), 1)
})

test('tasks that stay ready while claims come back without them: deaf, told with their ids', async (t) => {
  const rig = await createRig(t)
  const told: Deafness[] = []
  let session: string | null = null
  const any = task('any', () => 'ok')
  // Something in the engine that goes by the session: a new one heals it.
  const engine = overlooking(rig.engine, () => session !== null && worker.status().session === session)
  const worker = rig.make([any], { engine, onDeaf: (deafness) => told.push(deafness) })
  await worker.start()
  session = worker.status().session
  const ids = [await rig.enqueue(any), await rig.enqueue(any)]
  await rig.clock.run(200_000)
  assert.equal(told.length, 1)
  assert.equal(told[0]?.kind, 'overlooked')
  assert.deepEqual(told[0].tasks.toSorted(), ids.toSorted())
  for (const id of ids) assert.equal((await rig.get(id)).state, 'succeeded')
})

test('one of several queues that is never brought is noticed, also while others are busy', async (t) => {
  const rig = await createRig(t)
  const any = task('any', () => 'ok')
  const engine = over(rig.engine, {
    claim: (requests) =>
      rig.engine.claim(
        requests.map((one) => ({ ...one, queues: one.queues?.filter((name) => name !== 'lost') ?? null })),
      ),
  })
  const worker = await rig.worker([any], { engine, queues: ['busy', 'lost'] })
  const lost = newTask({ type: 'any', queue: 'lost' })
  await rig.put(lost)
  for (let i = 0; i < 200; i++) {
    await rig.put(newTask({ type: 'any', queue: 'busy' }))
    await rig.clock.run(1_000)
  }
  assert.ok(deafTimes(worker) >= 1)
  const line = rig.lines.find(({ message }) => message.startsWith('this worker is deaf'))
  assert.deepEqual(line?.['tasks'], [lost.id])
})

test('what runs goes on, keeps its session, and its ending is settled', async (t) => {
  const rig = await createRig(t)
  let away = false
  const engine = faulty(rig.engine, (verb) => (verb === 'claim' && away ? 'hang' : null))
  const { promise, open } = gate()
  const long = task('long', () => promise, { timeout: '1h' })
  const worker = await rig.worker([long], { engine })
  const id = await rig.enqueue(long)
  const { session } = worker.status()
  away = true
  await rig.clock.run(90_000)
  assert.equal(deafTimes(worker), 1)
  away = false
  const next = await rig.enqueue(long)
  await rig.clock.run(15_000)
  assert.equal((await rig.get(next)).state, 'running')
  assert.equal(worker.status().session, session)
  open()
  await rig.clock.run(1_000)
  for (const one of [id, next])
    assert.deepEqual([(await rig.get(one)).state, (await rig.get(one)).attempt], ['succeeded', 1])
})

test('a late answer to a claim that was given up is handed back, not run beyond the slots', async (t) => {
  const rig = await createRig(t)
  let late: (() => void) | null = null
  let away = true
  const engine = over(rig.engine, {
    claim: async (requests) => {
      const replies = await rig.engine.claim(requests)
      if (away) await new Promise<void>((resolve) => (late = resolve))
      return replies
    },
  })
  const any = task('any', () => 'ok')
  const id = await rig.enqueue(any)
  // A claimer that waits for ever: its time limit is beyond all.
  const worker = await rig.worker([any], { engine, callTimeout: '24h', concurrency: 1 })
  await rig.clock.run(80_000)
  assert.equal(deafTimes(worker), 1)
  away = false
  assert.ok(late !== null)
  ;(late as () => void)()
  await rig.clock.run(120_000)
  const { state, crashes, failures } = await rig.get(id)
  assert.deepEqual([state, crashes, failures], ['succeeded', 0, 0])
})

test('endings that no store takes pile up until nothing more is claimed: deaf as well', async (t) => {
  const rig = await createRig(t)
  let away = true
  const engine = faulty(rig.engine, (verb) => (verb === 'settle' && away ? 'hang' : null))
  const any = task('any', () => 'ok')
  const worker = await rig.worker([any], { engine, concurrency: 50 })
  const tasks = Array.from({ length: 500 }, () => newTask({ type: 'any' }))
  await rig.engine.enqueue(tasks)
  await rig.clock.run(55_000)
  assert.equal(worker.status().unsettled, 200)
  assert.equal(deafTimes(worker), 0)
  await rig.clock.run(25_000)
  assert.equal(deafTimes(worker), 1)
  away = false
  await rig.clock.run(20_000)
  const states = (await rig.engine.records.get(tasks.map(({ id }) => id))).map((one) => one?.state)
  assert.deepEqual(new Set(states), new Set(['succeeded']))
})

test('an onDeaf that throws is told, and keeps nothing from beginning anew', async (t) => {
  const rig = await createRig(t)
  let away = true
  const engine = faulty(rig.engine, (verb) => (verb === 'claim' && away ? 'hang' : null))
  const any = task('any', () => 'ok')
  const onDeaf = (): void => {
    throw new Error('no')
  }
  const worker = await rig.worker([any], { engine, onDeaf })
  await rig.clock.run(80_000)
  away = false
  assert.deepEqual([deafTimes(worker), rig.said('error').includes('onDeaf failed')], [1, true])
  const id = await rig.enqueue(any)
  await rig.clock.run(15_000)
  assert.equal((await rig.get(id)).state, 'succeeded')
})

test('no alarm: nothing to do, for an hour', async (t) => {
  const rig = await createRig(t)
  const worker = await rig.worker([task('any', () => 'ok')])
  await rig.clock.run(HOUR)
  assert.equal(deafTimes(worker), 0)
  assert.ok((worker.status().claimAnswered ?? Infinity) <= 10_000)
})

test('no alarm: every slot is taken', async (t) => {
  const rig = await createRig(t)
  const { promise, open } = gate()
  const long = task('long', () => promise, { timeout: '5h' })
  const worker = await rig.worker([long], { concurrency: 2 })
  await rig.engine.enqueue(Array.from({ length: 30 }, () => newTask({ type: 'long', timeout: 5 * HOUR })))
  await rig.clock.run(HOUR)
  assert.equal(deafTimes(worker), 0)
  open()
})

test('no alarm: the store is out of reach, for ten seconds or for an hour', async (t) => {
  const rig = await createRig(t)
  let away = false
  const engine = faulty(rig.engine, (verb) => (away && verb !== 'startSession' ? 'lose-call' : null))
  const worker = await rig.worker([task('any', () => 'ok')], { engine })
  for (const ms of [10_000, 25_000, 40_000, 70_000, HOUR]) {
    away = true
    await rig.clock.run(ms)
    away = false
    await rig.clock.run(30_000)
    assert.equal(deafTimes(worker), 0, `after ${ms} ms`)
  }
})

test('no alarm: paused queues, tasks of unknown types, tasks that are scheduled or expire', async (t) => {
  const rig = await createRig(t)
  const pause = pausing(rig)
  const any = task('any', () => 'ok')
  const worker = await rig.worker([any])
  await pause(true)
  await rig.enqueue(any)
  await rig.enqueue(any, {}, { delay: '30m' })
  await rig.enqueue(any, {}, { expires: '7m' })
  await rig.put(newTask({ type: 'unheard-of', queue: 'other' }))
  await rig.clock.run(HOUR)
  // Resumed for a moment only, again and again, when no hint is heard and no claim comes by.
  for (let i = 0; i < 20; i++) {
    await pause(false)
    await pause(true)
    await rig.clock.run(61_000)
  }
  assert.equal(deafTimes(worker), 0)
})

test('no alarm: other workers are quicker, and what they hand back is ready for a long time', async (t) => {
  const rig = await createRig(t)
  const any = task('any', async () => new Promise<void>((resolve) => void rig.clock.timer(3_000, resolve)))
  const both = [
    await rig.worker([any], { concurrency: 1 }),
    await rig.worker([any], { concurrency: 1, name: 'other' }),
  ]
  for (let i = 0; i < 300; i++) {
    await rig.enqueue(any)
    await rig.clock.run(1_400 + (i % 5) * 100)
  }
  assert.deepEqual(both.map(deafTimes), [0, 0])
})

for (const jump of [-2 * HOUR, 2 * HOUR]) {
  test(`no alarm: the clock of the store jumps by ${jump / HOUR} h`, async (t) => {
    const rig = await createRig(t)
    const pause = pausing(rig)
    const any = task('any', () => 'ok')
    const worker = await rig.worker([any])
    await pause(true)
    await rig.enqueue(any)
    await rig.clock.run(30_000)
    rig.clock.jump = jump
    await rig.clock.run(30_000)
    await pause(false)
    await rig.clock.run(HOUR / 2)
    assert.equal(deafTimes(worker), 0)
  })
}

test('no alarm: a worker that drains asks for nothing', async (t) => {
  const rig = await createRig(t)
  const { promise, open } = gate()
  const long = task('long', () => promise, { timeout: '1h' })
  const worker = await rig.worker([long], { concurrency: 2 })
  await rig.enqueue(long)
  const stopped = worker.stop({ drain: '20m' })
  await rig.enqueue(long)
  await rig.clock.run(600_000)
  assert.equal(deafTimes(worker), 0)
  open()
  await rig.clock.run(1_000)
  await stopped
})
