/**
 * The whole system on a server, with real processes: a worker that is killed under load, a worker that is asked to end,
 * Ctrl-C. Promises that each leaves no process and no connection to the server behind. Which server it is, is the
 * caller's to say.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newTask } from '../../src/testing/samples.ts'
import { FILES } from '../cli/fixtures.ts'
import { Place, type Document, type Running } from '../cli/launch.ts'
import { gone, lives } from './isolation-rig.ts'
import type { Settle, StorePlace } from './store-place.ts'

export const TASKS_ONLY: Readonly<Record<string, string>> = {
  ...FILES,
  'windlass.config.ts':
    "import { defineConfig } from 'windlass'\nexport default defineConfig({ tasks: ['tasks.ts'] })",
}

/** Usually about one second, three on a machine with twenty times its load; without the parent it would be a lease, 30 s. */
const RUNS_AGAIN = 10_000
/** An idle system usually ends in less than two, and in ten under such a load; one that waits for something, in 300. */
const ENDS = 30_000

/** Declares the tests for an engine; `settle` is null where there is no server. */
export function runUpCases(engine: string, settle: Settle | null): void {
  const cases = {
    'the task of a worker that is killed under load runs again at once, and Ctrl-C ends all': judgeKilled,
    'a worker that is asked to end lets its task end, and leaves the rest': judgeDrain,
  }
  for (const [title, judge] of Object.entries(cases))
    if (settle === null) test(`${engine}: ${title}`, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
    else test(`${engine}: ${title}`, { timeout: 60_000 }, (t) => judge(t, settle))
}

async function judgeKilled(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle)
  const up = cli.start(['up', '--json', '--workers', '2'])
  await up.until((one) => events(one, 'all_ready').length > 0)
  const load = new Load(engine)
  const task = newTask({ type: 'slow', queue: 'default', payload: '{"ms":2500}' })
  await engine.enqueue([task])
  const [first] = await up.until((one) => begins(one, task.id).length > 0 && begins(one, task.id))
  await load.ran(100)
  const victim = Number(events(up, 'started').findLast(({ worker }) => worker === first?.['worker'])?.['pid'])
  const killed = performance.now()
  process.kill(victim, 'SIGKILL')
  await up.until((one) => begins(one, task.id).length > 1)
  const took = performance.now() - killed
  assert.ok(took < RUNS_AGAIN, `ran again after ${took} ms`)
  await up.until((one) => events(one, 'ready').length > 2)
  const done = await load.end(task.id)
  assert.deepEqual([done.attempt, done.crashes, done.losses, done.failures], [2, 1, 0, 0])
  const pids = events(up, 'started').map((one) => Number(one['pid']))
  assert.deepEqual(
    pids.filter(lives),
    pids.filter((pid) => pid !== victim),
  )
  const asked = performance.now()
  up.signal('SIGINT')
  const { code, stderr } = await up.ended
  assert.deepEqual([code, stderr], [0, ''])
  const ended = performance.now() - asked
  assert.ok(ended < ENDS, `ended after ${ended} ms`)
  await Promise.all(pids.map((pid) => gone(pid, 1_000)))
  await assertLeft(place, engine)
  t.diagnostic(`ran again after ${Math.round(took)} ms, ended after ${Math.round(ended)} ms`)
}

async function judgeDrain(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle)
  const [runs, waits] = [
    newTask({ type: 'slow', queue: 'default', payload: '{"ms":1000}' }),
    newTask({ type: 'slow', queue: 'default', payload: '{"ms":1}' }),
  ]
  await engine.enqueue([runs])
  const worker = cli.start(['worker', '--json', '-c', '1'])
  await worker.until((one) => one.stderr.includes(`slow begins ${runs.id}`))
  worker.signal('SIGTERM')
  await worker.until((one) => one.stdout.includes('draining'))
  await engine.enqueue([waits])
  const { code } = await worker.ended
  assert.equal(code, 0)
  const states = (await engine.records.get([runs.id, waits.id])).map((task) => [task?.state, task?.attempt])
  assert.deepEqual(states, [
    ['succeeded', 1],
    ['ready', 0],
  ])
  await assertLeft(place, engine)
}

/** A fresh store, the command line on it, and an engine of the test's own. */
export async function settleSystem(t: TestContext, settle: Settle, files = TASKS_ONLY) {
  const place = await settle()
  // Hooks run in the order in which they were made: first what runs is ended, then the store goes.
  const cli = new Place(t, files, { WINDLASS_ENGINE: place.url })
  let engine: Engine | null = null
  t.after(async () => {
    await engine?.close()
    await place.drop()
  })
  engine = await openEngine(place.url)
  await engine.migrate()
  return { place, cli, engine }
}

export function events(running: Running, event: string): Document[] {
  return running.objects.filter((one) => one['event'] === event)
}

/** Where the line was printed that the handler of that task prints at its beginning. */
function begins(up: Running, id: string): Document[] {
  return up.objects.filter((one) => one['message'] === `slow begins ${id}`)
}

/** Nobody of ours is connected any more, and no session is left. */
export async function assertLeft(place: StorePlace, engine: Engine): Promise<void> {
  assert.deepEqual(await engine.records.sessions({ state: 'live', host: null }), [])
  await engine.close()
  // A server takes a moment to see that the other end is gone.
  for (const late = performance.now() + 2_000; ; await sleep(50)) {
    const connections = await place.connections()
    if (connections.length === 0) return
    assert.ok(performance.now() < late, `still connected: ${connections.join(', ')}`)
  }
}

/** A producer that does not rest. */
class Load {
  readonly #engine: Engine
  readonly #producing: Promise<void>
  #over = false

  constructor(engine: Engine) {
    this.#engine = engine
    this.#producing = this.#produce()
  }

  /** Waits until so many of its tasks have run. */
  async ran(count: number): Promise<void> {
    for (const late = performance.now() + 15_000; (await this.#counts()).succeeded < count; await sleep(10))
      assert.ok(performance.now() < late, 'the load does not run')
  }

  /** Nothing new; answers that task when all have run. */
  async end(id: string) {
    this.#over = true
    await this.#producing
    for (const late = performance.now() + 15_000; ; await sleep(20)) {
      const { ready, running, scheduled, dead } = await this.#counts()
      assert.equal(dead, 0)
      if (ready + running + scheduled === 0) break
      assert.ok(performance.now() < late, 'tasks are left')
    }
    const [task] = await this.#engine.records.get([id])
    assert.ok(task)
    return task
  }

  async #produce(): Promise<void> {
    while (!this.#over) {
      await this.#engine.enqueue(
        Array.from({ length: 10 }, () => newTask({ type: 'echo', queue: 'default', payload: '1' })),
      )
      await sleep(20)
    }
  }

  async #counts() {
    const [stats] = await this.#engine.records.stats(['default'])
    assert.ok(stats)
    return stats.counts
  }
}
