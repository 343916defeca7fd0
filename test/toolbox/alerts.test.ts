/** Built-in schedules on a store in memory, in moved time: what is checked, told, kept and seen. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import { WindlassError } from '../../src/core/errors.ts'
import { mintToken } from '../../src/core/ids.ts'
import { writeRollup } from '../../src/core/rollup.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import { ManualClock } from '../../src/testing/clock.ts'
import { newSession, newTask } from '../../src/testing/samples.ts'
import { viewAlerts } from '../../src/toolbox/alert-view.ts'
import { judgeOnce } from './once-case.ts'
import { AlertRig } from './rig.ts'

const MINUTE = 60_000

function open(t: TestContext): { rig: AlertRig; engine: Engine; clock: ManualClock } {
  const clock = new ManualClock()
  const engine = openMemory({ namespace: `alerts-${mintToken()}`, now: clock.now, callTimeout: 5_000 })
  const rig = new AlertRig(clock)
  t.after(async () => {
    await rig.stopAll()
    await engine.close()
  })
  return { rig, engine, clock }
}

test('memory: an alert fires once and is resolved once, over two schedulers and a restart', (t) => {
  const { engine, clock } = open(t)
  return judgeOnce(clock, [engine, engine])
})

test('at the defaults an idle system with a worker is quiet for an hour', async (t) => {
  const { rig, engine } = open(t)
  await engine.startSession([newSession({ lease: 3_600_000 })])
  await rig.start(engine, {}, MINUTE)
  await rig.clock.pass(59 * MINUTE)
  assert.deepEqual(await rig.told(engine), [])
  const { checking, alerts } = await viewAlerts(engine)
  assert.deepEqual([checking, alerts.length, alerts.some(({ firing }) => firing)], ['on', 6, false])
})

test('a worker that is gone is told within two minutes, though it never said good-bye', async (t) => {
  const { rig, engine } = open(t)
  await engine.startSession([newSession({ lease: 30_000 })])
  await rig.start(engine, {}, MINUTE)
  await rig.clock.pass(2.5 * MINUTE)
  assert.deepEqual(rig.lines, ['alert workers fires: 0 live workers, fewer than 1'])
  await engine.startSession([newSession({ lease: 3_600_000 })])
  await rig.clock.pass(2 * MINUTE)
  assert.deepEqual(await rig.told(engine), ['workers fired', 'workers resolved'])
})

test('the success rate is that of the window, whoever reported it', async (t) => {
  const { rig, engine, clock } = open(t)
  await rig.start(engine, { workers: false }, null)
  await engine.journal.append([
    writeRollup('a', clock.now(), { succeeded: 900, dead: 10 }),
    writeRollup('b', clock.now(), { succeeded: 0, dead: 90 }),
  ])
  await rig.clock.pass(2 * MINUTE)
  assert.deepEqual(rig.lines, [
    'alert success_rate fires: 90 % of 1000 tasks that ended within 15 min succeeded, less than 95 %',
  ])
  await rig.clock.pass(16 * MINUTE)
  assert.deepEqual(await rig.told(engine), ['success_rate fired', 'success_rate resolved'])
})

test('the rules of the newest scheduler hold, and what is switched off is resolved', async (t) => {
  const { rig, engine } = open(t)
  await engine.enqueue([newTask()])
  const first = await rig.start(engine, { workers: false, backlog: { above: 0 }, unserved: false })
  await rig.clock.pass(2 * MINUTE)
  assert.deepEqual(await rig.told(engine), ['backlog fired'])
  await rig.start(engine, { workers: false, backlog: false, unserved: false })
  await rig.clock.pass(MINUTE)
  assert.deepEqual(await rig.told(engine), ['backlog fired', 'backlog resolved'])
  await rig.stop(first)
  await rig.start(engine, false)
  assert.deepEqual([(await viewAlerts(engine)).checking, await engine.schedules.list(null)], ['off', []])
})

test('a paused check stays paused, and a check that nobody does is seen', async (t) => {
  const { rig, engine } = open(t)
  const first = await rig.start(engine, { workers: false })
  await rig.clock.pass(MINUTE)
  const seen = async (): Promise<string> => (await viewAlerts(engine)).checking
  assert.equal(await seen(), 'on')
  await rig.stop(first)
  await rig.clock.pass(2 * MINUTE)
  assert.equal(await seen(), 'late')
  const [standing] = await engine.schedules.list(null)
  assert.ok(standing !== undefined)
  await engine.schedules.put([{ ...standing, paused: true }])
  await rig.start(engine, { workers: false })
  await rig.clock.pass(MINUTE)
  assert.equal(await seen(), 'paused')
})

test('a store out of reach is told while it is, once, and written down afterwards', async (t) => {
  const { rig, engine } = open(t)
  let away = false
  const refuse = (): Promise<never> =>
    Promise.reject(new WindlassError('engine_unreachable', 'nobody answers', { applied: 'no' }))
  const due = engine.schedules.due.bind(engine.schedules)
  engine.schedules.due = (limit) => (away ? refuse() : due(limit))
  await rig.start(engine, { workers: false })
  await rig.clock.pass(MINUTE)
  away = true
  await rig.clock.pass(5 * MINUTE)
  assert.equal(rig.lines.length, 1)
  assert.match(rig.lines.join(), /^alert store fires: the store has not answered for 60 s: nobody answers$/)
  away = false
  await rig.clock.pass(MINUTE)
  assert.equal(rig.lines.at(-1), 'alert store is resolved')
  assert.deepEqual(await rig.told(engine), ['store fired', 'store resolved'])
})

test('the upkeep reports tasks that nobody ends, and prunes what is kept too long', async (t) => {
  const { rig, engine, clock } = open(t)
  const old = clock.now() - 31 * 24 * 60 * MINUTE
  await engine.journal.append([{ stream: 'alert', key: 'dead', at: old, body: '{}' }])
  await rig.start(engine, { workers: false, unserved: false }, MINUTE)
  const session = newSession({ lease: 3_600_000 })
  await engine.startSession([session])
  await engine.enqueue([newTask({ timeout: 1_000 })])
  await engine.claim([{ session: session.id, claimId: mintToken(), queues: null, limit: 1 }])
  await rig.clock.pass(5 * MINUTE)
  assert.deepEqual(rig.lines, [
    'alert stuck fires: 1 tasks run although their worker is gone or their time is over',
  ])
  const all = { key: null, from: null, to: null, limit: 10, cursor: null }
  assert.deepEqual((await engine.journal.read({ stream: 'alert', ...all, to: old + 1 })).entries, [])
})
