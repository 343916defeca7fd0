import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readArguments } from './arguments.ts'
import { complain, engineOf, enginesOf, findFooting, tellUnproven, urlsOf, variableOf } from './engines.ts'
import { ServerFailure, type Servers } from './servers/servers.ts'

/** Nothing can be started. */
function failing(missing: boolean): () => Pick<Servers, 'start'> {
  const start = (): Promise<never> => Promise.reject(new ServerFailure('nothing here', missing))
  return () => ({ start })
}

test('a test file belongs to the engine that its name begins with', () => {
  assert.equal(engineOf('test/engines/postgres.test.ts'), 'postgres')
  assert.equal(engineOf('test/servers/redis-connection.test.ts'), 'redis')
  assert.equal(engineOf('test\\model\\mysql.test.ts'), 'mysql')
  assert.equal(engineOf('test/engines/sqlite.test.ts'), null)
  assert.equal(engineOf('src/engines/postgres/rows.test.ts'), null)
  assert.equal(engineOf('src/engines/redis/redistribute.test.ts'), null)
  assert.deepEqual(enginesOf(['a/redis.test.ts', 'b/redis-b.test.ts', 'c.test.ts']), ['redis'])
})

test('words, engines and flags of the command line', () => {
  assert.deepEqual(readArguments(['--engine', 'redis', 'cli', '--long', '--engine=sqlite', '--test-only']), {
    long: true,
    requireAll: false,
    engines: ['redis', 'sqlite'],
    words: ['cli'],
    flags: ['--test-only'],
  })
})

test('an engine that is named and has no test file is an error', () => {
  assert.equal(complain(['sqlite', 'memory', 'redis'], ['redis']), null)
  assert.match(complain(['mysql'], ['redis']) ?? '', /--engine mysql: no test file/)
})

test('a URL that is given is used as it is, and nothing is started', async () => {
  const given = { WINDLASS_TEST_REDIS_URL: 'redis://mine', REDIS_URL: 'redis://live' }
  const footings = await findFooting(['redis'], given, () => true, failing(false))
  assert.deepEqual(urlsOf(footings), { [variableOf('redis')]: 'redis://mine' })
  assert.deepEqual(tellUnproven(footings), [])
})

test("a user's own REDIS_URL and DATABASE_URL are no test servers", async () => {
  const given = { REDIS_URL: 'redis://live', DATABASE_URL: 'postgres://live' }
  const footings = await findFooting(['redis', 'postgres'], given, () => false, failing(true))
  assert.deepEqual(urlsOf(footings), {})
})

test('an engine that is missing is told with its cure, and fails the run only where it must run', async () => {
  for (const must of [false, true]) {
    const footings = await findFooting(['redis'], {}, () => must, failing(true))
    assert.deepEqual(
      footings.map((one) => one.url === null && one.must),
      [must],
    )
    assert.deepEqual(tellUnproven(footings), [
      'NOT PROVEN HERE: redis (missing; mend: apt-get install redis-server, or set WINDLASS_TEST_REDIS_URL; nothing here)',
    ])
  }
})

test('an engine whose server is here and does not start always fails the run', async () => {
  const footings = await findFooting(['redis'], {}, () => false, failing(false))
  assert.deepEqual(
    footings.map((one) => one.url === null && one.must),
    [true],
  )
  assert.match(tellUnproven(footings)[0] ?? '', /does not start/)
})
