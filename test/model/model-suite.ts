// The tests of an engine beside the model: kept programs first, then the one that was asked for, then random ones.
// Owns what a test file of an engine would repeat, and the variables that repeat a failure (WINDLASS_TEST_PROGRAM,
// WINDLASS_TEST_PATH). Leaves opening a store to those files.

import { suite, test } from 'node:test'

import { runProgram, type Bench } from './run.ts'
import { assertSeen, keptPrograms, readProgram, search, seedOf } from './search.ts'

/** How much is searched. */
interface Amount {
  /** Random programs. */
  readonly runs: number
  /** The search ends after so many ms on a slow machine, which is no failure. */
  readonly within: number
  /** A search of so many programs must have seen what matters; one that is too short may not have. */
  readonly sees: boolean
}

export interface ModelSuite {
  /** Name of the engine. */
  readonly engine: string
  readonly bench: Bench
  readonly short: Amount
  /** Random programs of a long run. */
  readonly long: number
  /** Why nothing of this can be tested here. */
  readonly skip?: string | false
}

const WITHIN_LONG = 1_800_000

export function modelSuite({ engine, bench, short, long, skip = false }: ModelSuite): void {
  const asked = process.env['WINDLASS_TEST_PROGRAM']
  const path = process.env['WINDLASS_TEST_PATH']
  const amount =
    process.env['WINDLASS_LONG'] === '1' ? { runs: long, within: WITHIN_LONG, sees: true } : short

  suite(`${engine} beside the model`, { skip }, () => {
    for (const { name, program } of keptPrograms()) {
      test(`kept program ${name}`, () => runProgram(bench, program))
    }

    test('the program that was asked for', { skip: asked === undefined }, () =>
      runProgram(bench, readProgram(asked ?? '')),
    )

    test('random programs', { timeout: 3_600_000 }, async (t) => {
      const { runs, within, sees } = amount
      const seed = seedOf(process.env)
      const seen = await search({
        bench,
        engine,
        seed,
        runs,
        within,
        sees: sees && path === undefined,
        ...(path === undefined ? {} : { path }),
      })
      for (const [what, times] of seen) t.diagnostic(`${what}: ${times}`)
      if (sees && path === undefined) assertSeen(seen)
    })
  })
}
