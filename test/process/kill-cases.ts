// Random kill -9 under load: four processes that produce and work on one store are killed and replaced, round after
// round. Whatever was hit, nothing acknowledged is lost and nothing is settled twice: their ledgers and all they were
// told are judged by the history checker. A run in which no kill hit a running task, or none was rescued, proves nothing
// and fails. Which store it is, is the caller's to say.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import type { NewTask } from '../../src/core/hot-verbs.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { checkHistory, vacuous } from '../../src/testing/history/checker.ts'
import type { Final, History } from '../../src/testing/history/history.ts'
import { timeline } from '../../src/testing/history/timeline.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { CrashLog, historyOf, readLedgers } from './fixtures/crash-log.ts'
import type { Settle } from './store-place.ts'
import { createSystem, type Program, type System } from './worker-system.ts'

const PROGRAM = fileURLToPath(new URL('./fixtures/crash-worker.ts', import.meta.url))
const LONG = process.env['WINDLASS_LONG'] === '1'
const PROCESSES = 4
const given = process.env['WINDLASS_SEED']
const seed = given === undefined ? Math.floor(Math.random() * 2 ** 31) : Number(given)

/** The processes on one store, some of which are about to die. */
class Herd {
  readonly #system: System
  readonly #random: Random
  #living: Program[] = []
  #born = 0
  kills = 0

  constructor(system: System, random: Random) {
    this.#system = system
    this.#random = random
  }

  async fill(): Promise<void> {
    const missing = Array.from({ length: PROCESSES - this.#living.length }, () => {
      const { folder } = this.#system
      const options = { name: `p${++this.#born}`, lease: '5s', seed: this.#random.below(2 ** 31), folder }
      return this.#system.worker(options, false, PROGRAM)
    })
    this.#living.push(...(await Promise.all(missing)))
  }

  /** Kills one or two, each right after some run of it has begun: its handlers and its calls are cut. */
  async round(): Promise<void> {
    await this.fill()
    const victims = Array.from({ length: 1 + this.#random.below(2) }, () => {
      const [victim] = this.#living.splice(this.#random.below(this.#living.length), 1)
      assert.ok(victim)
      return victim
    })
    await Promise.all(victims.map((victim) => this.#kill(victim)))
  }

  async #kill(victim: Program): Promise<void> {
    const after = runsOf(victim) + 1 + this.#random.below(8)
    await victim.hears(() => runsOf(victim) >= after)
    victim.kill('SIGKILL')
    assert.equal(await victim.exit(), 'SIGKILL')
    this.kills++
  }

  /** No more kills and nothing new. */
  async quiet(): Promise<void> {
    for (const program of this.#living) program.kill('SIGUSR2')
    await Promise.all(this.#living.map((program) => program.event('quiet')))
  }

  async stop(): Promise<void> {
    for (const program of this.#living) program.kill('SIGTERM')
    for (const program of this.#living) assert.equal(await program.exit(), 0)
  }
}

const runsOf = (program: Program): number => program.said.filter((line) => line['event'] === 'begin').length

/** Waits until every task has its final state. */
async function drained({ engine }: System): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    const stats = await engine.records.stats(null)
    const open = stats.map(({ counts }) => counts.ready + counts.running + counts.scheduled)
    if (open.every((count) => count === 0)) return
    assert.ok(Date.now() < end, `not drained: ${JSON.stringify(stats)}`)
    await sleep(50)
  }
}

async function finalOf({ engine }: System, ids: readonly string[]): Promise<Final> {
  const tasks: TaskRecord[] = []
  for (let at = 0; at < ids.length; at += 500)
    for (const task of await engine.records.get(ids.slice(at, at + 500))) if (task !== null) tasks.push(task)
  return { now: Date.now(), tasks, stats: await engine.records.stats(null), paused: [] }
}

const asked = (history: Pick<History, 'calls'>, unknown: boolean): NewTask[] =>
  history.calls.flatMap((call) =>
    call.verb === 'enqueue' && (!unknown || call.status === 'unknown') ? call.asked : [],
  )

/** What the ledger alone must say, whatever the store thinks. */
function checkLedger({ runs, calls }: History, final: Final): { cut: number } {
  const starts = runs.filter(({ what }) => what === 'start')
  const ended = new Set(runs.filter(({ what }) => what === 'end').map(({ claim }) => claim))
  const attempts = new Map<string, number>()
  for (const { id, attempt } of starts) {
    assert.ok(attempt > (attempts.get(id) ?? 0), `${id} ran attempt ${attempt} after ${attempts.get(id)}`)
    attempts.set(id, attempt)
  }
  const settled = new Map<string, number>()
  for (const call of calls) {
    if (call.verb !== 'settle') continue
    for (const [i, { id, outcome }] of call.asked.entries())
      if (outcome.to === 'succeeded' && call.told?.[i]?.status === 'applied')
        settled.set(id, (settled.get(id) ?? 0) + 1)
  }
  for (const { id, state, attempt } of final.tasks) {
    assert.equal(state, 'succeeded', `${id} is ${state}`)
    assert.equal(attempts.get(id), attempt, `the last run of ${id}`)
    assert.ok((settled.get(id) ?? 0) <= 1, `${id} was settled ${settled.get(id)} times`)
  }
  return { cut: starts.filter(({ claim }) => !ended.has(claim)).length }
}

export interface KillOptions {
  readonly engine: string
  /** Null: there is no server here. */
  readonly settle: Settle | null
  /**
   * Claims go past rows that another call holds locked at that instant, which order is not promised for (CONTRACT rule
   * 11): here a call of a killed process may have held any.
   */
  readonly locksRows: boolean
  /** Rounds of a short run. */
  readonly rounds: number
}

const LONG_ROUNDS = 20

/** Declares the test for an engine. */
export function runKillCases(options: KillOptions): void {
  const { engine, settle } = options
  const rounds = LONG ? LONG_ROUNDS : options.rounds
  const title = `${engine}: ${rounds} rounds of kill -9 under load lose nothing and settle nothing twice (seed ${seed})`
  if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
  else
    test(title, { timeout: LONG ? 600_000 : 120_000 }, (t) => judgeKills(t, settle, { ...options, rounds }))
}

async function judgeKills(t: TestContext, settle: Settle, { locksRows, rounds }: KillOptions): Promise<void> {
  const system = await createSystem(t, settle)
  const herd = new Herd(system, new Random(seed))
  for (let round = 0; round < rounds; round++) await herd.round()
  await herd.fill()
  await herd.quiet()
  await repeatDoubtful(system)
  await drained(system)
  await herd.stop()

  const lines = readLedgers(system.folder)
  const ids = new Set(asked(historyOf(lines, NOTHING), false).map(({ id }) => id))
  const final = await finalOf(system, [...ids])
  const history = historyOf(lines, final)
  assert.equal(final.tasks.length, ids.size, 'every task that was asked for is there')
  const { cut } = checkLedger(history, final)
  const { violations: all, tally } = checkHistory(history, herd.kills)
  const violations = all.filter(({ says }) => !(locksRows && says.endsWith('left it behind')))
  const [first] = violations
  assert.deepEqual(violations, [], first === undefined ? '' : timeline(history, first.id))
  t.diagnostic(JSON.stringify({ seed, cut, ...tally }))
  assert.ok(cut > 0, 'no kill hit a running task: the run proves nothing')
  const missing = vacuous(tally).filter((why) => !/doubt|stale/.test(why))
  assert.deepEqual(missing, [], 'the run proves nothing')
  await system.place.check()
}

const NOTHING: Final = { now: 0, tasks: [], stats: [], paused: [] }

/** A killed producer does not know what became of its last call; who asks again with the same ids learns it. */
async function repeatDoubtful({ engine, folder }: System): Promise<void> {
  const log = new CrashLog(folder, 'test')
  log.say({ what: 'heal' })
  const doubtful = asked(historyOf(readLedgers(folder), NOTHING), true)
  const repeated = await log.watch(engine).enqueue(doubtful)
  for (const { outcome } of repeated) assert.match(outcome, /^(created|existing)$/)
}
