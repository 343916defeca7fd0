// All planted bugs against their killers, on a thread of its own: test runners slow promises down.

import { parentPort, workerData } from 'node:worker_threads'

import { CLAIM_MUTANTS } from './claim-mutants.ts'
import { kill } from './killers.ts'
import type { Killer, Mutant } from './mutant.ts'
import { RUNTIME_MUTANTS } from './runtime-mutants.ts'
import { SETTLE_MUTANTS } from './settle-mutants.ts'
import { STORE_MUTANTS } from './store-mutants.ts'

export const MUTANTS: readonly Mutant[] = [
  ...SETTLE_MUTANTS,
  ...CLAIM_MUTANTS,
  ...STORE_MUTANTS,
  ...RUNTIME_MUTANTS,
]

/** What became of one bug under one kind of test. */
export interface Fate {
  readonly mutant: string
  readonly killer: Killer
  /** The test that noticed; null: it lives. */
  readonly by: string | null
}

interface Share {
  readonly first: number
  readonly step: number
  readonly seed: number
}

async function battery({ first, step, seed }: Share): Promise<Fate[]> {
  const fates: Fate[] = []
  for (let i = first; i < MUTANTS.length; i += step) {
    const mutant = MUTANTS[i]
    for (const killer of mutant?.killedBy ?? [])
      if (mutant !== undefined)
        fates.push({ mutant: mutant.name, killer, by: await kill(mutant, killer, seed) })
  }
  return fates
}

if (parentPort !== null) parentPort.postMessage(await battery(workerData as Share))
