/** SIGTERM drains, the second SIGTERM releases; both leave the store in order and no process behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSystem, exists } from './worker-system.ts'

test('SIGTERM lets tasks end, then the worker exits 0 with its session stopped', async (t) => {
  const system = await createSystem(t)
  const program = await system.worker()
  const id = await system.enqueue('first', { ms: 1_500 })
  await program.event('begin')
  program.kill('SIGTERM')
  await program.event('signal')
  const waiting = await system.enqueue('first', { ms: 1 })
  assert.equal(await program.exit(), 0)
  const done = await system.get(id)
  assert.deepEqual([done.state, done.attempt], ['succeeded', 1])
  assert.equal((await system.get(waiting)).state, 'ready', 'nothing more was taken')
  const [session] = await system.engine.records.sessions({ state: 'dead', host: null })
  assert.equal(session?.cause, 'stopped')
  assert.equal(exists(program.pid), false)
})

test('the second SIGTERM hands back what runs, at once and uncharged', async (t) => {
  const system = await createSystem(t)
  const program = await system.worker()
  const id = await system.enqueue('first', { ms: 600_000 })
  await program.event('begin')
  program.kill('SIGTERM')
  await program.event('signal')
  assert.equal((await system.get(id)).state, 'running')
  const askedAt = Date.now()
  program.kill('SIGTERM')
  assert.equal(await program.exit(), 0)
  assert.ok(Date.now() - askedAt < 15_000)
  const back = await system.get(id)
  assert.deepEqual([back.state, back.reason, back.releases], ['ready', 'drained', 1])
  assert.deepEqual([back.failures, back.crashes, back.losses], [0, 0, 0])
})

test('an idle worker ends in well under two seconds', async (t) => {
  const system = await createSystem(t)
  const program = await system.worker()
  const askedAt = Date.now()
  program.kill('SIGTERM')
  assert.equal(await program.exit(), 0)
  assert.ok(Date.now() - askedAt < 6_000)
})
