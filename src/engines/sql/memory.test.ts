// What an engine remembers of the tasks that it claimed: the newest, and never an older claim of the same task.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { SqlMemory, type ClaimedTask } from './memory.ts'

function claimed(token: string): ClaimedTask {
  return { token, queue: 'default', type: 'sample', attempt: 1, keep: 1_000 }
}

function full(): SqlMemory<ClaimedTask> {
  const memory = new SqlMemory<ClaimedTask>()
  for (let i = 0; i < 50_000; i++) memory.rememberClaimed(`task-${i}`, claimed(`c${i}.1`))
  return memory
}

test('of very many claimed tasks the newest ten thousand are remembered, and the oldest are not', () => {
  const memory = full()
  for (let i = 40_001; i < 50_000; i++) assert.equal(memory.claimed(`task-${i}`)?.token, `c${i}.1`)
  assert.equal(memory.claimed('task-0'), undefined)
})

test('a task that was claimed again long after is known by its new claim, and forgotten as a whole', () => {
  const memory = full()
  memory.rememberClaimed('task-39999', claimed('again.2'))
  assert.equal(memory.claimed('task-39999')?.token, 'again.2')
  memory.forget('task-39999')
  assert.equal(memory.claimed('task-39999'), undefined)
})
