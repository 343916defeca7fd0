// The proof of deafness with a clock of its own: a process that was stopped, or a loop that was blocked, proves nothing.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { openMemory } from '../engines/memory/engine.ts'
import { ManualClock } from '../testing/clock.ts'
import { Hearing } from './hearing.ts'
import { readWorkerOptions } from './options.ts'

/** A clock that can go on while nothing runs: no timer fires meanwhile, and all that fell due fires late. */
class StoppableClock extends ManualClock {
  #stopped = 0

  stop(ms: number): void {
    this.#stopped += ms
  }

  override mono(): number {
    return super.mono() + this.#stopped
  }
}

const BEAT = {
  status: 'live',
  now: 0,
  mismatch: false,
  lost: [],
  unclaimed: [],
  cancels: [],
  paused: [],
  nextDueIn: null,
} as const

function listen(options: { readonly lease?: number } = {}) {
  const clock = new StoppableClock()
  const settings = readWorkerOptions({ engine: openMemory({ now: clock.now }), types: [], clock, ...options })
  const state = { deaf: 0, listening: true }
  const hearing = new Hearing({
    settings,
    listening: () => state.listening,
    deaf: () => void state.deaf++,
  })
  hearing.start()
  /** Time goes by with beats every five seconds, and nothing else. */
  const pass = async (ms: number): Promise<void> => {
    for (let left = ms; left > 0; left -= 5_000) {
      await clock.pass(5_000)
      hearing.beat(BEAT)
    }
  }
  return { clock, hearing, state, pass }
}

test('a minute of beats and no claim is proof, and the proof begins anew', async () => {
  const { hearing, state, pass } = listen()
  hearing.answered(false)
  await pass(55_000)
  assert.equal(state.deaf, 0)
  await pass(5_000)
  assert.equal(state.deaf, 1)
  await pass(55_000)
  assert.equal(state.deaf, 1)
  await pass(5_000)
  assert.equal(state.deaf, 2)
  hearing.stop()
})

test('a process that was stopped for hours counts as if it had been stopped for seconds', async () => {
  const { clock, hearing, state, pass } = listen()
  hearing.answered(false)
  for (let i = 0; i < 4; i++) {
    await pass(5_000)
    clock.stop(3_600_000)
    await pass(5_000)
    assert.equal(state.deaf, 0, `after stop ${i + 1}`)
    hearing.answered(false)
  }
  await pass(60_000)
  assert.equal(state.deaf, 1)
  hearing.stop()
})

test('without a free slot, and without beats, no time goes by', async () => {
  const { clock, hearing, state, pass } = listen()
  hearing.answered(false)
  await pass(50_000)
  state.listening = false
  await pass(5_000)
  state.listening = true
  await pass(55_000)
  assert.equal(state.deaf, 0)
  // The store is away: claims and beats fail alike. The first beat after it is no proof.
  await clock.pass(600_000)
  hearing.beat(BEAT)
  assert.equal(state.deaf, 0)
  await pass(55_000)
  assert.equal(state.deaf, 0)
  await pass(10_000)
  assert.equal(state.deaf, 1)
  hearing.stop()
})

test('it says how long ago a claim was answered', async () => {
  const { clock, hearing } = listen()
  assert.equal(hearing.answeredAgo, null)
  hearing.answered(true)
  await clock.pass(1_234)
  assert.equal(hearing.answeredAgo, 1_234)
  hearing.stop()
})
