/**
 * Real worker processes whose claims fall into a black hole for good while their hearts beat on: each notices and works
 * again, by itself. Which store it is, is the caller's to say; servers are reached through the proxy of the test kit.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { TcpProxy } from '../../src/testing/faults/proxy.ts'
import type { Settle } from './store-place.ts'
import { createSystem } from './worker-system.ts'

const HEART = new URL('./fixtures/direct-heart.ts', import.meta.url).href

/** Declares the test for an engine behind a server; `settle` is null where there is none. */
export function runDeafCases(engine: string, settle: Settle | null): void {
  const title = `${engine}: claims in a black hole, the heart beats on: the worker opens the store anew and runs the task`
  if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
  else test(title, { timeout: 90_000 }, (t) => judge(t, settle))
}

async function judge(t: TestContext, settle: Settle): Promise<void> {
  const system = await createSystem(t, settle)
  const proxy = await TcpProxy.open(system.url)
  t.after(() => proxy.close())
  const options = {
    lease: '3s',
    deafAfter: '6s',
    concurrency: 2,
    openModule: HEART,
    url: proxy.through(system.url),
  }
  const worker = await system.worker(options)
  const before = await system.enqueue('first', { ms: 1 })
  await system.becomes(before, ({ state }) => state === 'succeeded')
  const { session } = await worker.event('started')
  // Runs meanwhile: its ending has to reach the store, too.
  const running = await system.enqueue('first', { ms: 1_500 })
  await worker.event('begin', ({ id }) => id === running)
  proxy.silence()
  const waiting = await system.enqueue('first', { ms: 1 })
  await worker.logged(/this worker is deaf/, 40_000)
  await worker.logged(/the store was opened anew/)
  for (const id of [running, waiting]) {
    const done = await system.becomes(id, ({ state }) => state === 'succeeded', 40_000)
    assert.deepEqual([done.session, done.failures, done.crashes, done.losses], [session, 0, 0, 0])
  }
  worker.kill('SIGTERM')
  assert.equal(await worker.exit(), 0)
}
