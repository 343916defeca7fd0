/** What a worker takes and when: order, slots, weights, due times, pauses. On a moved clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { QUEUE_DOCUMENT, writeQueueSettings } from '../../src/core/queue-settings.ts'
import { newTask } from '../../src/testing/samples.ts'
import { createRig, faulty, gate, quiet, task } from './rig.ts'

test('takes no more than the free slots hold, and fills them as they get free', async (t) => {
  const rig = await createRig(t)
  const gates: ReturnType<typeof gate<string>>[] = []
  const slow = task('slow', () => {
    const own = gate<string>()
    gates.push(own)
    return own.promise
  })
  await rig.engine.enqueue(Array.from({ length: 10 }, () => newTask({ type: 'slow' })))
  await rig.worker([slow], { concurrency: 3 })
  const running = async (): Promise<number> => {
    const [stats] = await rig.engine.records.stats(['default'])
    return stats?.counts.running ?? -1
  }
  assert.deepEqual([gates.length, await running()], [3, 3])
  gates[0]?.open('ok')
  await quiet()
  assert.deepEqual([gates.length, await running()], [4, 3])
  for (const own of gates) own.open('ok')
  await quiet()
  assert.deepEqual([gates.length, await running()], [7, 3])
  for (let i = 0; i < 2; i++) {
    for (const own of gates) own.open('ok')
    await quiet()
  }
  assert.deepEqual([gates.length, await running()], [10, 0])
})

test('larger priorities run first, in order of their place', async (t) => {
  const rig = await createRig(t)
  const order: string[] = []
  const note = task('note', (name: string) => void order.push(name))
  for (const [name, priority] of Object.entries({ a: 0, b: 5, c: 10, d: 5, e: 0 }))
    await rig.enqueue(note, name, { priority })
  await rig.worker([note], { concurrency: 1 })
  await rig.clock.run(100)
  assert.equal(order.join(''), 'cbdae')
})

test('queues share the slots by their weights, and an empty one leaves its share to the others', async (t) => {
  const rig = await createRig(t)
  const order: string[] = []
  const note = task('note', (_, { queue }) => void order.push(queue))
  for (const queue of ['a', 'b'])
    await rig.engine.enqueue(Array.from({ length: 40 }, () => newTask({ type: 'note', queue })))
  await rig.worker([note], { concurrency: 1, queues: [{ name: 'a', weight: 3 }, 'b'] })
  await rig.clock.run(100)
  assert.equal(order.slice(0, 40).filter((queue) => queue === 'a').length, 30)
  assert.equal(order.length, 80)
})

test('a task runs when it falls due, also when no hint ever comes', async (t) => {
  const rig = await createRig(t)
  const engine = new Proxy(rig.connect(), {
    get(target, key) {
      if (key === 'watch') return () => () => undefined
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const at: number[] = []
  const note = task('note', () => void at.push(rig.clock.mono()))
  await rig.enqueue(note, {}, { delay: 4_321 })
  await rig.enqueue(note, {}, { delay: '45s' })
  await rig.worker([note], { engine })
  await rig.clock.run(60_000)
  assert.deepEqual(at, [4_321, 45_000])
  await rig.enqueue(note)
  await rig.clock.run(10_000)
  assert.equal(at.length, 3, 'asked every ten seconds at least')
})

test('a paused queue is left alone until it is resumed', async (t) => {
  const rig = await createRig(t)
  const note = task('note', () => 'ok')
  const body = (paused: boolean): string => writeQueueSettings({ paused })
  await rig.engine.documents.put([{ kind: QUEUE_DOCUMENT, key: 'default', version: 0, body: body(true) }])
  const worker = await rig.worker([note])
  const id = await rig.enqueue(note)
  await rig.clock.run(30_000)
  assert.equal((await rig.get(id)).state, 'ready')
  assert.deepEqual(worker.status().paused, ['default'])
  await rig.engine.documents.put([{ kind: QUEUE_DOCUMENT, key: 'default', version: 1, body: body(false) }])
  await rig.clock.run(10_000)
  assert.equal((await rig.get(id)).state, 'succeeded')
})

test('a store that refuses claims is asked again, with pauses of five seconds at most', async (t) => {
  const rig = await createRig(t)
  let away = true
  let claims = 0
  const engine = faulty(rig.engine, (verb) => {
    if (verb !== 'claim') return null
    claims++
    return away ? 'refuse' : null
  })
  const note = task('note', () => 'ok')
  const id = await rig.enqueue(note)
  await rig.worker([note], { engine })
  await rig.clock.run(60_000)
  assert.ok(claims >= 15 && claims <= 40, `${claims} claims in a minute`)
  away = false
  await rig.clock.run(5_000)
  assert.equal((await rig.get(id)).state, 'succeeded')
})

test('a worker without a task type takes nothing', async (t) => {
  const rig = await createRig(t)
  await rig.worker([])
  const id = await rig.enqueue('stranger')
  await rig.clock.run(20_000)
  assert.deepEqual([(await rig.get(id)).state, (await rig.get(id)).attempt], ['ready', 0])
  assert.ok(rig.said('warn').some((line) => line.includes('knows no task type')))
})

test('handlers that never wait let timers and signals have their turn', async (t) => {
  const rig = await createRig(t)
  await rig.engine.enqueue(Array.from({ length: 3_000 }, () => newTask({ type: 'note' })))
  const seen: number[] = []
  let done = 0
  const note = task('note', () => void done++)
  const immediate = (): void => {
    if (done === 3_000) return
    seen.push(done)
    setImmediate(immediate)
  }
  setImmediate(immediate)
  const worker = rig.make([note], { concurrency: 10 })
  await worker.start()
  await worker.drainUntilEmpty()
  assert.ok(seen.filter((count) => count > 0).length > 20, `${seen.length} turns`)
})
