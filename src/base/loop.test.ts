// The loop: one run at a time, no wake-up lost, back-off after errors, and a stop that waits.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import fc from 'fast-check'

import { ManualClock } from '../testing/clock.ts'
import { Loop, type LoopOptions } from './loop.ts'

const seed = process.env['WINDLASS_SEED']
if (seed !== undefined) fc.configureGlobal({ seed: Number(seed) })

interface Rig {
  readonly clock: ManualClock
  readonly loop: Loop
  /** Monotonic times at which runs began. */
  readonly runs: number[]
  readonly errors: number[]
}

function rig(run: (n: number) => unknown, more: Partial<LoopOptions> = {}): Rig {
  const clock = new ManualClock()
  const runs: number[] = []
  const errors: number[] = []
  const loop = new Loop({
    run: async () => {
      runs.push(clock.mono())
      return (await run(runs.length)) as number | undefined
    },
    interval: 1_000,
    onError: (_, failures) => errors.push(failures),
    clock,
    random: () => 0,
    ...more,
  })
  return { clock, loop, runs, errors }
}

const fail = (): never => assert.fail('no')

test('it runs at once, then at every interval', async () => {
  const { clock, loop, runs } = rig(() => undefined)
  loop.start()
  await clock.pass(3_500)
  assert.deepEqual(runs, [0, 1_000, 2_000, 3_000])
  await loop.stop()
})

test('a run says when the next one is, but never later than the interval', async () => {
  const waits = [5, 0, 1_000, 5_000, -7, Number.NaN, Number.POSITIVE_INFINITY]
  const { clock, loop, runs } = rig((n) => waits[n - 1])
  loop.start()
  await clock.pass(4_500)
  assert.deepEqual(runs, [0, 5, 5, 1_005, 2_005, 2_005, 3_005, 4_005])
  await loop.stop()
})

test('a wake-up runs at once, and the interval counts from then', async () => {
  const { clock, loop, runs } = rig(() => undefined)
  loop.start()
  await clock.pass(400)
  loop.wake()
  await clock.pass(1_200)
  assert.deepEqual(runs, [0, 400, 1_400])
  await loop.stop()
})

test('wake-ups during a run lead to exactly one more', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { clock, loop, runs } = rig((n) => gates[n - 1]?.promise)
  loop.start()
  for (let i = 0; i < 5; i++) loop.wake()
  await clock.pass(10)
  assert.equal(runs.length, 1)
  gates[0]?.resolve()
  await clock.pass(10)
  assert.equal(runs.length, 2)
  gates[1]?.resolve()
  await clock.pass(500)
  assert.equal(runs.length, 2)
  await loop.stop()
})

test('errors are counted and back off, doubling up to the most; a success forgets them', async () => {
  const { clock, loop, runs, errors } = rig((n) => (n === 9 ? 10 : fail()), { maxBackoff: 1_600 })
  loop.start()
  await clock.pass(6_000)
  const gaps = runs.slice(1).map((at, i) => at - (runs[i] ?? 0))
  assert.deepEqual(gaps.slice(0, 10), [50, 100, 200, 400, 800, 800, 800, 800, 10, 50])
  assert.deepEqual(errors.slice(0, 10), [1, 2, 3, 4, 5, 6, 7, 8, 1, 2])
  await loop.stop()
})

test('the back-off lies between half and whole of its step', async () => {
  await fc.assert(
    fc.asyncProperty(fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }), async (draw) => {
      const { clock, loop, runs } = rig(fail, { random: () => draw })
      loop.start()
      await clock.pass(100)
      await loop.stop()
      assert.ok((runs[1] ?? 0) >= 50 && (runs[1] ?? 0) <= 100)
    }),
    { numRuns: 20 },
  )
})

test('while errors back off a wake-up does not shorten the wait, whether it came before or after the error', async () => {
  const { clock, loop, runs } = rig(fail)
  loop.start()
  loop.wake()
  await clock.pass(10)
  loop.wake()
  await clock.pass(39)
  assert.deepEqual(runs, [0])
  await clock.pass(1)
  assert.deepEqual(runs, [0, 50])
  await loop.stop()
})

test('a job that throws before its first await, and an onError that throws, do not end the loop', async () => {
  let runs = 0
  const clock = new ManualClock()
  const loop = new Loop({
    run: () => {
      runs++
      return fail()
    },
    interval: 1_000,
    onError: fail,
    clock,
    random: () => 0,
  })
  loop.start()
  await clock.pass(160)
  assert.equal(runs, 3)
  await loop.stop()
})

test('stop waits for the run under way, and nothing runs afterwards', async () => {
  const gate = Promise.withResolvers<void>()
  const { clock, loop, runs } = rig(() => gate.promise)
  loop.start()
  loop.wake()
  let stopped = false
  const stop = loop.stop().then(() => (stopped = true))
  await clock.pass(10)
  assert.equal(stopped, false)
  gate.resolve()
  await stop
  loop.wake()
  await clock.pass(10_000)
  assert.equal(runs.length, 1)
})

test('stop before start, twice, or between runs resolves, and cancels the timer', async () => {
  const { clock, loop, runs } = rig(() => undefined)
  await loop.stop()
  loop.wake()
  loop.start()
  await clock.pass(10)
  await Promise.all([loop.stop(), loop.stop()])
  await clock.pass(10_000)
  assert.deepEqual(runs, [0])
})

test('start twice is one start, and a stopped loop may be started again', async () => {
  const { clock, loop, runs } = rig(() => undefined)
  loop.start()
  loop.start()
  await clock.pass(10)
  loop.start()
  await clock.pass(10)
  assert.deepEqual(runs, [0])
  await loop.stop()
  loop.start()
  await clock.pass(10)
  assert.deepEqual(runs, [0, 20])
  await loop.stop()
})

test('started again before its old run has ended it still runs one at a time', async () => {
  const gates = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  const { clock, loop, runs } = rig((n) => gates[n - 1]?.promise)
  loop.start()
  const stopped = loop.stop()
  loop.start()
  await clock.pass(10)
  assert.equal(runs.length, 1)
  gates[0]?.resolve()
  await stopped
  await clock.pass(10)
  assert.equal(runs.length, 2)
  gates[1]?.resolve()
  await loop.stop()
})

test('whatever wakes it, runs never overlap and each wake-up is followed by a run that began later', async () => {
  const step = fc.record({ wait: fc.nat(300), wakes: fc.nat(3), takes: fc.nat(300), fails: fc.boolean() })
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 8 }), async (steps) => {
      let open = 0
      const { clock, loop, runs } = rig(async (n) => {
        assert.equal(++open, 1, 'two runs at once')
        const { takes, fails } = steps[n % steps.length] ?? { takes: 0, fails: false }
        await new Promise<void>((resolve) => void clock.timer(takes, resolve))
        open--
        if (fails) fail()
      })
      loop.start()
      for (const { wait, wakes } of steps) {
        await clock.pass(wait)
        for (let i = 0; i < wakes; i++) loop.wake()
      }
      const woken = clock.mono()
      await clock.pass(20_000)
      assert.ok(runs.some((at) => at >= woken))
      const stopped = loop.stop()
      await clock.pass(1_000)
      await stopped
    }),
    { numRuns: 50 },
  )
})
