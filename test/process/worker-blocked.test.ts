/** A handler that blocks the event loop for longer than the lease keeps it: the heart beats on a thread of its own. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
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
  assert.match((await system.warnings(id)).join(), /event loop stood still for/)
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
