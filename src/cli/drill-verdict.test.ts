// What the runs of a drill come to: rescues, duplicates, losses, and whether the promise holds.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { holds, judge, limitOf, type Run } from './drill-verdict.ts'

const KILL = { pid: 1, at: 1_000 }

const run = (task: string, pid: number, began: number, ended: number | null): Run => ({
  task,
  pid,
  began,
  ended,
})

function verdict(runs: readonly Run[], succeeded: readonly [string, boolean][] = [['a', true]]) {
  return judge(new Map(succeeded), runs, KILL)
}

test('the slowest rerun of what the killed process ran is the time of the rescue', () => {
  const runs = [
    run('a', 1, 900, null),
    run('b', 1, 950, null),
    run('c', 2, 910, 1_300),
    run('b', 2, 1_400, 1_500),
    run('a', 2, 1_200, 1_300),
  ]
  const all: [string, boolean][] = ['a', 'b', 'c'].map((id) => [id, true])
  assert.deepEqual(verdict(runs, all), { interrupted: 2, rescue_ms: 400, duplicates: 0, lost: 0 })
})

test('a run beside another one, or after one that had come to its end, is a duplicate', () => {
  assert.equal(verdict([run('a', 1, 900, null), run('a', 2, 990, 1_100)]).duplicates, 1)
  assert.equal(verdict([run('a', 2, 900, 1_100), run('a', 3, 950, 1_200)]).duplicates, 1)
  assert.equal(verdict([run('a', 2, 900, 950), run('a', 3, 1_200, 1_300)]).duplicates, 1)
  assert.equal(
    verdict([run('a', 1, 900, null), run('a', 2, 1_100, 1_200), run('a', 3, 1_150, 1_300)]).duplicates,
    1,
  )
})

test('a task that does not succeed is lost, and a rescue that never comes keeps no promise', () => {
  const none = verdict([run('a', 1, 900, null)], [['a', false]])
  assert.deepEqual(none, { interrupted: 1, rescue_ms: null, duplicates: 0, lost: 1 })
  assert.equal(holds(none, 1_500), false)
})

test('the promise is kept in time, once each, with something that was rescued', () => {
  const good = { interrupted: 1, rescue_ms: 1_500, duplicates: 0, lost: 0 }
  assert.equal(holds(good, limitOf(null)), true)
  for (const bad of [{ interrupted: 0 }, { rescue_ms: 1_501 }, { duplicates: 1 }, { lost: 1 }])
    assert.equal(holds({ ...good, ...bad }, limitOf(null)), false, JSON.stringify(bad))
  assert.deepEqual([limitOf(30_000), limitOf(1_000)], [45_000, 6_000])
})
