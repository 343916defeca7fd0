import assert from 'node:assert/strict'
import { mock, test } from 'node:test'

import { Bounds } from './bounds.ts'

/** Bounds under a clock that only moves when told. */
function clocked(t: { after: (end: () => void) => void }): { bounds: Bounds; advance: (ms: number) => void } {
  let now = 10_000
  const clock = mock.method(performance, 'now', () => now)
  t.after(() => clock.mock.restore())
  return { bounds: new Bounds(), advance: (ms) => (now += ms) }
}

test('the first claim has no bounds; the next ones begin where it ended', (t) => {
  const { bounds } = clocked(t)
  assert.equal(bounds.usable(), false)
  bounds.raise('q', 0, 7)
  bounds.raise('q', 0, 5)
  assert.equal(bounds.usable(), true)
  assert.deepEqual(bounds.list(), [{ queue: 'q', rank: 0, place: 7 }])
})

test('one claim in 100 ms goes without, as long as that is cheap', (t) => {
  const { bounds, advance } = clocked(t)
  bounds.usable()
  bounds.raise('q', 0, 7)
  advance(99)
  assert.equal(bounds.usable(), true)
  advance(1)
  assert.equal(bounds.usable(), false)
})

test('what is dear is done as seldom as makes it a twentieth of the time, and a little way back meanwhile', (t) => {
  const { bounds, advance } = clocked(t)
  bounds.usable()
  bounds.spent(50)
  const seen: (number | null)[] = []
  for (let place = 1; place <= 15; place++) {
    bounds.raise('q', 0, place)
    advance(100)
    seen.push(bounds.usable() ? (bounds.list()[0]?.place ?? 0) : null)
    if (seen.at(-1) === null) bounds.spent(50)
  }
  assert.deepEqual(seen.filter((place) => place === null).length, 1)
  assert.equal(seen.indexOf(null), 9)
  const back = seen.filter((place, i) => place !== null && place < i + 1)
  assert.ok(back.length >= 6, `looked back only ${back.length} times: ${seen.join(', ')}`)
})

test('forgotten bounds bound nothing', (t) => {
  const { bounds } = clocked(t)
  bounds.usable()
  bounds.raise('q', 0, 7)
  bounds.forget()
  assert.equal(bounds.usable(), false)
  assert.deepEqual(bounds.list(), [])
})
