// The memory engine beside the model: kept programs first, then random ones.

import { suite, test } from 'node:test'

import { openMemory } from '../../src/engines/memory/engine.ts'
import { assertSeen, keptPrograms, readProgram, search, seedOf } from './search.ts'
import { runProgram, type Bench } from './run.ts'

const bench: Bench = {
  open: (now) => Promise.resolve(openMemory({ now })),
  dispose: (engine) => engine.close(),
}
const long = process.env['WINDLASS_LONG'] === '1'
const asked = process.env['WINDLASS_TEST_PROGRAM']
const path = process.env['WINDLASS_TEST_PATH']

suite('memory engine beside the model', () => {
  for (const { name, program } of keptPrograms()) {
    test(`kept program ${name}`, () => runProgram(bench, program))
  }

  test('the program that was asked for', { skip: asked === undefined }, () =>
    runProgram(bench, readProgram(asked ?? '')),
  )

  test('random programs', { timeout: 3_600_000 }, async (t) => {
    const seen = await search({
      bench,
      engine: 'memory',
      seed: seedOf(process.env),
      runs: long ? 20_000 : 1_500,
      within: long ? 1_800_000 : 8_000,
      ...(path === undefined ? {} : { path }),
    })
    for (const [what, times] of seen) t.diagnostic(`${what}: ${times}`)
    if (path === undefined) assertSeen(seen)
  })
})
