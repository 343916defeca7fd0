/** Which engine is used: the order, the spellings, and what is said about it. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { project } from './folder.ts'
import { loadSettings, settingsOf } from '../../src/config/load.ts'
import { parseSqliteAddress } from '../../src/engines/sqlite/address.ts'
import type { Config } from '../../src/config/shape.ts'

const MYSQL = 'mysql+aiomysql://root:pw@db:3306/idp_platform'

const ORDER: [
  string,
  Record<string, string>,
  Config,
  Partial<Record<'url' | 'store' | 'seed', string | null>>,
][] = [
  ['nothing said', {}, {}, { url: 'sqlite:/app/.windlass/windlass.db', seed: null }],
  ['the config', {}, { engine: 'memory:' }, { url: 'memory:' }],
  [
    'WINDLASS_ENGINE before the config',
    { WINDLASS_ENGINE: 'memory:' },
    { engine: 'sqlite:x.db' },
    { url: 'memory:' },
  ],
  [
    'the config before the seeds',
    { REDIS_URL: 'redis://r' },
    { engine: 'memory:' },
    { url: 'memory:', seed: null },
  ],
  [
    'DATABASE_URL',
    { DATABASE_URL: MYSQL },
    {},
    { url: 'mysql://root:pw@db:3306/idp_platform', seed: 'DATABASE_URL' },
  ],
  [
    'REDIS_URL before it',
    { DATABASE_URL: MYSQL, REDIS_URL: 'redis://r:6379/0' },
    {},
    { url: 'redis://r:6379/0', seed: 'REDIS_URL' },
  ],
  [
    'RABBITMQ_URL first, with DATABASE_URL as its store',
    {
      RABBITMQ_URL: 'amqp://guest:guest@mq:5672/',
      DATABASE_URL: 'postgresql+asyncpg://u:p@pg/db',
      REDIS_URL: 'redis://r',
    },
    {},
    { url: 'amqp://guest:guest@mq:5672/', store: 'postgres://u:p@pg/db', seed: 'RABBITMQ_URL' },
  ],
  ['RABBITMQ_URL alone', { RABBITMQ_URL: 'amqps://mq' }, {}, { store: 'sqlite:/app/.windlass/windlass.db' }],
  [
    'a store that is said',
    { WINDLASS_STORE: 'sqlite:s.db' },
    { engine: 'amqp://mq' },
    { url: 'amqp://mq', store: 'sqlite:/app/s.db' },
  ],
  [
    'REDIS_PASSWORD',
    { REDIS_URL: 'redis://r:6379/0', REDIS_PASSWORD: 'p@ss' },
    {},
    { url: 'redis://:p%40ss@r:6379/0' },
  ],
  [
    'REDIS_HOST and its kin',
    { REDIS_HOST: 'r', REDIS_PORT: '6380', REDIS_DB: '2' },
    {},
    { url: 'redis://r:6380/2', seed: 'REDIS_HOST' },
  ],
]

for (const [what, env, config, expected] of ORDER) {
  test(`engine: ${what}`, () => {
    const { engine, notes } = settingsOf(config, { cwd: '/app', env })
    assert.deepEqual({ ...engine, ...expected }, engine)
    assert.equal(
      notes.some((note) => note.includes('chosen by')),
      engine.seed !== null,
    )
  })
}

const SPELLINGS: [string, string][] = [
  ['sqlite:data/w.db', 'sqlite:/app/data/w.db'],
  ['sqlite:./w.db?namespace=x', 'sqlite:/app/w.db?namespace=x'],
  ['sqlite:/abs/w.db', 'sqlite:/abs/w.db'],
  ['sqlite:///abs/w.db', 'sqlite:/abs/w.db'],
  ['sqlite+aiosqlite:///rel.db', 'sqlite:/app/rel.db'],
  ['sqlite+aiosqlite:////abs.db', 'sqlite:/abs.db'],
  ['sqlite::memory:', 'sqlite::memory:'],
  ['sqlite://', 'sqlite::memory:'],
  ['POSTGRESQL+psycopg2://u@h/db', 'postgres://u@h/db'],
  ['mariadb+pymysql://u@h/db', 'mariadb://u@h/db'],
  ['rediss://h', 'rediss://h'],
  ['valkey://h/1?namespace=a', 'valkey://h/1?namespace=a'],
  ['memory:', 'memory:'],
]

for (const [given, url] of SPELLINGS) {
  test(`spelling: ${given}`, () => {
    assert.equal(settingsOf({ engine: given }, { cwd: '/app', env: {} }).engine.url, url)
  })
}

test('DATABASE_URL has paths as Python programs mean them', () => {
  const of = (DATABASE_URL: string): string =>
    settingsOf({}, { cwd: '/app', env: { DATABASE_URL } }).engine.url
  assert.equal(of('sqlite:///./app.db'), 'sqlite:/app/app.db')
  assert.equal(of('sqlite:////var/app.db'), 'sqlite:/var/app.db')
})

test('what is no engine URL is refused with those that are', () => {
  for (const engine of ['mongodb://h', 'postgres', 'redis:', '/var/w.db']) {
    assert.throws(() => settingsOf({ engine }, { cwd: '/app', env: {} }), { code: 'engine_url_invalid' })
  }
})

test('paths start from the folder of the config, wherever the process stands', async (t) => {
  const cwd = project(t, {
    'windlass.config.ts':
      "import { defineConfig } from 'windlass'\nexport default defineConfig({ engine: 'sqlite:w.db' })",
    'deep/er/.keep': '',
  })
  const settings = await loadSettings({ cwd: join(cwd, 'deep/er'), env: {} })
  assert.equal(settings.engine.url, `sqlite:${join(cwd, 'w.db')}`)
  const module = (await import(join(cwd, 'windlass.config.ts'))) as { default: Config }
  assert.equal(
    settingsOf({ ...module.default }, { cwd: '/', env: {} }).engine.url,
    `sqlite:${join(cwd, 'w.db')}`,
  )
})

test('a folder whose name looks like a query or an escape is still that folder', () => {
  const { engine } = settingsOf(
    { engine: 'sqlite:w.db?synchronous=normal' },
    { cwd: '/a?b#c/50%3F', env: {} },
  )
  assert.deepEqual(parseSqliteAddress(engine.url, 'windlass'), {
    path: '/a?b#c/50%3F/w.db',
    synchronous: 'normal',
    namespace: 'windlass',
  })
})

test('a store without a broker is told to be of no use', () => {
  const { notes } = settingsOf({ engine: 'memory:', store: 'sqlite:x.db' }, { cwd: '/app', env: {} })
  assert.match(notes.join(), /`store` is not used/)
})
