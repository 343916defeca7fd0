// A server that is killed and comes back, again and again, under two workers and six producers: they resume by themselves,
// and nothing acknowledged is lost or settled twice. All that clients asked and were told is judged by the history
// checker; a run in which no kill hit a running task proves nothing and fails.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { TestServer } from '../../scripts/test/servers/servers.ts'
import { silentLog } from '../../src/base/log.ts'
import type { Engine } from '../../src/core/engine.ts'
import { defineTask } from '../../src/core/task-type.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { openEngine } from '../../src/engines/open.ts'
import { checkHistory, vacuous } from '../../src/testing/history/checker.ts'
import type { Final } from '../../src/testing/history/history.ts'
import { Recorder } from '../../src/testing/history/recorder.ts'
import { timeline } from '../../src/testing/history/timeline.ts'
import { newTask } from '../../src/testing/samples.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { Worker } from '../../src/worker/worker.ts'
import { startOwn, type OwnServer } from './own-server.ts'

const LONG = process.env['WINDLASS_LONG'] === '1'
const ROUNDS = LONG ? 25 : 4
const SEED = Number(process.env['WINDLASS_SEED'] ?? '1')

/** However long the server was away: a worker works again that soon after it is back. */
const RESUMED = 15_000
const CALL_TIMEOUT = 1_000

/** So many that some call is under way whenever the server dies. */
const PRODUCERS = 6

/** A crash of the server costs a task nothing but the run, however often it is hit. */
const CRASH = { crashes: 1_000, losses: 1_000, delays: [0] }

export interface RestartOptions extends OwnServer {
  /**
   * Claims go past rows that another call holds locked at that instant, which order is not promised for (CONTRACT rule
   * 11): here a call that died with the server may have held any.
   */
  readonly locksRows: boolean
  /** What an operator of this kind does each time that the server is back, while everybody works. */
  readonly restarted?: (url: string) => Promise<void>
}

/** Declares the test for a kind of server. */
export function runRestartCases(options: RestartOptions): void {
  const title = `${ROUNDS} times killed and started again under load: nothing lost, nothing settled twice`
  test(`${options.kind}: ${title} (seed ${SEED})`, { timeout: LONG ? 600_000 : 110_000 }, (t) =>
    startOwn(t, options, (server) => judgeRestarts(t, server, options)),
  )
}

async function judgeRestarts(
  t: TestContext,
  server: TestServer,
  { locksRows, restarted }: RestartOptions,
): Promise<void> {
  const random = new Random(SEED)
  const recorder = new Recorder(Date.now, () => performance.now())
  const load = new Load(server.url, recorder, random)
  await load.start(t)
  for (let round = 0; round < ROUNDS; round++) {
    await load.untilStarts(30 + random.below(60), `round ${round}`)
    await server.kill()
    await sleep(random.below(1_500))
    await server.run()
    await restarted?.(server.url)
  }
  await load.untilStarts(1, 'after the last round')
  recorder.heal()
  await load.end()
  const history = recorder.history(await load.finalOf())
  const { violations: all, tally } = checkHistory(history, ROUNDS)
  const violations = all.filter(({ says }) => !(locksRows && says.endsWith('left it behind')))
  const [first] = violations
  assert.deepEqual(violations, [], first === undefined ? '' : timeline(history, first.id))
  const states = history.final.tasks.map(({ state }) => state)
  assert.deepEqual(new Set(states), new Set(['succeeded']))
  assert.equal(states.length, load.ids.length, 'every task that was asked for is there')
  t.diagnostic(JSON.stringify(tally))
  assert.deepEqual(
    vacuous(tally).filter((why) => !/stale|rescued/.test(why)),
    [],
    'the run proves nothing',
  )
}

/** Two workers and some producers on one server. */
class Load {
  readonly ids: string[] = []
  readonly #url: string
  readonly #recorder: Recorder
  readonly #random: Random
  readonly #workers: Worker[] = []
  #engine!: Engine
  #producing: Promise<void> = Promise.resolve()
  #over = false
  #starts = 0

  constructor(url: string, recorder: Recorder, random: Random) {
    this.#url = url
    this.#recorder = recorder
    this.#random = random
  }

  async start(t: TestContext): Promise<void> {
    this.#engine = await this.#open(t, 'producer')
    await this.#engine.migrate()
    for (const name of ['one', 'two']) {
      const engine = await this.#open(t, name)
      const worker = new Worker({
        engine,
        types: [this.#type(name)],
        name,
        concurrency: 20,
        lease: '5s',
        callTimeout: CALL_TIMEOUT,
        log: silentLog,
      })
      this.#workers.push(worker)
      t.after(() => worker.stop({ drain: 0 }))
      await worker.start()
    }
    this.#producing = Promise.all(Array.from({ length: PRODUCERS }, () => this.#produce())).then(
      () => undefined,
    )
  }

  /** Waits until as many more runs have begun. */
  async untilStarts(more: number, when: string): Promise<void> {
    const from = this.#starts
    for (const late = performance.now() + RESUMED; this.#starts < from + more; await sleep(10))
      assert.ok(performance.now() < late, `${when}: no run began within ${RESUMED} ms`)
  }

  /** Nothing new; returns when every task is final and the workers have ended. */
  async end(): Promise<void> {
    this.#over = true
    await this.#producing
    for (const late = performance.now() + 60_000; ; await sleep(50)) {
      const stats = await this.#engine.records.stats(null)
      if (stats.every(({ counts }) => counts.ready + counts.running + counts.scheduled === 0)) break
      assert.ok(performance.now() < late, `not drained: ${JSON.stringify(stats)}`)
    }
    await Promise.all(this.#workers.map((worker) => worker.stop()))
  }

  async finalOf(): Promise<Final> {
    const tasks: TaskRecord[] = []
    for (let at = 0; at < this.ids.length; at += 500)
      for (const task of await this.#engine.records.get(this.ids.slice(at, at + 500)))
        if (task !== null) tasks.push(task)
    return { now: Date.now(), tasks, stats: await this.#engine.records.stats(null), paused: [] }
  }

  async #open(t: TestContext, node: string): Promise<Engine> {
    const engine = await openEngine(this.#url, { callTimeout: CALL_TIMEOUT })
    t.after(() => engine.close())
    return this.#recorder.watch(engine, node)
  }

  #type(node: string) {
    return defineTask({
      name: 'work',
      run: async ({ ms }: { ms: number }, task) => {
        this.#starts++
        this.#recorder.run(node, 'start', task)
        await sleep(ms)
        this.#recorder.run(node, 'end', task)
        return null
      },
    })
  }

  /** As a client does: the same ids again until the answer is known. */
  async #produce(): Promise<void> {
    while (!this.#over) {
      const batch = Array.from({ length: 1 + this.#random.below(4) }, () => {
        const payload = JSON.stringify({ ms: 1 + this.#random.below(100) })
        return newTask({ type: 'work', payload, crash: CRASH })
      })
      this.ids.push(...batch.map(({ id }) => id))
      while (!(await this.#enqueue(batch))) await sleep(50)
      await sleep(this.#random.below(30))
    }
  }

  #enqueue(batch: Parameters<Engine['enqueue']>[0]): Promise<boolean> {
    return this.#engine.enqueue(batch).then(
      () => true,
      () => false,
    )
  }
}
