/** Worker processes that hear of no task any more, with real clocks and real threads: they work again by themselves. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { FILES } from '../cli/fixtures.ts'
import { Place } from '../cli/launch.ts'
import { createSystem } from './worker-system.ts'

const LONG = process.env['WINDLASS_LONG'] === '1'

test('an engine that answers no claim any more: the worker opens the store anew and goes on', async (t) => {
  const system = await createSystem(t)
  const worker = await system.worker({ lease: '2s', deafAfter: '4s', deaf: true })
  const id = await system.enqueue('first', { ms: 1 })
  await worker.logged(/this worker is deaf/, 30_000)
  const done = await system.becomes(id, ({ state }) => state === 'succeeded')
  const { session } = await worker.event('started')
  assert.deepEqual([done.attempt, done.session], [1, session])
  worker.kill('SIGTERM')
  assert.equal(await worker.exit(), 0)
})

test('a worker that was stopped for longer than that is not deaf', async (t) => {
  const system = await createSystem(t)
  const worker = await system.worker({ lease: '2s', deafAfter: '4s' })
  worker.kill('SIGSTOP')
  await new Promise((resolve) => setTimeout(resolve, 6_000))
  worker.kill('SIGCONT')
  const id = await system.enqueue('first', { ms: 1 })
  await system.becomes(id, ({ state }) => state === 'succeeded')
  assert.ok(!worker.said.some(({ message }) => /deaf/.test(String(message))))
})

test('an event loop that stands still while nothing runs: the process ends itself, by the hand of its heart', async (t) => {
  const system = await createSystem(t)
  const worker = await system.worker({ lease: '1s', deafAfter: '2s', hung: 'kill', standsStill: true }, true)
  assert.equal(await worker.exit(30_000), 'SIGKILL')
  assert.deepEqual(await system.engine.records.sessions({ state: 'live', host: null }), [])
})

/** Breaks the store for the process that runs it, where handlers run: no transaction of that thread begins any more. */
const SABOTAGE = `
import { StatementSync } from 'node:sqlite'
import { defineTask } from 'windlass'

export const sabotage = defineTask({
  name: 'sabotage',
  run: () => {
    setTimeout(() => {
      for (const verb of ['run', 'get', 'all']) {
        const whole = StatementSync.prototype[verb]
        StatementSync.prototype[verb] = function (...values) {
          if (!this.sourceSQL.startsWith('BEGIN')) return whole.apply(this, values)
          throw Object.assign(new Error('database is locked'), { code: 'ERR_SQLITE_ERROR', errcode: 5 })
        }
      }
    }, 500)
  },
})
`

test(
  'windlass up: a deaf worker drains and exits 6, and another process takes its place at once',
  { skip: LONG ? false : 'takes more than a minute: WINDLASS_LONG=1', timeout: 150_000 },
  async (t) => {
    const config = `
      import { defineConfig } from 'windlass'
      export default defineConfig({ engine: 'sqlite:windlass.db', tasks: ['*tasks.ts'] })`
    const place = new Place(t, { ...FILES, 'windlass.config.ts': config, 'bad-tasks.ts': SABOTAGE })
    const up = place.start(['up', '--json', '--workers', '1'])
    const of = (event: string) => up.objects.filter((line) => line['event'] === event)
    await up.until(() => of('ready').length === 1)
    assert.equal((await place.json(['enqueue', 'sabotage', '--wait'])).code, 0)
    await new Promise((resolve) => setTimeout(resolve, 1_000))
    await place.json(['enqueue', 'echo', '--id', 'waits'])
    await up.until(() => of('ready').length === 2, 120_000)
    assert.equal((await place.json(['wait', 'waits'])).code, 0)
    assert.equal(of('ended')[0]?.['code'], 6)
    assert.deepEqual([of('restart')[0]?.['delay_ms'], of('restart')[0]?.['deaths']], [0, 0])
    assert.ok(up.objects.some(({ message }) => /this worker is deaf/.test(String(message))))
    up.signal('SIGTERM')
    assert.equal((await up.ended).code, 0)
  },
)
