// Runs a planted bug against the tests that are to notice it, and names the one that does.
// Each kind stops at the first that notices; none does: null, the bug lives.

import { MemoryStore } from '../../src/engines/memory/store.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import type { Engine } from '../../src/core/engine.ts'
import { conformance } from '../../src/testing/conformance/suite.ts'
import { Random } from '../../src/testing/simulation/random.ts'
import { samplePrograms } from '../model/program.ts'
import { runProgram } from '../model/run.ts'
import { simulate } from '../simulation/simulate.ts'
import type { Killer, Mutant } from './mutant.ts'

const PROGRAMS = 1_500
const SEEDS = 600

/** The name of the test that noticed, or null. */
export async function kill(mutant: Mutant, killer: Killer, seed: number): Promise<string | null> {
  switch (killer) {
    case 'conformance':
      return killByConformance(mutant)
    case 'model':
      return killByModel(mutant, seed)
    case 'simulation':
      return killBySimulation(mutant, seed)
  }
}

function open(
  mutant: Mutant,
  now: () => number,
  changesKept?: number,
): { engine: Engine; store: MemoryStore } {
  const store = new MemoryStore(changesKept === undefined ? {} : { changesKept })
  const engine = openMemory({ now }, store)
  const opened = { engine, store, now, pause: () => Promise.resolve() }
  return { engine: mutant.plant.engine?.(opened) ?? engine, store }
}

async function killByConformance(mutant: Mutant): Promise<string | null> {
  const cases = conformance({
    name: 'mutant',
    cannot: { reopen: 'one connection', spawnMigrators: 'one process', makeNewer: 'one version' },
    open: async ({ now, changesKept }) => {
      const { engine, store } = open(mutant, now, changesKept)
      return {
        engine,
        forgetSession: async (session) => void store.sessions.delete(session),
        destroy: () => engine.close(),
      }
    },
  })
  for (const one of cases) {
    if (one.skip !== undefined) continue
    const failed = await one.run().then(
      () => false,
      () => true,
    )
    if (failed) return `conformance: ${one.topic}: ${one.name}`
  }
  return null
}

async function killByModel(mutant: Mutant, seed: number): Promise<string | null> {
  const bench = {
    open: (now: () => number) => Promise.resolve(open(mutant, now).engine),
    dispose: (engine: Engine) => engine.close(),
  }
  for (const [i, program] of samplePrograms(seed, PROGRAMS)) {
    try {
      await runProgram(bench, program)
    } catch (error) {
      const what = /(.*): engine \(actual\)/.exec(error instanceof Error ? error.message : '')?.[1]
      return `model: program ${i + 1}, ${what ?? 'it threw'}`
    }
  }
  return null
}

async function killBySimulation(mutant: Mutant, seed: number): Promise<string | null> {
  const random = new Random(seed)
  for (let i = 0; i < SEEDS; i++) {
    try {
      const { verdict } = await simulate(random.below(2 ** 30), mutant.plant)
      const [first] = verdict.violations
      if (first !== undefined) return `simulation: seed ${i + 1}, ${first.check}`
    } catch (error) {
      return `simulation: seed ${i + 1}, ${error instanceof Error ? error.message : String(error)}`
    }
  }
  return null
}
