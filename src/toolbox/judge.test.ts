/** An alert fires once and is resolved once, after readings have said so for a while, whatever they do in between. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { AlertState, Reading } from './alert-words.ts'
import { judge } from './judge.ts'

const RULES = { for: 60, repeat: null, every: 30 }

/** Readings, one every 30: `x` wrong, `.` right, `?` unknown, `_` nobody looked. Answers the events with their times. */
function run(readings: string, rules: Partial<typeof RULES | { repeat: number }> = {}): string[] {
  let state: AlertState | null = null
  let last: number | null = null
  const events: string[] = []
  for (const [i, sign] of readings.split('').entries()) {
    if (sign === '_') continue
    const now = 1_000 + i * 30
    const wrong = sign === '?' ? null : sign === 'x'
    const told = wrong === true ? ({ reason: 'above', text: `at ${i}` } as const) : { reason: null, text: '' }
    const reading: Reading = { alert: 'dead', wrong, value: i, threshold: 5, ...told }
    const verdict = judge(state, reading, { ...RULES, ...rules }, last, now)
    state = verdict.state
    last = now
    if (verdict.event !== null) events.push(`${verdict.event} ${i}`)
  }
  return events
}

for (const [what, readings, rules, expected] of [
  ['right all the while', '......', {}, []],
  ['wrong: once, after a while', 'xxxxxx', {}, ['fired 2']],
  ['wrong at once where no while is asked for', '.xx..', { for: 0 }, ['fired 1', 'resolved 3']],
  ['wrong and right again', 'xxx....x', {}, ['fired 2', 'resolved 5']],
  ['flapping', 'x.x.x.x.x.', {}, []],
  ['flapping while it fires', 'xxx.x.x.x..', {}, ['fired 2']],
  ['what cannot be said begins anew', 'xx?xxx', {}, ['fired 5']],
  ['what cannot be said resolves nothing', 'xxx????', {}, ['fired 2']],
  ['a time in which nobody looked', 'x_____xxx', {}, ['fired 8']],
  ['it goes on firing while nobody looks', 'xxx_____xx...', {}, ['fired 2', 'resolved 12']],
  ['told again', 'xxxxxxxx', { repeat: 90 }, ['fired 2', 'repeated 5']],
] as const)
  test(what, () => assert.deepEqual(run(readings, rules), expected))

test('what is told is the newest while it fires, and nothing of it stays afterwards', () => {
  const wrong: Reading = { alert: 'dead', wrong: true, reason: 'above', value: 7, threshold: 5, text: '7' }
  const fired = judge(null, wrong, { ...RULES, for: 0 }, null, 1_000).state
  const right: Reading = { alert: 'dead', wrong: false, reason: null, value: 2, threshold: 5, text: '' }
  const turning = judge(fired, right, RULES, 1_000, 1_030).state
  assert.deepEqual([turning.since, turning.value, turning.text], [1_000, 2, '7'])
  const { state } = judge(turning, right, RULES, 1_030, 1_090)
  assert.deepEqual([state.since, state.reason, state.text, state.toldAt], [null, null, '', null])
})
