// The clock of this machine: waits of any length, in steps that setTimeout can take; sleep that ends early on demand.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { ManualClock } from '../testing/clock.ts'
import { sleep, systemClock } from './clock.ts'

const DAY = 86_400_000

/** Moves setTimeout and the monotonic clock together, hour by hour; a timer armed meanwhile counts from then. */
function mocked(t: TestContext): (ms: number) => void {
  let now = 1_000
  t.mock.method(performance, 'now', () => now)
  t.mock.timers.enable({ apis: ['setTimeout'] })
  return (ms) => {
    for (let left = ms; left > 0; left -= 3_600_000) {
      const step = Math.min(left, 3_600_000)
      now += step
      t.mock.timers.tick(step)
    }
  }
}

test('a timer fires once, at its time', (t) => {
  const move = mocked(t)
  let fired = 0
  systemClock.timer(5_000, () => fired++)
  move(4_999)
  assert.equal(fired, 0)
  move(1)
  assert.equal(fired, 1)
  move(DAY)
  assert.equal(fired, 1)
})

test('a wait above 2³¹ ms, and one above an hour, fire at their time and not before', (t) => {
  const move = mocked(t)
  for (const days of [0.5, 24.9, 60]) {
    let fired = 0
    systemClock.timer(days * DAY, () => fired++)
    move(days * DAY - 1)
    assert.equal(fired, 0, `${days} days`)
    move(1)
    assert.equal(fired, 1, `${days} days`)
  }
})

test('setTimeout is never given more than it can take, nor less than was asked for', (t) => {
  const given: number[] = []
  t.mock.method(globalThis, 'setTimeout', (_: unknown, ms: number) => {
    given.push(ms)
    return { unref: () => undefined }
  })
  t.mock.method(performance, 'now', () => 0)
  for (const ms of [10.2, 0, -5, Number.NaN, 3_600_000, 2 ** 31, 2 ** 53, Number.POSITIVE_INFINITY])
    systemClock.timer(ms, () => undefined)
  assert.deepEqual(given, [11, 0, 0, 0, 3_600_000, 3_600_000, 3_600_000, 3_600_000])
})

test('a stopped timer never fires, also when it is stopped between two of its steps', (t) => {
  const move = mocked(t)
  let fired = 0
  const short = systemClock.timer(10, () => fired++)
  const long = systemClock.timer(3 * DAY, () => fired++)
  short()
  move(DAY)
  long()
  long()
  move(9 * DAY)
  assert.equal(fired, 0)
})

test('a timer never fires before it was returned, and keeps the process alive only when asked to', (t) => {
  const kept: boolean[] = []
  t.mock.method(globalThis, 'setTimeout', () => {
    kept.push(true)
    return { unref: () => (kept[kept.length - 1] = false) }
  })
  let fired = false
  systemClock.timer(0, () => (fired = true))
  systemClock.timer(2 * DAY, () => undefined, true)
  assert.equal(fired, false)
  assert.deepEqual(kept, [false, true])
})

test('the monotonic clock rises and the wall clock is that of the machine', () => {
  const a = systemClock.mono()
  const wall = systemClock.wall()
  assert.ok(systemClock.mono() >= a)
  assert.ok(Math.abs(wall - Date.now()) < 1_000)
})

test('sleep ends at its time', async () => {
  const clock = new ManualClock()
  let awake = false
  const slept = sleep(clock, 1_000).then(() => (awake = true))
  await clock.pass(999)
  assert.equal(awake, false)
  await clock.pass(1)
  assert.equal(awake, true)
  await slept
})

test('sleep ends early when the signal aborts, at once when it has, and never rejects', async () => {
  const clock = new ManualClock()
  const controller = new AbortController()
  const slept = sleep(clock, 1_000, controller.signal)
  controller.abort(new Error('why'))
  assert.equal(await slept, undefined)
  assert.equal(await sleep(clock, 1_000, controller.signal), undefined)
  assert.equal(await sleep(clock, 1_000, AbortSignal.abort()), undefined)
})

test('sleep leaves no listener on a signal that lives on', async (t) => {
  const clock = new ManualClock()
  const { signal } = new AbortController()
  const added = t.mock.method(signal, 'addEventListener')
  const removed = t.mock.method(signal, 'removeEventListener')
  const slept = sleep(clock, 10, signal)
  clock.advance(10)
  await slept
  assert.equal(added.mock.callCount(), 1)
  assert.deepEqual(removed.mock.calls[0]?.arguments.slice(0, 2), added.mock.calls[0]?.arguments.slice(0, 2))
})
