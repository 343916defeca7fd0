// The SQLite engine beside the model, on a file in a temp folder: kept programs first, then random ones.

import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'

import { openEngine } from '../../src/engines/open.ts'
import { assertSeen, keptPrograms, readProgram, search, seedOf } from './search.ts'
import { runProgram, type Bench } from './run.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-model-'))
let stores = 0

/** A file for each program, not waiting for the disk; the folder goes when the tests have run. */
const bench: Bench = {
  open: (now) => openEngine(`sqlite:${join(folder, `${++stores}.db`)}?synchronous=normal`, { now }),
  async dispose(engine) {
    await engine.close()
    for (const end of ['', '-wal', '-shm']) rmSync(join(folder, `${stores}.db${end}`), { force: true })
  },
}
const long = process.env['WINDLASS_LONG'] === '1'
const asked = process.env['WINDLASS_TEST_PROGRAM']
const path = process.env['WINDLASS_TEST_PATH']

suite('SQLite engine beside the model', () => {
  after(() => rmSync(folder, { recursive: true, force: true }))

  for (const { name, program } of keptPrograms()) {
    test(`kept program ${name}`, () => runProgram(bench, program))
  }

  test('the program that was asked for', { skip: asked === undefined }, () =>
    runProgram(bench, readProgram(asked ?? '')),
  )

  test('random programs', { timeout: 3_600_000 }, async (t) => {
    const seen = await search({
      bench,
      engine: 'sqlite',
      seed: seedOf(process.env),
      runs: long ? 5_000 : 400,
      within: long ? 1_800_000 : 10_000,
      ...(path === undefined ? {} : { path }),
    })
    for (const [what, times] of seen) t.diagnostic(`${what}: ${times}`)
    if (path === undefined) assertSeen(seen)
  })
})
