/** Config files: which one is found, what YAML may say, what goes wrong and how it is told. */
import assert from 'node:assert/strict'
import { join } from 'node:path'
import { test } from 'node:test'

import { project } from './folder.ts'
import { loadSettings } from '../../src/config/load.ts'

const module = (name: string): string => `export default { worker: { name: '${name}' } }`

test('--config, WINDLASS_CONFIG, then the nearest here or above', async (t) => {
  const cwd = project(t, {
    'windlass.config.js': module('above'),
    'package.json': '{"type":"module"}',
    'app/windlass.config.mjs': module('near'),
    'app/src/.keep': '',
    'other/mine.mjs': module('named'),
  })
  const name = async (options: object): Promise<string | null> =>
    (await loadSettings({ env: {}, ...options })).worker.name
  assert.equal(await name({ cwd }), 'above')
  assert.equal(await name({ cwd: join(cwd, 'app/src') }), 'near')
  assert.equal(
    await name({ cwd: join(cwd, 'app/src'), env: { WINDLASS_CONFIG: '../../other/mine.mjs' } }),
    'named',
  )
  assert.equal(await name({ cwd, env: { WINDLASS_CONFIG: 'nowhere.ts' }, config: 'other/mine.mjs' }), 'named')
  await assert.rejects(name({ cwd, config: 'nowhere.ts' }), {
    code: 'config_not_found',
    message: /nowhere\.ts/,
  })
  await assert.rejects(name({ cwd, env: { WINDLASS_CONFIG: 'nowhere.ts' } }), { code: 'config_not_found' })
})

test('YAML per environment, as the seeds have it', async (t) => {
  const cwd = project(t, {
    'config/development.yaml':
      'redis:\n  url: redis://localhost:6379/0\n  pool: 10\nworker:\n  max_shutdown_wait: 300\nmodels:\n  - whisper\napp: { name: x }\n',
    'config/production.yaml': 'redis: { host: cache, port: 6380 }\nworker: { name: prod }\n',
    'src/.keep': '',
  })
  const development = await loadSettings({ cwd: join(cwd, 'src'), env: {} })
  assert.deepEqual(development.engine, { url: 'redis://localhost:6379/0', store: null, seed: 'redis.url' })
  assert.deepEqual([development.root, development.worker.drain], [cwd, 300_000])
  assert.match(development.notes.join('\n'), /left to other programs: models, app/)
  const production = await loadSettings({ cwd, env: { NODE_ENV: 'production' } })
  assert.deepEqual([production.engine.url, production.worker.name], ['redis://cache:6380/0', 'prod'])
  const overridden = await loadSettings({ cwd, env: { REDIS_URL: 'redis://elsewhere' } })
  assert.equal(overridden.engine.url, 'redis://elsewhere')
})

test('YAML of our own is strict, and takes both ways of writing words', async (t) => {
  const cwd = project(t, {
    'windlass.config.yaml':
      'engine: "memory:"\ndefault_task: audio\nworker:\n  queues: { mail: 1, big_files: 2 }\napi: { port: 9000 }\n',
    'bad/windlass.config.yml': 'engine: "memory:"\nmodels: [a]\n',
    'typo/config/development.yaml': 'redis: { url: "redis://r" }\nworkers: { count: 2 }\n',
    'broken/windlass.config.yaml': 'engine: [\n',
    'list/windlass.config.yaml': '- a\n',
  })
  const settings = await loadSettings({ cwd, env: {} })
  assert.deepEqual([settings.defaultTask, settings.api.port], ['audio', 9_000])
  assert.deepEqual(settings.worker.queues, [
    { name: 'mail', weight: 1 },
    { name: 'big_files', weight: 2 },
  ])
  const refused = (folder: string, message: RegExp): Promise<void> =>
    assert.rejects(loadSettings({ cwd: join(cwd, folder), env: {} }), { code: 'config_invalid', message })
  await refused('bad', /unknown key "models"/)
  await refused('typo', /unknown key "workers"; did you mean "worker"/)
  await refused('broken', /windlass\.config\.yaml/)
  await refused('list', /holds no object/)
})

test('a module that throws or exports no config is told with its cause', async (t) => {
  const cwd = project(t, {
    'a/windlass.config.mjs': "throw new Error('no luck')",
    'b/windlass.config.mjs': 'export const x = 1',
    'c/windlass.config.ts': "import './missing.ts'\nexport default {}",
    'd/windlass.config.mjs': 'export default { engine: process.env.FROM_DOTENV }',
    'd/.env': 'FROM_DOTENV=memory:\n',
  })
  await assert.rejects(loadSettings({ cwd: join(cwd, 'a'), env: {} }), (error: Error & { code: string }) => {
    assert.equal(error.code, 'config_failed')
    assert.match(error.message, /a\/windlass\.config\.mjs could not be loaded: no luck/)
    assert.equal((error.cause as Error).message, 'no luck')
    return true
  })
  await assert.rejects(loadSettings({ cwd: join(cwd, 'b'), env: {} }), {
    code: 'config_invalid',
    message: /default export/,
  })
  await assert.rejects(loadSettings({ cwd: join(cwd, 'c'), env: {} }), {
    code: 'config_failed',
    message: /missing\.ts/,
  })
  try {
    assert.equal((await loadSettings({ cwd: join(cwd, 'd'), env: process.env })).engine.url, 'memory:')
  } finally {
    delete process.env['FROM_DOTENV']
  }
})

test('without any config there are defaults', async (t) => {
  const cwd = project(t, { 'a/.keep': '' })
  const settings = await loadSettings({ cwd: join(cwd, 'a'), env: {} })
  assert.deepEqual([settings.file, settings.root], [null, join(cwd, 'a')])
})
