/** Recycle rules: each limit by itself, none, and ages that are spread. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { NO_LIMITS, whyRecycle } from './recycle-rules.ts'

const MUCH = { finished: 1e9, rss: 1e12 }

test('without limits a worker goes on for ever', () => {
  assert.equal(whyRecycle(NO_LIMITS, MUCH, 1e12, 0), null)
})

test('each limit is reached by itself', () => {
  const limits = { tasks: 100, age: 1_000, memory: 500 }
  assert.equal(whyRecycle(limits, { finished: 99, rss: 500 }, 0, 0), null)
  assert.equal(whyRecycle(limits, { finished: 100, rss: 500 }, 0, 0), 'tasks')
  assert.equal(whyRecycle(limits, { finished: 0, rss: 501 }, 0, 0), 'memory')
  assert.equal(whyRecycle(limits, { finished: 0, rss: 0 }, 1_000, 0), 'age')
})

test('a worker that told nothing yet is judged by its age', () => {
  assert.equal(whyRecycle({ tasks: 1, age: null, memory: 1 }, null, 1e12, 0), null)
  assert.equal(whyRecycle({ ...NO_LIMITS, age: 10 }, null, 10, 0), 'age')
})

test('ages are spread over the last fifth, and never beyond the limit', () => {
  const limits = { ...NO_LIMITS, age: 1_000 }
  const renewedAt = (draw: number): number => {
    for (let age = 0; ; age++) if (whyRecycle(limits, null, age, draw) !== null) return age
  }
  assert.deepEqual([0, 0.5, 0.999].map(renewedAt), [1_000, 900, 801])
})
