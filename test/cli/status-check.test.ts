/** status --check: the exit code that a health check needs, from a supervisor's answer over its real socket. */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { ControlServer } from '../../src/supervisor/control-server.ts'
import type { SupervisorStatus, WorkerFacts } from '../../src/supervisor/control.ts'
import { makePlace, placeOf } from '../../src/supervisor/place.ts'
import { Place } from './launch.ts'

const WORKER: WorkerFacts = {
  name: 'worker-1',
  pid: null,
  state: 'running',
  uptime_ms: null,
  rss_mb: null,
  cpu: null,
  loop_delay_ms: null,
  running: null,
  finished: null,
  restarts: 0,
  session: null,
  adopted: false,
  last_end: null,
}

/** A supervisor of that name which answers this, for as long as the test runs. */
async function answer(t: TestContext, root: string, name: string, states: readonly WorkerFacts['state'][]) {
  const place = placeOf(root, name)
  makePlace(place)
  const status: SupervisorStatus = {
    supervisor: {
      pid: process.pid,
      name,
      version: '0',
      state: 'running',
      started_at: new Date(0).toISOString(),
      uptime_ms: 1,
      rss_mb: 1,
      count: states.length,
      log: null,
    },
    workers: states.map((state) => ({ ...WORKER, state })),
  }
  const done = (): Promise<void> => Promise.resolve()
  const controlled = { status: () => status, scale: done, restart: done, stop: () => undefined }
  const server = new ControlServer({ controlled, onWorker: () => null })
  await server.listen(place.socket)
  t.after(() => server.close())
}

test('a service is well while one of its workers takes work', async (t) => {
  const place = new Place(t)
  await answer(t, place.folder, 'well', ['restarting', 'running'])
  await answer(t, place.folder, 'ill', ['restarting', 'starting'])
  const codes = await Promise.all(
    ['well', 'ill', 'gone'].map(async (name) => {
      const { code, stderr } = await place.run(['status', '--check', '-n', name])
      return [name, code, stderr === '' || name === 'gone']
    }),
  )
  assert.deepEqual(codes, [
    ['well', 0, true],
    ['ill', 1, true],
    ['gone', 3, true],
  ])
})
