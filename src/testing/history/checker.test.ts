// The checker against hand-made histories: each bad one is rejected by its check and by no other, each near miss passes.

import assert from 'node:assert/strict'
import { suite, test } from 'node:test'

import { LIFE_PAIRS } from './bad-lives.ts'
import { STORE_PAIRS } from './bad-stores.ts'
import { addTally, checkHistory, CHECKS, NO_TALLY, vacuous } from './checker.ts'
import { timeline } from './timeline.ts'

const PAIRS = [...LIFE_PAIRS, ...STORE_PAIRS]

suite('history checker', () => {
  for (const { check: name, about, bad, good } of PAIRS) {
    test(`${name}: ${about}`, () => {
      const found = checkHistory(bad.history).violations
      assert.deepEqual([...new Set(found.map((one) => one.check))], [name], JSON.stringify(found))
      assert.deepEqual(checkHistory(good.history).violations, [])
    })
  }

  test('every check has a bad history that it alone rejects', () => {
    const covered = new Set<string>(PAIRS.map((pair) => pair.check))
    assert.deepEqual(
      Object.keys(CHECKS).filter((name) => !covered.has(name)),
      [],
    )
  })

  test('a run without faults, doubts, rescues or stale settlements is vacuous', () => {
    const tally = checkHistory(PAIRS[0]?.good.history ?? assert.fail()).tally
    assert.deepEqual(vacuous(tally), [
      'no fault fired',
      'no call ended in doubt',
      'no stale settlement was seen',
      'no task was rescued',
    ])
    const full = addTally(tally, { ...NO_TALLY, faults: 1, unknown: 1, stale: 1, rescued: 1 })
    assert.deepEqual(vacuous(full), [])
  })

  test('the timeline tells all that befell a task, in order', () => {
    const { history } = PAIRS.find(({ check: name }) => name === 'stale')?.bad ?? assert.fail()
    const text = timeline(history, 'a')
    const words = ['enqueue', 'c1.1', 'unknown', 'c2.2', 'applied', 'at the end']
    const places = words.map((word) => text.indexOf(word))
    assert.ok(
      places.every((place, i) => place >= 0 && (i === 0 || place > (places[i - 1] ?? 0))),
      text,
    )
  })
})
