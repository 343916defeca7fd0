// Many seeds on one thread: judges each, sums up, stops at the first that breaks a promise and tells its story.
// Runs as a thread of its own (many-seeds.ts), because the hooks of a test runner make every promise twice as slow.

import { parentPort, workerData } from 'node:worker_threads'

import { addTally, NO_TALLY, type Tally } from '../../src/testing/history/checker.ts'
import { timeline } from '../../src/testing/history/timeline.ts'
import { simulate, type Simulated } from './simulate.ts'

export interface BatchRequest {
  readonly first: number
  readonly step: number
  readonly count: number
  /** Ends the batch early on a slow machine, ms. */
  readonly within: number
}

export interface BatchResult {
  readonly seeds: number
  readonly tally: Tally
  readonly faults: Readonly<Record<string, number>>
  /** Story of the first seed that failed. */
  readonly failure: string | null
}

/** What a seed did wrong, how to run it again, and the life of the first task concerned. */
export function story({ seed, verdict, faults, history }: Simulated): string {
  const lines = verdict.violations.map(({ check, id, says }) => `${check}: ${id}: ${says}`)
  const [first] = verdict.violations
  return [
    `seed ${seed} broke ${lines.length} promises:`,
    ...lines.slice(0, 10),
    `faults: ${JSON.stringify(Object.fromEntries(faults))}`,
    `again: WINDLASS_TEST_SIMULATION=${seed} npm test -- test/simulation`,
    first === undefined ? '' : timeline(history, first.id),
  ].join('\n')
}

/** Judges `count` seeds. */
export async function runBatch({ first, step, count, within }: BatchRequest): Promise<BatchResult> {
  const end = performance.now() + within
  const faults: Record<string, number> = {}
  let tally = NO_TALLY
  let seeds = 0
  for (; seeds < count && performance.now() < end; seeds++) {
    const run = await simulate(first + seeds * step)
    tally = addTally(tally, run.verdict.tally)
    for (const [name, times] of run.faults) faults[name] = (faults[name] ?? 0) + times
    if (run.verdict.violations.length > 0) return { seeds, tally, faults, failure: story(run) }
  }
  return { seeds, tally, faults, failure: null }
}

if (parentPort !== null) parentPort.postMessage(await runBatch(workerData as BatchRequest))
