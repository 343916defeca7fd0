/** Profiles: every state has a word, and every word finds its states again. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { TASK_STATES } from '../core/record.ts'
import { PROFILES, statesOf, stateWord } from './profile.ts'

test('without a profile the words are our own', () => {
  for (const state of TASK_STATES) {
    assert.equal(stateWord(state, null), state)
    assert.deepEqual(statesOf(state, null), [state])
  }
  assert.deepEqual(statesOf('queued', null), [])
})

test('the words of the seeds, there and back', () => {
  const words = (profile: (typeof PROFILES)[number]): string[] => [
    ...new Set(TASK_STATES.map((state) => stateWord(state, profile))),
  ]
  assert.deepEqual(words('rq'), ['queued', 'started', 'finished', 'failed'])
  assert.deepEqual(words('api'), ['PENDING', 'RUNNING', 'SUCCESS', 'FAILED'])
  assert.deepEqual(words('push'), ['pushing', 'push_success', 'push_failed'])
  for (const profile of PROFILES) {
    for (const state of TASK_STATES) {
      assert.ok(statesOf(stateWord(state, profile), profile).includes(state))
      assert.deepEqual(statesOf(state, profile), [state])
    }
  }
})
