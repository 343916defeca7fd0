/** Stop requests: the first asks, the second hurries, and signals that belong together count as one. */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'
import { test } from 'node:test'

import { listenToStop } from './stop-signals.ts'

function watched(together = 0): { stop: ReturnType<typeof listenToStop>; hurries: () => number } {
  const stop = listenToStop(together)
  let hurries = 0
  stop.onHurry(() => {
    hurries++
  })
  return { stop, hurries: () => hurries }
}

test('first, second, third', async () => {
  const { stop, hurries } = watched()
  process.emit('SIGTERM', 'SIGTERM')
  assert.equal(await stop.asked, 'SIGTERM')
  assert.equal(hurries(), 0)
  process.emit('SIGINT', 'SIGINT')
  process.emit('SIGINT', 'SIGINT')
  assert.equal(hurries(), 1)
})

test('signals that come together are one; later ones are not', async () => {
  const { hurries } = watched(30)
  process.emit('SIGTERM', 'SIGTERM')
  process.emit('SIGTERM', 'SIGTERM')
  assert.equal(hurries(), 0)
  await sleep(40)
  process.emit('SIGTERM', 'SIGTERM')
  assert.equal(hurries(), 1)
})

test('a hurry asks as well, and a late listener hears of it', async () => {
  const stop = listenToStop()
  stop.hurry('the supervisor')
  assert.equal(await stop.asked, 'the supervisor')
  let heard = 0
  stop.onHurry(() => {
    heard++
  })
  assert.equal(heard, 1)
})

test('a hang-up is a stop, or a reload that stops nothing', async () => {
  const reloading = listenToStop(0, 'reload')
  let reloads = 0
  reloading.onReload(() => {
    reloads++
  })
  const stopping = listenToStop()
  process.emit('SIGHUP', 'SIGHUP')
  assert.equal(await stopping.asked, 'SIGHUP')
  reloading.begin('somebody')
  assert.deepEqual([await reloading.asked, reloads], ['somebody', 1])
})

test('a beginning after the beginning is no hurry', async () => {
  const { stop, hurries } = watched()
  stop.ask('first')
  stop.begin('second')
  assert.deepEqual([await stop.asked, hurries()], ['first', 0])
})
