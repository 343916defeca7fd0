/** Where settings come from: precedence, origins, units, secrets, the seeds' names, and what is refused. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { project } from './folder.ts'
import { loadSettings, settingsOf } from '../../src/config/load.ts'
import type { Settings } from '../../src/config/settings.ts'
import type { Config } from '../../src/config/shape.ts'

/** What `windlass config` shows for a key. */
function origin(settings: Settings, key: string): unknown {
  const found = settings.origins.find((one) => one.key === key)
  return found === undefined ? null : [found.value, found.origin]
}

const NOWHERE = { cwd: '/', env: {} }

test('flags, environment, .env, file, defaults: the first that says it counts', async (t) => {
  const cwd = project(t, {
    'windlass.config.mjs':
      'export default { worker: { count: 4, concurrency: 4, name: "file" }, lease: "40s" }',
    '.env': 'WORKER_COUNT=3\nWORKER_CONCURRENCY=3\nAPI_PORT=9003\n',
  })
  const env = { WORKER_COUNT: '5', API_HOST: '' }
  const settings = await loadSettings({ cwd, env, flags: { 'api.port': 9_001 } })
  const file = join(cwd, 'windlass.config.mjs')
  const dotenv = join(cwd, '.env')
  assert.deepEqual(origin(settings, 'api.port'), [9_001, 'flag'])
  assert.deepEqual(origin(settings, 'worker.count'), [5, 'WORKER_COUNT (environment)'])
  assert.deepEqual(origin(settings, 'worker.concurrency'), [3, `WORKER_CONCURRENCY (${dotenv})`])
  assert.deepEqual(origin(settings, 'worker.name'), ['file', file])
  assert.deepEqual(origin(settings, 'lease'), [40_000, file])
  assert.deepEqual(origin(settings, 'api.host'), ['127.0.0.1', 'default'])
  assert.deepEqual([settings.file, settings.root, settings.worker.count], [file, cwd, 5])
  const unitOf = (key: string): unknown => settings.origins.find((one) => one.key === key)?.unit
  assert.deepEqual(['lease', 'retry.delay', 'worker.count'].map(unitOf), ['ms', 'ms', null])
})

test('.env reaches the environment, and what is set already stays', async (t) => {
  const cwd = project(t, { '.env': 'OPENAI_API_KEY="from file"\nLOG_LEVEL=debug\nQUOTED=\'a # b\' # note\n' })
  const env: NodeJS.ProcessEnv = { LOG_LEVEL: 'WARNING' }
  const settings = await loadSettings({ cwd, env })
  assert.deepEqual(env, { LOG_LEVEL: 'WARNING', OPENAI_API_KEY: 'from file', QUOTED: 'a # b' })
  assert.equal(settings.log.level, 'warn')
})

test('a secret may be handed over as a file, and does not reach the environment', async (t) => {
  const cwd = project(t, { 'keys.txt': 'one,two\n' })
  const env = { API_KEYS_FILE: join(cwd, 'keys.txt'), API_KEYS: '', DATABASE_URL_FILE: '/none' }
  const given = { ...env, DATABASE_URL: 'sqlite:x.db' }
  assert.deepEqual((await loadSettings({ cwd, env: given })).api.keys, ['one', 'two'])
  assert.deepEqual([given.API_KEYS, settingsOf({}, { cwd, env: given }).api.keys.length], ['', 2])
  await assert.rejects(loadSettings({ cwd, env }), {
    code: 'config_invalid',
    message: /DATABASE_URL_FILE: \/none/,
  })
})

test('bare numbers are milliseconds in TypeScript, seconds in the environment and in YAML', async (t) => {
  const yaml = project(t, {
    'windlass.config.yaml': 'lease: 45\nretention: { dead: 3600 }\nretry: { retries: 2, delay: 5 }\n',
  })
  const fromYaml = await loadSettings({ cwd: yaml, env: {} })
  assert.deepEqual([fromYaml.lease, fromYaml.keep.dead], [45_000, 3_600_000])
  assert.deepEqual(fromYaml.retry, { kind: 'fixed', retries: 2, delay: 5_000 })
  assert.equal(settingsOf({ lease: 45_000 }, NOWHERE).lease, 45_000)
  const env = { WORKER_MAX_SHUTDOWN_WAIT: '10', JOB_RETRY_DELAY: '5' }
  assert.equal(settingsOf({}, { ...NOWHERE, env }).worker.drain, 10_000)
  assert.deepEqual(
    settingsOf({}, { ...NOWHERE, env: { WORKER_MAX_SHUTDOWN_WAIT: '500ms' } }).worker.drain,
    500,
  )
})

test('bytes to keep are a size with a unit or a number, and no bound unless said', () => {
  const of = (bytes: unknown) => settingsOf({ retention: { bytes } }, NOWHERE).keepBytes
  assert.equal(settingsOf({}, NOWHERE).keepBytes, null)
  assert.deepEqual(
    ['512MB', '1.5kb', 1_000, '2000'].map((one) => of(one)),
    [512 * 1024 ** 2, 1_536, 1_000, 2_000],
  )
  for (const wrong of ['much', 0, -1, '5 tb'])
    assert.throws(() => of(wrong), { code: 'config_invalid', message: /retention\.bytes/ })
})

test('the seeds’ names: retries, heartbeat, levels, queues, push', () => {
  const of = (env: NodeJS.ProcessEnv, config: Config = {}): Settings =>
    settingsOf(config, { ...NOWHERE, env })
  assert.deepEqual(of({ RQ_JOB_RETRY_MAX: '5', RQ_JOB_RETRY_DELAY: '30' }).retry, {
    kind: 'fixed',
    retries: 5,
    delay: 30_000,
  })
  assert.deepEqual(of({ JOB_RETRY_MAX: '1' }, { retry: { delays: ['1s', '2s'] } }).retry, {
    kind: 'list',
    retries: 1,
    delays: [1_000, 2_000],
  })
  assert.deepEqual(of({ JOB_RETRY_DELAY: '2' }, { retry: { backoff: 'exponential', retries: 9 } }).retry, {
    kind: 'fixed',
    retries: 9,
    delay: 2_000,
  })
  assert.equal(of({ WORKER_HEARTBEAT: '140' }).lease, 420_000)
  assert.equal(of({ WORKER_HEARTBEAT: '5' }, { lease: '60s' }).lease, 15_000)
  assert.deepEqual(of({ WORKER_QUEUES: 'mail, files:3' }).worker.queues, [
    { name: 'mail', weight: 1 },
    { name: 'files', weight: 3 },
  ])
  assert.equal(of({ WORKER_QUEUES: '*' }, { worker: { queues: ['a'] } }).worker.queues, null)
  assert.deepEqual(of({ PUSH_RETRY_DELAYS: '10,30,90', PUSH_TIMEOUT: '30', PUSH_RETRY_MAX: '3' }).push, {
    allowPrivate: [],
    timeout: 30_000,
    retries: 3,
    delays: [10_000, 30_000, 90_000],
  })
  assert.deepEqual(of({ PUSH_ALLOW_PRIVATE: '10.0.0.0/8,::1/128' }).push.allowPrivate, [
    '10.0.0.0/8',
    '::1/128',
  ])
  assert.equal(of({ LOG_LEVEL: 'INFO', WINDLASS_LANG: 'zh' }).lang, 'zh')
})

test('secrets are never shown', () => {
  const env = { API_KEYS: 'k-one,k-two', WINDLASS_ENGINE: 'postgres://ada:s3cret@db/app?password=s3cret' }
  const settings = settingsOf({}, { ...NOWHERE, env })
  assert.deepEqual(settings.api.keys, ['k-one', 'k-two'])
  assert.doesNotMatch(JSON.stringify(settings.origins), /k-one|s3cret/)
  assert.match(JSON.stringify(settings.origins), /ada:\*\*\*@db/)
  assert.throws(
    () => settingsOf({}, { ...NOWHERE, env: { WINDLASS_ENGINE: 'pg://ada:s3cret@db/app' } }),
    (error: Error) => {
      assert.doesNotMatch(error.message, /s3cret/)
      return true
    },
  )
})

const REFUSED: [string, Config, NodeJS.ProcessEnv, RegExp][] = [
  ['an unknown key', { engin: 'memory:' } as Config, {}, /unknown key "engin"; did you mean "engine"\?/],
  [
    'one in a section',
    { worker: { concurency: 5 } } as Config,
    {},
    /worker: unknown key "concurency"; did you mean "concurrency"/,
  ],
  ['a section that is none', { log: 'debug' } as Config, {}, /log is an object/],
  ['a level', {}, { LOG_LEVEL: 'warnnig' }, /LOG_LEVEL .*did you mean "warning"/],
  [
    'a count',
    {},
    { WORKER_COUNT: 'two' },
    /WORKER_COUNT is a whole number from 0 to 1000, not "two" \(environment\)/,
  ],
  ['a lease', { lease: '2h' }, {}, /lease is 1000 to 3600000 ms/],
  ['a duration', {}, { JOB_RETRY_DELAY: 'soon' }, /JOB_RETRY_DELAY/],
  ['a retry policy', { retry: { retrys: 3 } } as Config, {}, /did you mean "retries"/],
  ['tasks', { tasks: [{ name: 'x' }] } as unknown as Config, {}, /task types and globs/],
  ['codecs', { codecs: [{ name: 'x' }] } as unknown as Config, {}, /codecs/],
  ['a language', { lang: 'zh_CN' } as unknown as Config, {}, /lang is zh or en, not "zh_CN"/],
  ['a default task', { defaultTask: 5 } as unknown as Config, {}, /defaultTask/],
]

for (const [what, config, env, message] of REFUSED) {
  test(`refused with its place: ${what}`, () => {
    assert.throws(() => settingsOf(config, { cwd: '/', env }), { code: 'config_invalid', message })
  })
}

test('a level is a known word, not a word that every object knows', () => {
  for (const LOG_LEVEL of ['constructor', '__proto__', 'loud'])
    assert.throws(() => settingsOf({}, { cwd: '/app', env: { LOG_LEVEL } }), { code: 'config_invalid' })
})

test('connections of the pool come from the environment, and from the YAML of older programs', () => {
  const env = { DATABASE_POOL_SIZE: '20', DATABASE_MAX_OVERFLOW: '0', DATABASE_POOL_TIMEOUT: '30' }
  assert.deepEqual(settingsOf({}, { cwd: '/', env }).pool, { size: 20, maxOverflow: 0, timeout: 30_000 })
  const database = { poolSize: 5, poolTimeout: '2s' } as const
  assert.deepEqual(settingsOf({ database }, { cwd: '/', env: {} }).pool, {
    size: 5,
    maxOverflow: null,
    timeout: 2_000,
  })
  assert.throws(() => settingsOf({}, { cwd: '/', env: { DATABASE_POOL_SIZE: '0' } }), /DATABASE_POOL_SIZE is/)
})
