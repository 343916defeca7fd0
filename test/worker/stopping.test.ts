/** Being told to stop: timeout, cancel, drain, release. Who aborts, how long the grace is, what the task becomes. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { WindlassError } from '../../src/core/errors.ts'
import type { TaskContext } from '../../src/core/task-type.ts'
import { over } from '../../src/testing/history/recorder.ts'
import { createRig, faulty, gate, quiet, task } from './rig.ts'

/** Waits until it is told to stop, then throws the reason. */
function untilAborted(_: unknown, { signal }: TaskContext<never>): Promise<never> {
  return new Promise((_resolve, reject) => {
    const stop = (): void => reject(signal.reason as Error)
    if (signal.aborted) stop()
    else signal.addEventListener('abort', stop)
  })
}

test('the timeout aborts the handler, and the attempt has failed with it', async (t) => {
  const rig = await createRig(t)
  const slow = task('slow', untilAborted, { timeout: '5s' })
  await rig.worker([slow])
  const id = await rig.enqueue(slow, {}, { retry: 0 })
  await rig.clock.run(4_999)
  assert.equal((await rig.get(id)).state, 'running')
  await rig.clock.run(1)
  const dead = await rig.get(id)
  assert.deepEqual(
    [dead.state, dead.reason, dead.error?.code, dead.failures],
    ['dead', 'timeout', 'timeout', 1],
  )
})

test('a handler that answers a result within the grace has succeeded, one that answers nothing has not', async (t) => {
  const rig = await createRig(t)
  const late = task('late', (payload, ctx) => untilAborted(payload, ctx).catch(() => 'partial'), {
    timeout: 10,
  })
  const none = task('none', (payload, ctx) => untilAborted(payload, ctx).catch(() => undefined), {
    timeout: 10,
  })
  await rig.worker([late, none])
  const ids = [await rig.enqueue(late), await rig.enqueue(none)]
  await rig.clock.run(10)
  const [first, second] = await Promise.all(ids.map((id) => rig.get(id)))
  assert.deepEqual([first?.state, first?.result], ['succeeded', '"partial"'])
  assert.deepEqual([second?.state, second?.reason], ['scheduled', 'timeout'])
})

test('a hung handler is given up after the grace; its slot stays taken and its late result is not taken', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const runs: number[] = []
  const hung = task('hung', (_, ctx) => (runs.push(ctx.attempt) === 1 ? go.promise : 'second'), {
    timeout: '5s',
  })
  const worker = await rig.worker([hung], { concurrency: 2, lease: '1h' })
  const id = await rig.enqueue(hung)
  await rig.clock.run(14_999)
  assert.equal((await rig.get(id)).state, 'running')
  await rig.clock.run(1)
  const waiting = await rig.get(id)
  assert.deepEqual([waiting.state, waiting.reason, waiting.failures], ['scheduled', 'timeout', 1])
  assert.deepEqual(
    worker.status().running.map(({ givenUp }) => givenUp),
    [true],
  )
  await rig.clock.run(60_000)
  assert.deepEqual((await rig.get(id)).result, '"second"')
  go.open('first')
  await quiet()
  assert.equal(worker.status().running.length, 0)
  assert.deepEqual((await rig.get(id)).result, '"second"')
  assert.deepEqual(runs, [1, 2])
})

test('a cancel reaches a running handler by the hint, well within a second', async (t) => {
  const rig = await createRig(t)
  const reasons: unknown[] = []
  const long = task('long', (payload, ctx) =>
    untilAborted(payload, ctx).catch((error: unknown) => {
      reasons.push(error)
      throw error
    }),
  )
  await rig.worker([long], { engine: rig.connect() })
  const id = await rig.enqueue(long)
  await rig.clock.run(2_345)
  await rig.cancel(id)
  await rig.clock.run(100)
  const cancelled = await rig.get(id)
  assert.deepEqual([cancelled.state, cancelled.reason, cancelled.failures], ['cancelled', 'cancelled', 0])
  assert.ok(reasons[0] instanceof WindlassError)
  assert.equal(reasons[0].code, 'cancelled')
})

test('without hints a cancel arrives with a heartbeat, within a third of the lease', async (t) => {
  const rig = await createRig(t)
  const engine = new Proxy(rig.connect(), {
    get(target, key) {
      if (key === 'watch') return () => () => undefined
      const value: unknown = Reflect.get(target, key, target)
      return typeof value === 'function' ? (value.bind(target) as unknown) : value
    },
  })
  const long = task('long', untilAborted)
  const id = await rig.enqueue(long)
  await rig.worker([long], { engine })
  await rig.clock.run(12_000)
  await rig.cancel(id)
  assert.equal((await rig.get(id)).state, 'running')
  await rig.clock.run(10_000)
  assert.equal((await rig.get(id)).state, 'cancelled')
})

test('a report of progress hears of a cancel too', async (t) => {
  const rig = await createRig(t)
  const engine = faulty(rig.engine, (verb) => (verb === 'heartbeat' ? 'refuse' : null))
  const go = gate()
  const long = task('long', async (payload, ctx) => {
    await go.promise
    ctx.progress(1)
    return untilAborted(payload, ctx)
  })
  await rig.worker([long], { engine })
  const id = await rig.enqueue(long)
  await rig.cancel(id)
  await rig.clock.run(1_000)
  assert.equal((await rig.get(id)).state, 'running')
  go.open()
  await rig.clock.run(1_000)
  assert.equal((await rig.get(id)).state, 'cancelled')
})

test('a handler that ignores a cancel is given up after the grace, with the slot taken until it ends', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const deaf = task('deaf', () => go.promise)
  const worker = await rig.worker([deaf], { grace: '4s' })
  const id = await rig.enqueue(deaf)
  await rig.cancel(id)
  await rig.clock.run(3_900)
  assert.equal((await rig.get(id)).state, 'running')
  await rig.clock.run(200)
  assert.equal((await rig.get(id)).state, 'cancelled')
  assert.equal(worker.status().running.length, 1)
  go.open('late')
  await quiet()
  assert.equal(worker.status().running.length, 0)
  assert.equal((await rig.get(id)).state, 'cancelled')
})

test('a result wins over a cancel', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const busy = task('busy', () => go.promise)
  await rig.worker([busy])
  const id = await rig.enqueue(busy)
  await rig.cancel(id)
  await rig.clock.run(100)
  go.open('done')
  await quiet()
  assert.deepEqual([(await rig.get(id)).state, (await rig.get(id)).result], ['succeeded', '"done"'])
})

test('stop lets tasks end for the drain time and claims nothing more', async (t) => {
  const rig = await createRig(t)
  const go = gate<string>()
  const long = task('long', () => go.promise)
  const worker = await rig.worker([long], { concurrency: 2 })
  const id = await rig.enqueue(long)
  const stopped = worker.stop()
  await rig.clock.run(60_000)
  const next = await rig.enqueue(long)
  await rig.clock.run(60_000)
  assert.equal(worker.status().state, 'draining')
  const [session] = await rig.engine.records.sessions({ state: 'live', host: null })
  assert.equal(session?.draining, true, 'the lease is kept, and the store knows')
  go.open('done')
  await rig.clock.run(100)
  await stopped
  assert.equal((await rig.get(id)).state, 'succeeded')
  assert.equal((await rig.get(next)).state, 'ready')
  const [ended] = await rig.engine.records.sessions({ state: 'dead', host: null })
  assert.equal(ended?.cause, 'stopped')
})

test('after the drain time what runs is aborted, and handed back at its old place without charge', async (t) => {
  const rig = await createRig(t)
  const polite = task('polite', untilAborted)
  const deaf = task('deaf', () => new Promise(() => undefined))
  const worker = await rig.worker([polite, deaf])
  const ids = [await rig.enqueue(polite), await rig.enqueue(deaf)]
  const places = await Promise.all(ids.map(async (id) => (await rig.get(id)).place))
  const stopped = worker.stop({ drain: '30s' })
  await rig.clock.run(30_000)
  assert.deepEqual(
    [(await rig.get(ids[0] ?? '')).state, (await rig.get(ids[1] ?? '')).state],
    ['ready', 'running'],
  )
  await rig.clock.run(10_000)
  await stopped
  for (const [i, id] of ids.entries()) {
    const back = await rig.get(id)
    assert.deepEqual([back.state, back.reason, back.place], ['ready', 'drained', places[i]])
    assert.deepEqual([back.failures, back.crashes, back.losses, back.releases], [0, 0, 0, 1])
  }
})

test('release hands back at once, also in the middle of a drain', async (t) => {
  const rig = await createRig(t)
  const deaf = task('deaf', () => new Promise(() => undefined))
  const worker = await rig.worker([deaf])
  const id = await rig.enqueue(deaf)
  void worker.stop()
  await rig.clock.run(5_000)
  assert.equal((await rig.get(id)).state, 'running')
  const released = worker.release()
  await quiet()
  await released
  assert.equal((await rig.get(id)).state, 'ready')
  assert.equal(worker.status().state, 'stopped')
})

test('a claim that comes back during the stop is handed back', async (t) => {
  const rig = await createRig(t)
  const reply = gate()
  let held = false
  const engine = faulty(rig.engine, () => null)
  const slow = new Proxy(engine, {
    get(target, key) {
      const value: unknown = Reflect.get(target, key, target)
      if (key !== 'claim') return value
      return async (...args: Parameters<typeof engine.claim>) => {
        const answer = await target.claim(...args)
        if (held) await reply.promise
        return answer
      }
    },
  })
  const any = task('any', () => 'ran')
  const worker = await rig.worker([any], { engine: slow })
  held = true
  const id = await rig.enqueue(any)
  const stopped = worker.stop()
  await quiet()
  reply.open()
  await rig.clock.run(1_000)
  await stopped
  const back = await rig.get(id)
  assert.deepEqual([back.state, back.attempt, back.releases], ['ready', 1, 1])
})

test('a worker that is told to end when empty does so, with or without what waits for its time', async (t) => {
  const rig = await createRig(t)
  const quick = task('quick', () => 'ok')
  const ids = [
    await rig.enqueue(quick),
    await rig.enqueue(quick),
    await rig.enqueue(quick, {}, { delay: '1m' }),
  ]
  await rig.enqueue('stranger')
  const worker = await rig.worker([quick], { concurrency: 1 })
  let plain = false
  let all = false
  void worker.drainUntilEmpty().then(() => (plain = true))
  void worker.drainUntilEmpty({ all: true }).then(() => (all = true))
  await rig.clock.run(1_000)
  assert.deepEqual([plain, all], [true, false])
  await rig.clock.run(62_000)
  assert.equal((await rig.get(ids[2] ?? '')).state, 'succeeded')
  assert.equal(all, true, 'a stranger that comes back for ever is not waited for')
})

test('what a handler enqueues behind the back of its worker is run before that ends when empty', async (t) => {
  const rig = await createRig(t)
  const worked = gate<string>()
  const deaf = over(rig.engine, { watch: () => () => {} })
  const parent = task('parent', () => worked.promise)
  const child = task('child', () => 'ok')
  await rig.enqueue(parent)
  const worker = await rig.worker([parent, child], { engine: deaf })
  let empty = false
  void worker.drainUntilEmpty().then(() => (empty = true))
  // A claim looks in vain meanwhile.
  await rig.clock.run(11_000)
  const id = await rig.enqueue(child)
  worked.open('ok')
  await rig.clock.run(1_000)
  assert.deepEqual([empty, (await rig.get(id)).state], [true, 'succeeded'])
})
