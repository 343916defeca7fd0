/**
 * A process that is stopped inside a transaction of its own holds locks that others need, and tells nobody. The server
 * ends such a transaction after a while: the others go on, and what the stopped one tries afterwards changes nothing
 * that is not its own. A run in which no process stood still inside a transaction proves nothing and fails.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { fileURLToPath } from 'node:url'

import { Random } from '../../src/testing/simulation/random.ts'
import { endAll, judgeRun } from './crash-verdict.ts'
import type { Settle, StorePlace } from './store-place.ts'
import { createSystem, type Program, type System } from './worker-system.ts'

const PROGRAM = fileURLToPath(new URL('./fixtures/crash-worker.ts', import.meta.url))
const seed = Number(process.env['WINDLASS_SEED'] ?? '1')
/** The server's own limit is 10 s. */
const FREED = 15_000

/** Declares the test for an engine whose transactions hold locks; in long runs only, for the server takes its time. */
export function runLockCases(engine: string, settle: Settle | null): void {
  const title = `${engine}: a process that is stopped inside a transaction holds others up for seconds only`
  const skip =
    settle === null ? `NOT PROVEN HERE: ${engine}` : process.env['WINDLASS_LONG'] !== '1' && 'takes long'
  test(title, { skip, timeout: 120_000 }, async (t) => {
    if (settle !== null) await judgeLocks(t, settle)
  })
}

async function judgeLocks(t: TestContext, settle: Settle): Promise<void> {
  const system = await createSystem(t, settle)
  const random = new Random(seed)
  const { folder } = system
  const start = (name: string): Promise<Program> =>
    system.worker({ name, lease: '5s', seed: random.below(2 ** 31), folder }, false, PROGRAM)
  const programs = await Promise.all(['one', 'two', 'three'].map(start))
  const [victim, ...others] = programs
  assert.ok(victim)
  const tries = await stopInside(system, victim, random)
  const stopped = performance.now()
  const ran = (): number => others.reduce((sum, { said }) => sum + said.length, 0)
  while (!(await system.place.isCalm())) {
    assert.ok(performance.now() - stopped < FREED, 'the server does not end the transaction')
    await sleep(100)
  }
  const freed = Math.round(performance.now() - stopped)
  const before = ran()
  await Promise.all(others.map((other) => other.event('begin', (line) => other.said.indexOf(line) >= before)))
  victim.kill('SIGCONT')
  await endAll(system, programs)
  const verdict = await judgeRun(system, { faults: 1, locksRows: true })
  t.diagnostic(JSON.stringify({ seed, tries, freed, ...verdict }))
}

/** Stops it until it stands inside a transaction; the others' are over in a moment. */
async function stopInside({ place }: System, victim: Program, random: Random): Promise<number> {
  for (let tries = 1; tries <= 300; tries++) {
    victim.kill('SIGSTOP')
    if (!(await place.isCalm()) && (await staysInside(place))) return tries
    victim.kill('SIGCONT')
    await sleep(random.below(30))
  }
  return assert.fail('it never stood inside a transaction: the run proves nothing')
}

/** Is somebody inside a transaction each time one looks? */
async function staysInside(place: StorePlace): Promise<boolean> {
  for (let looks = 0; looks < 30; looks++) {
    await sleep(30)
    if (await place.isCalm()) return false
  }
  return true
}
