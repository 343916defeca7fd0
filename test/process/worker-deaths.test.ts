/** Workers that are killed, paused or hung while a neighbour watches: real processes, real signals, one SQLite file. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createSystem, exists } from './worker-system.ts'

test('a killed worker is noticed by its neighbour in about a second', async (t) => {
  const system = await createSystem(t)
  const victim = await system.worker({ name: 'victim' })
  const id = await system.enqueue('first', { ms: 600_000 })
  await victim.event('begin')
  const neighbour = await system.worker({ name: 'neighbour' })
  victim.kill('SIGKILL')
  const killedAt = Date.now()
  await neighbour.event('begin', (line) => line['id'] === id)
  const took = Date.now() - killedAt
  assert.ok(took <= 9_000, `ran again after ${took} ms`)
  const done = await system.becomes(id, ({ state }) => state === 'succeeded')
  assert.deepEqual([done.attempt, done.crashes, done.losses, done.failures], [2, 1, 0, 0])
  assert.match((await system.error(id))?.message ?? '', /the process died .*: worker victim, process \d+ on /)
  const [dead] = await system.engine.records.sessions({ state: 'dead', host: null })
  assert.deepEqual([dead?.name, dead?.cause], ['victim', 'killed'])
  t.diagnostic(`ran again after ${took} ms`)
})

test('a worker that is paused beyond its lease loses its task: rerun elsewhere, the late ending changes nothing', async (t) => {
  const system = await createSystem(t)
  const paused = await system.worker({ lease: '2s', name: 'paused' })
  const id = await system.enqueue('first', { ms: 3_000 })
  await paused.event('begin')
  const other = await system.worker({ lease: '2s', name: 'other' })
  paused.kill('SIGSTOP')
  const rerun = await other.event('begin', (line) => line['id'] === id)
  assert.equal(rerun['attempt'], 2)
  const done = await system.becomes(id, ({ state }) => state === 'succeeded')
  assert.deepEqual([done.attempt, done.losses, done.crashes], [2, 1, 0])
  const lost = await system.error(id)
  assert.equal(lost?.code, 'lease_expired')
  assert.match(lost?.message ?? '', /worker paused, process \d+ on .*, lives on but was paused/)

  paused.kill('SIGCONT')
  await paused.logged(/the session is dead|came too late/)
  await paused.logged(/a new session was started/)
  const after = await system.get(id)
  assert.deepEqual([after.state, after.attempt, after.result], ['succeeded', 2, done.result])
  const next = await system.enqueue('block', { ms: 1 })
  await system.becomes(next, ({ state }) => state === 'succeeded')
  paused.kill('SIGTERM')
  assert.equal(await paused.exit(), 0)
})

test('a hung handler ends its worker and all that worker started; only the culprit is charged', async (t) => {
  const system = await createSystem(t)
  const options = { lease: '2s', grace: '1s', hung: 'kill', concurrency: 2 }
  const hung = await system.worker({ ...options, name: 'hung' }, true)
  const innocent = await system.enqueue('first', { ms: 600_000 })
  await hung.event('begin')
  const guilty = await system.enqueue(
    'hang',
    {},
    { timeout: 1_000, retry: { kind: 'fixed', retries: 0, delay: 0 } },
  )
  const { child } = await hung.event('begin', (line) => line['id'] === guilty)
  const other = await system.worker({ lease: '2s', name: 'other' })
  assert.equal(await hung.exit(), 'SIGKILL')
  await other.event('begin', (line) => line['id'] === innocent)
  const dead = await system.becomes(guilty, ({ state }) => state === 'dead')
  assert.deepEqual([dead.reason, dead.outcome, dead.failures, dead.crashes], ['timeout', 'deadline', 1, 0])
  const [attempts] = await system.engine.journal.attempts([innocent])
  assert.deepEqual([attempts?.[0]?.outcome, attempts?.[0]?.reason], ['release', 'bystander'])
  const spared = await system.becomes(innocent, ({ state }) => state === 'succeeded')
  assert.deepEqual([spared.failures, spared.crashes, spared.losses, spared.releases], [0, 0, 0, 1])
  const orphan = Number(child)
  for (const end = Date.now() + 5_000; exists(orphan) && Date.now() < end;)
    await new Promise((resolve) => setTimeout(resolve, 20))
  assert.equal(exists(orphan), false, 'the process that the handler had started is gone too')
})

test('a cancel from another process reaches a running handler within a second', async (t) => {
  const system = await createSystem(t)
  const program = await system.worker()
  const id = await system.enqueue('first', { ms: 600_000 })
  await program.event('begin')
  const askedAt = Date.now()
  await system.engine.records.act([{ verb: 'cancel', id }])
  const abort = await program.event('abort')
  const took = Date.now() - askedAt
  assert.equal(abort['code'], 'cancelled')
  assert.ok(took < 3_000, `took ${took} ms`)
  t.diagnostic(`took ${took} ms`)
})
