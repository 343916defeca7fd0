// ManualClock: time moves when told, timers fire in their order and at their time.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { sleep } from '../base/clock.ts'
import { ManualClock } from './clock.ts'

test('moves only when told, all its times together', () => {
  const clock = new ManualClock(1_000)
  assert.deepEqual([clock.now(), clock.wall(), clock.mono()], [1_000, 1_000, 0])
  clock.advance(250)
  assert.deepEqual([clock.now(), clock.wall(), clock.mono()], [1_250, 1_250, 250])
})

test('fires timers in the order of their times, each at its time, and not the cancelled ones', () => {
  const clock = new ManualClock(0)
  const fired: string[] = []
  const note = (name: string) => () => fired.push(`${name}@${clock.now()}`)
  clock.timer(300, note('late'))
  clock.timer(100, note('early'))
  clock.timer(100, () => clock.timer(50, note('nested')))
  clock.timer(200, note('cancelled'))()
  clock.timer(1_000, note('not yet'))
  clock.advance(500)
  assert.deepEqual(fired, ['early@100', 'nested@150', 'late@300'])
  assert.equal(clock.now(), 500)
})

test('pass lets promises go on after each timer', async () => {
  const clock = new ManualClock(0)
  const woken: number[] = []
  const loop = async () => {
    for (let i = 0; i < 3; i++) {
      await sleep(clock, 100)
      woken.push(clock.now())
    }
  }
  const running = loop()
  await clock.pass(1_000)
  await running
  assert.deepEqual(woken, [100, 200, 300])
})
