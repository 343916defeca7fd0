import assert from 'node:assert/strict'
import { test } from 'node:test'
import { chooseSeed, testEnvironment } from './environment.ts'

const wish = { seed: 7, long: false, requireAll: false }

test("nothing of the user's own system reaches a test", () => {
  const outer = {
    DATABASE_URL: 'postgres://live',
    REDIS_URL: 'redis://live',
    RABBITMQ_URL: 'amqp://live',
    WINDLASS_ENGINE: 'postgres://live',
    WINDLASS_CONFIG: '/etc/windlass.yaml',
    API_KEYS: 'secret',
    LOG_LEVEL: 'debug',
    WORKER_COUNT: '64',
    NODE_ENV: 'production',
    NODE_OPTIONS: '--inspect',
    LANG: 'zh_CN.UTF-8',
    LC_ALL: 'zh_CN.UTF-8',
  }
  assert.deepEqual(testEnvironment(outer, wish), { LANG: 'C.UTF-8', WINDLASS_SEED: '7' })
})

test('the machine, npm and the test servers do', () => {
  const outer = {
    PATH: '/bin',
    Path: 'C:\\bin',
    HOME: '/home/a',
    npm_config_registry: 'http://127.0.0.1:9/',
    WINDLASS_TEST_POSTGRES_URL: 'postgres://test',
    WINDLASS_NO_APT: '1',
  }
  const seen = testEnvironment(outer, { ...wish, long: true, requireAll: true })
  const added = { LANG: 'C.UTF-8', WINDLASS_SEED: '7', WINDLASS_LONG: '1', WINDLASS_REQUIRE_ALL: '1' }
  assert.deepEqual(seen, { ...outer, ...added })
})

test('the seed is the one that was asked for, else the same for short runs and any for long ones', () => {
  assert.equal(chooseSeed({ WINDLASS_SEED: '42' }, true), 42)
  assert.equal(chooseSeed({}, false), chooseSeed({ WINDLASS_SEED: '' }, false))
  assert.ok(Number.isSafeInteger(chooseSeed({}, true)))
  assert.throws(() => chooseSeed({ WINDLASS_SEED: 'abc' }, false), /whole number/)
})
