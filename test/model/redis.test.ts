// The Redis engine beside the model, on a real server, each program in a namespace of its own: kept programs first,
// then random ones.

import { randomBytes } from 'node:crypto'
import { suite, test } from 'node:test'

import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis } from '../../src/engines/redis/redis-engine.ts'
import { assertSeen, keptPrograms, readProgram, search, seedOf } from './search.ts'
import { runProgram, type Bench } from './run.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']
const skip = server === undefined ? 'NOT PROVEN HERE: redis' : false

const bench: Bench = {
  open: (now) => openRedis(`${server}?namespace=m${randomBytes(8).toString('hex')}`, { now }),
  async dispose(engine) {
    await engine.close()
    await dropNamespace(parseRedisAddress(engine.address ?? '', 'windlass'))
  },
}
const long = process.env['WINDLASS_LONG'] === '1'
const asked = process.env['WINDLASS_TEST_PROGRAM']
const path = process.env['WINDLASS_TEST_PATH']

suite('Redis engine beside the model', { skip }, () => {
  for (const { name, program } of keptPrograms()) {
    test(`kept program ${name}`, () => runProgram(bench, program))
  }

  test('the program that was asked for', { skip: asked === undefined }, () =>
    runProgram(bench, readProgram(asked ?? '')),
  )

  test('random programs', { timeout: 3_600_000 }, async (t) => {
    const seen = await search({
      bench,
      engine: 'redis',
      seed: seedOf(process.env),
      runs: long ? 5_000 : 400,
      within: long ? 1_800_000 : 10_000,
      ...(path === undefined ? {} : { path }),
    })
    for (const [what, times] of seen) t.diagnostic(`${what}: ${times}`)
    if (path === undefined) assertSeen(seen)
  })
})
