/**
 * The worker manager on a store, with real processes and real signals: a supervisor that is killed while tasks run and
 * the one that comes after it, a worker that is stopped for longer than its lease. Promises that nothing is lost,
 * charged or left behind. Which store it is, is the caller's to say; fleets under load are in fleet-cases.ts.
 */
import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import { newTask } from '../../src/testing/samples.ts'
import type { Place } from '../cli/launch.ts'
import { ask, becomes, endFleet, startFleet, stopBetweenCommits, until } from './fleet.ts'
import { fleetFiles } from './fleet-load.ts'
import { lives } from './isolation-rig.ts'
import type { Settle } from './store-place.ts'
import { assertLeft, events, settleSystem } from './up-cases.ts'

/** Usually about one second, more on a machine with much else to do; the lease would be 30 s. */
const RUNS_AGAIN = 10_000

/** Declares the tests for an engine; `settle` is null where there is no server. */
export function runKeepingCases(engine: string, settle: Settle | null): void {
  const cases = {
    'workers of a killed supervisor go on, the next one takes them in and sees them die':
      judgeKilledSupervisor,
    'a worker that is stopped for longer than its lease ends its task too late, and goes on under the same supervisor':
      judgePaused,
  }
  // They wait most of their time, and each has a store of its own.
  suite(`${engine}: the worker manager`, { concurrency: true }, () => {
    for (const [title, judge] of Object.entries(cases))
      if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
      else test(title, { timeout: 90_000 }, (t) => judge(t, settle))
  })
}

async function judgeKilledSupervisor(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle)
  const first = await startFleet(cli, 2)
  const pids = events(first, 'started').map((one) => Number(one['pid']))
  const endAll = (): void => pids.filter(lives).forEach((pid) => process.kill(-pid, 'SIGKILL'))
  t.after(endAll)
  const before = slowTask(1_500)
  await engine.enqueue([before])
  await becomes(engine, before.id, ({ state }) => state === 'running')
  first.signal('SIGKILL')
  await first.ended
  assert.deepEqual(pids.filter(lives), pids)
  // Nobody watches them, and they work: what ran, and what comes meanwhile.
  const meanwhile = slowTask(1)
  await engine.enqueue([meanwhile])
  for (const { id } of [before, meanwhile]) {
    const { attempt, crashes, losses } = await becomes(engine, id, ({ state }) => state === 'succeeded')
    assert.deepEqual([attempt, crashes, losses], [1, 0, 0])
  }
  const next = await startFleet(cli, 2)
  assert.deepEqual([events(next, 'adopted').length, events(next, 'started').length], [2, 0])
  const workers = await ask(cli, { verb: 'status' })
  assert.deepEqual(
    workers.map(({ pid, adopted, state }) => [pid, adopted, state]),
    pids.map((pid) => [pid, true, 'running']),
  )
  await judgeRescue(t, engine, cli)
  await endFleet(next)
  await assertLeft(place, engine)
}

/** A worker that nobody here started is killed: its task runs again at once all the same. */
async function judgeRescue(t: TestContext, engine: Engine, cli: Place): Promise<void> {
  const task = slowTask(1_500)
  await engine.enqueue([task])
  const { session } = await becomes(engine, task.id, ({ state }) => state === 'running')
  const victim = (await ask(cli, { verb: 'status' })).find((one) => one.session === session)?.pid ?? 0
  const killed = performance.now()
  process.kill(victim, 'SIGKILL')
  await becomes(engine, task.id, ({ attempt }) => attempt === 2)
  const took = performance.now() - killed
  assert.ok(took < RUNS_AGAIN, `ran again after ${took} ms`)
  t.diagnostic(`the task of an adopted worker ran again after ${Math.round(took)} ms`)
  const { crashes, losses } = await becomes(engine, task.id, ({ state }) => state === 'succeeded')
  assert.deepEqual([crashes, losses], [1, 0])
}

async function judgePaused(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle, fleetFiles('1s'))
  const up = await startFleet(cli, 2)
  const goOn = join(cli.folder, 'go-on')
  const task = newTask({ type: 'waits', queue: 'default', payload: JSON.stringify({ until: goOn }) })
  await engine.enqueue([task])
  const { session } = await becomes(engine, task.id, ({ state }) => state === 'running')
  const paused = (await ask(cli, { verb: 'status' })).find((one) => one.session === session)
  await stopBetweenCommits(place, paused?.pid ?? 0)
  const elsewhere = await becomes(engine, task.id, ({ state }) => state === 'succeeded')
  assert.deepEqual([elsewhere.attempt, elsewhere.crashes, elsewhere.losses], [2, 0, 1])
  // Its thread is busy until then, so its ending is the first thing that happens when it goes on.
  writeFileSync(goOn, '')
  process.kill(paused?.pid ?? 0, 'SIGCONT')
  await up.until((one) => one.stdout.includes('came too late'))
  assert.deepEqual(await engine.records.get([task.id]), [elsewhere], 'nothing of the first run is left')
  const [attempts] = await engine.journal.attempts([task.id])
  assert.deepEqual(
    attempts?.map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, 'loss'],
      [2, 'succeed'],
    ],
  )
  // It drew another session, the supervisor knows of it, and took nothing for a death.
  const again = await until(async () =>
    (await ask(cli, { verb: 'status' })).find((one) => one.pid === paused?.pid && one.session !== session),
  )
  assert.deepEqual([again.name, again.restarts, events(up, 'ended').length], [paused?.name, 0, 0])
  process.kill(again.pid ?? 0, 'SIGKILL')
  await up.until((one) => events(one, 'reported').some((event) => event['session'] === again.session))
  await endFleet(up)
  await assertLeft(place, engine)
}

function slowTask(ms: number) {
  return newTask({ type: 'slow', queue: 'default', payload: JSON.stringify({ ms }) })
}
