// Random kill -9 under load: four processes that produce and work on one store are killed and replaced, round after
// round. Whatever was hit, nothing acknowledged is lost and nothing is settled twice: their ledgers and all they were
// told are judged by the history checker. A run in which no kill hit a running task, or none was rescued, proves nothing
// and fails. Which store it is, is the caller's to say.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import { vacuous } from '../../src/testing/history/checker.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { endAll, judgeRun } from './crash-verdict.ts'
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

  /** All of them, with new ones for those that were killed. */
  async fill(): Promise<readonly Program[]> {
    const missing = Array.from({ length: PROCESSES - this.#living.length }, () => {
      const { folder } = this.#system
      const options = { name: `p${++this.#born}`, lease: '5s', seed: this.#random.below(2 ** 31), folder }
      return this.#system.worker(options, false, PROGRAM)
    })
    this.#living.push(...(await Promise.all(missing)))
    return this.#living
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
}

const runsOf = (program: Program): number => program.said.filter((line) => line['event'] === 'begin').length

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
  await endAll(system, await herd.fill())
  const verdict = await judgeRun(system, { faults: herd.kills, locksRows })
  t.diagnostic(JSON.stringify({ seed, ...verdict }))
  assert.ok(verdict.cut > 0, 'no kill hit a running task: the run proves nothing')
  const missing = vacuous(verdict).filter((why) => !/doubt|stale/.test(why))
  assert.deepEqual(missing, [], 'the run proves nothing')
}
