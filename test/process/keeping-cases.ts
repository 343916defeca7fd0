/**
 * The worker manager on a store, with real processes and real signals: a supervisor that is killed while tasks run and
 * the one that comes after it, a rolling restart under load, a worker that is stopped for longer than its lease.
 * Promises that nothing is lost, charged or left behind. Which store it is, is the caller's to say.
 */
import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { askSupervisor } from '../../src/supervisor/ask.ts'
import type { ControlRequest, WorkerFacts } from '../../src/supervisor/control.ts'
import { placeOf } from '../../src/supervisor/place.ts'
import { newTask } from '../../src/testing/samples.ts'
import type { Place } from '../cli/launch.ts'
import { gone, lives } from './isolation-rig.ts'
import type { Settle, StorePlace } from './store-place.ts'
import { assertLeft, events, Load, settleSystem, TASKS_ONLY } from './up-cases.ts'

/** Usually about one second, more on a machine with much else to do; the lease would be 30 s. */
const RUNS_AGAIN = 10_000

export interface KeepingOptions {
  /** Tasks that must have run while the workers are renewed. */
  readonly tasks: number
}

/** Declares the tests for an engine; `settle` is null where there is no server. */
export function runKeepingCases(
  engine: string,
  settle: Settle | null,
  options: KeepingOptions = { tasks: 100 },
): void {
  const cases = {
    'workers of a killed supervisor go on, the next one takes them in and sees them die':
      judgeKilledSupervisor,
    'a rolling restart under load loses nothing and charges nothing': judgeRestart,
    'a worker that is stopped for longer than its lease goes on under the same supervisor': judgePaused,
  }
  // They wait most of their time, and each has a store of its own.
  suite(`${engine}: the worker manager`, { concurrency: true }, () => {
    for (const [title, judge] of Object.entries(cases))
      if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
      else test(title, { timeout: 90_000 }, (t) => judge(t, settle, options))
  })
}

async function judgeKilledSupervisor(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle)
  const first = await startWorkers(cli, 2)
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
  const next = await startWorkers(cli, 2)
  assert.deepEqual([events(next, 'adopted').length, events(next, 'started').length], [2, 0])
  const workers = await ask(cli, { verb: 'status' })
  assert.deepEqual(
    workers.map(({ pid, adopted, state }) => [pid, adopted, state]),
    pids.map((pid) => [pid, true, 'running']),
  )
  await judgeRescue(t, engine, cli)
  await endOrderly(next, [...pids, ...events(next, 'started').map((one) => Number(one['pid']))])
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

async function judgeRestart(t: TestContext, settle: Settle, { tasks }: KeepingOptions): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle)
  const up = await startWorkers(cli, 2)
  const load = new Load(engine)
  const long = slowTask(1_000)
  await engine.enqueue([long])
  await load.ran(tasks)
  const before = new Set((await ask(cli, { verb: 'status' })).map(({ pid }) => pid))
  const began = performance.now()
  const after = await ask(cli, { verb: 'restart', count: null })
  t.diagnostic(`two workers were renewed in ${Math.round(performance.now() - began)} ms`)
  assert.deepEqual(
    after.map(({ name, state, pid }) => [name, state, before.has(pid)]),
    [
      ['worker-1', 'running', false],
      ['worker-2', 'running', false],
    ],
  )
  await load.ran(2 * tasks)
  const done = await load.end(long.id)
  assert.deepEqual([done.attempt, done.crashes, done.losses, done.failures], [1, 0, 0, 0])
  await assertNothingCharged(engine)
  await endOrderly(
    up,
    events(up, 'started').map((one) => Number(one['pid'])),
  )
  await assertLeft(place, engine)
}

async function judgePaused(t: TestContext, settle: Settle): Promise<void> {
  const files = { ...TASKS_ONLY }
  files['windlass.config.ts'] =
    "import { defineConfig } from 'windlass'\nexport default defineConfig({ tasks: ['tasks.ts'], lease: '1s' })"
  const { place, cli, engine } = await settleSystem(t, settle, files)
  const up = await startWorkers(cli, 2)
  const task = slowTask(1_500)
  await engine.enqueue([task])
  const { session } = await becomes(engine, task.id, ({ state }) => state === 'running')
  const paused = (await ask(cli, { verb: 'status' })).find((one) => one.session === session)
  await stopBetweenCommits(place, paused?.pid ?? 0)
  const elsewhere = await becomes(engine, task.id, ({ attempt }) => attempt === 2)
  assert.deepEqual([elsewhere.crashes, elsewhere.losses], [0, 1])
  process.kill(paused?.pid ?? 0, 'SIGCONT')
  await becomes(engine, task.id, ({ state }) => state === 'succeeded')
  // It drew another session, the supervisor knows of it, and took nothing for a death.
  const again = await until(async () =>
    (await ask(cli, { verb: 'status' })).find((one) => one.pid === paused?.pid && one.session !== session),
  )
  assert.deepEqual([again.name, again.restarts, events(up, 'ended').length], [paused?.name, 0, 0])
  process.kill(again.pid ?? 0, 'SIGKILL')
  await up.until((one) => events(one, 'reported').some((event) => event['session'] === again.session))
  await endOrderly(
    up,
    events(up, 'started').map((one) => Number(one['pid'])),
  )
  await assertLeft(place, engine)
}

/** A process that is stopped inside a transaction keeps its locks, and then others have to wait: not here. */
async function stopBetweenCommits(place: StorePlace, pid: number): Promise<void> {
  for (let tries = 0; ; tries++) {
    process.kill(pid, 'SIGSTOP')
    if (await place.isCalm()) return
    assert.ok(tries < 20, 'stopped inside a transaction, again and again')
    process.kill(pid, 'SIGCONT')
  }
}

async function startWorkers(cli: Place, count: number) {
  const up = cli.start(['start', '--json', '-c', String(count)])
  await up.until((one) => events(one, 'all_ready').length > 0)
  return up
}

async function endOrderly(up: Awaited<ReturnType<typeof startWorkers>>, pids: number[]): Promise<void> {
  up.signal('SIGTERM')
  const { code, stderr } = await up.ended
  assert.deepEqual([code, stderr], [0, ''])
  await Promise.all(pids.map((pid) => gone(pid)))
}

async function ask(cli: Place, request: ControlRequest): Promise<readonly WorkerFacts[]> {
  return (await askSupervisor(placeOf(cli.folder), request)).workers
}

function slowTask(ms: number) {
  return newTask({ type: 'slow', queue: 'default', payload: JSON.stringify({ ms }) })
}

async function assertNothingCharged(engine: Engine): Promise<void> {
  const [stats] = await engine.records.stats(['default'])
  assert.deepEqual([stats?.counts.dead, stats?.counts.cancelled], [0, 0])
}

function becomes(engine: Engine, id: string, is: (task: TaskRecord) => boolean): Promise<TaskRecord> {
  return until(async () => {
    const [task] = await engine.records.get([id])
    return task !== null && task !== undefined && is(task) ? task : undefined
  })
}

async function until<T>(find: () => Promise<T | undefined>): Promise<T> {
  for (const late = performance.now() + 20_000; ; await sleep(20)) {
    const found = await find()
    if (found !== undefined) return found
    assert.ok(performance.now() < late, 'it did not come')
  }
}
