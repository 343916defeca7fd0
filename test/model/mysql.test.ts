// The MySQL engine beside the model, each program in a namespace of its own: kept programs first, then random ones.

import { suite, test } from 'node:test'

import { openMysql } from '../../src/engines/mysql/mysql-engine.ts'
import { newPlace, SERVER, type Place } from '../engines/mysql-place.ts'
import { runProgram, type Bench } from './run.ts'
import { assertSeen, keptPrograms, readProgram, search, seedOf } from './search.ts'

const places = new WeakMap<object, Place>()

const bench: Bench = {
  open: async (now) => {
    const place = newPlace()
    const engine = await openMysql(place.url, { now })
    places.set(engine, place)
    return engine
  },
  async dispose(engine) {
    await engine.close()
    await places.get(engine)?.drop()
  },
}
const long = process.env['WINDLASS_LONG'] === '1'
const asked = process.env['WINDLASS_TEST_PROGRAM']
const path = process.env['WINDLASS_TEST_PATH']
const skip = SERVER === null ? 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' : false

suite('MySQL engine beside the model', { skip }, () => {
  for (const { name, program } of keptPrograms()) {
    test(`kept program ${name}`, () => runProgram(bench, program))
  }

  test('the program that was asked for', { skip: asked === undefined }, () =>
    runProgram(bench, readProgram(asked ?? '')),
  )

  test('random programs', { timeout: 3_600_000 }, async (t) => {
    const seen = await search({
      bench,
      engine: 'mysql',
      seed: seedOf(process.env),
      runs: long ? 1_000 : 40,
      within: long ? 1_800_000 : 20_000,
      ...(path === undefined ? {} : { path }),
    })
    for (const [what, times] of seen) t.diagnostic(`${what}: ${times}`)
    if (long && path === undefined) assertSeen(seen)
  })
})
