// What an engine remembers of the tasks that it claimed: the newest, and never under another token.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ClaimedTasks, type ClaimedTask } from './claimed-tasks.ts'

function task(id: string, token: string): ClaimedTask {
  return { id, token, queue: 'default', type: 'sample', attempt: 1, keep: 1_000 }
}

/** Claims of ten tasks each. */
function full(): ClaimedTasks<ClaimedTask> {
  const claimed = new ClaimedTasks<ClaimedTask>()
  for (let c = 0; c < 5_000; c++)
    claimed.remember(
      `c${c}`,
      Array.from({ length: 10 }, (_, i) => task(`task-${c * 10 + i}`, `c${c}.1`)),
    )
  return claimed
}

test('of very many claimed tasks the newest ten thousand are remembered, and the oldest are not', () => {
  const claimed = full()
  for (let i = 40_000; i < 50_000; i++)
    assert.equal(claimed.find(`task-${i}`, `c${Math.floor(i / 10)}.1`)?.id, `task-${i}`)
  assert.equal(claimed.find('task-0', 'c0.1'), undefined)
})

test('a task is found by its token alone, in whatever order tasks of a claim are asked for', () => {
  const claimed = full()
  for (const i of [49_999, 49_990, 49_991, 49_995, 49_991, 49_994]) {
    assert.equal(claimed.find(`task-${i}`, 'c4999.1')?.id, `task-${i}`)
    assert.equal(claimed.find(`task-${i}`, 'c4999.2'), undefined)
    assert.equal(claimed.find(`task-${i}`, 'c4998.1'), undefined)
    assert.equal(claimed.find(`task-${i}`, 'c499.1'), undefined)
  }
})

test('a task that was claimed again long after is known by its new claim, and forgotten as a whole', () => {
  const claimed = full()
  claimed.remember('again', [task('task-39999', 'again.2')])
  assert.equal(claimed.find('task-39999', 'again.2')?.token, 'again.2')
  claimed.forget('task-39999', 'again.2')
  assert.equal(claimed.find('task-39999', 'again.2'), undefined)
})

test('tasks of a claim are forgotten one by one, and a second time without harm to the others', () => {
  const claimed = new ClaimedTasks<ClaimedTask>()
  const ids = ['a', 'b', 'c', 'd']
  claimed.remember(
    'one',
    ids.map((id) => task(id, 'one.1')),
  )
  for (const id of ['c', 'a', 'a', 'c', 'b']) claimed.forget(id, 'one.1')
  assert.deepEqual(
    ids.map((id) => claimed.find(id, 'one.1')?.id),
    [undefined, undefined, undefined, 'd'],
  )
  claimed.forget('d', 'one.1')
  assert.equal(claimed.find('d', 'one.1'), undefined)
})

test('tasks that are settled make room, so that one that runs for long is remembered', () => {
  const claimed = new ClaimedTasks<ClaimedTask>()
  claimed.remember('long', [task('slow', 'long.1')])
  for (let c = 0; c < 30_000; c++) {
    claimed.remember(`c${c}`, [task('quick', `c${c}.1`)])
    claimed.forget('quick', `c${c}.1`)
  }
  assert.equal(claimed.find('slow', 'long.1')?.id, 'slow')
})
