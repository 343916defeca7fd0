/** A handler that blocks the event loop for longer than the lease keeps it: the heart beats on a thread of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { defineTask } from '../../src/core/task-type.ts'
import { Worker } from '../../src/worker/worker.ts'
import { createSystem } from './worker-system.ts'

async function keepsItsLease(
  t: { after(run: () => Promise<void>): void },
  lease: string,
  ms: number,
): Promise<void> {
  const system = await createSystem(t)
  const blocked = await system.worker({ lease, concurrency: 1, name: 'blocked' })
  const id = await system.enqueue('block', { ms })
  await blocked.event('begin')
  // Somebody who would declare the death, were there one.
  const judge = await system.worker({ lease, concurrency: 1, queues: ['elsewhere'], name: 'judge' })
  const done = await system.becomes(id, ({ state }) => state !== 'running', ms + 20_000)
  assert.deepEqual([done.state, done.attempt, done.losses, done.crashes], ['succeeded', 1, 0, 0])
  assert.equal(done.result, JSON.stringify({ attempt: 1, pid: blocked.pid }))
  const warnings = (await system.warnings(id)).join()
  assert.match(
    warnings,
    /event loop stood still for \d.* while this ran, blocked by\nat run \(.*worker-program\.ts:\d+\)/,
  )
  assert.equal(
    judge.said.some((line) => /stopped renewing/.test(String(line['message']))),
    false,
  )
}

test('a handler that blocks for three leases keeps its lease', (t) => keepsItsLease(t, '2s', 6_000))

test(
  'a handler that blocks for 60 s keeps its lease of 30 s',
  { skip: process.env['WINDLASS_LONG'] === '1' ? false : 'takes a minute: WINDLASS_LONG=1' },
  (t) => keepsItsLease(t, '30s', 60_000),
)

test('a heart whose thread dies is made again, and the session lives on', async (t) => {
  const system = await createSystem(t)
  const openModule = new URL('./fixtures/dying-heart.ts', import.meta.url).href
  const program = await system.worker({ lease: '2s', openModule })
  await program.logged(/the thread of the heart ended/)
  const id = await system.enqueue('first', { ms: 5_000 })
  const done = await system.becomes(id, ({ state }) => state === 'succeeded')
  assert.deepEqual([done.attempt, done.losses], [1, 0])
})

test('a blocked handler that outlives its deadline loses its session; an embedded worker goes on with a new one', async (t) => {
  const system = await createSystem(t)
  const program = await system.worker({ lease: '2s', grace: '1s', hung: 'abandon', concurrency: 1 })
  const { session } = await program.event('started')
  const once = { retry: { kind: 'fixed', retries: 0, delay: 0 }, timeout: 1_000 } as const
  const id = await system.enqueue('block', { ms: 8_000 }, once)
  await program.event('begin')
  const other = await system.worker({ lease: '2s', queues: ['elsewhere'] })
  const dead = await system.becomes(id, ({ state }) => state === 'dead')
  assert.deepEqual([dead.outcome, dead.reason, dead.failures], ['deadline', 'timeout', 1])
  await program.logged(/a new session was started/)
  assert.equal(other.over, false)
  const after = await system.get(id)
  assert.deepEqual([after.state, after.result, after.session], ['dead', null, session])
  const next = await system.enqueue('block', { ms: 1 })
  await system.becomes(next, ({ state }) => state === 'succeeded')
})

test('a heart that cannot open the store fails the start, with the reason', async (t) => {
  const system = await createSystem(t)
  const openModule = new URL('./fixtures/no-such-module.ts', import.meta.url).href
  const types = [defineTask({ name: 'any', run: () => 1 })]
  const worker = new Worker({ engine: system.engine, types, heart: { openModule } })
  await assert.rejects(worker.start(), { code: 'child_failed', message: /no-such-module/ })
  const sessions = await system.engine.records.sessions({ state: null, host: null })
  assert.deepEqual(sessions, [])
})
