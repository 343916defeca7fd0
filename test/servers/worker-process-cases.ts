// `windlass worker` as a process of its own, its heart on a thread, while its server dies and comes back: it waits for a
// server that is away at its start, works on when the server is back, and still drains in good order.

import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { TestServer } from '../../scripts/test/servers/servers.ts'
import { FILES } from '../cli/fixtures.ts'
import { Place, type Running } from '../cli/launch.ts'
import { startOwn, type OwnServer } from './own-server.ts'

const TASKS_ONLY = {
  ...FILES,
  'windlass.config.ts':
    "import { defineConfig } from 'windlass'\nexport default defineConfig({ tasks: ['tasks.ts'], lease: '5s' })",
}

/** Longer than a lease: the session is over when the server comes back. */
const AWAY = 6_000

/** Declares the test for a kind of server. */
export function runWorkerProcessCases(own: OwnServer): void {
  test(
    `${own.kind}: a worker process outlives its server, away at the start and later`,
    { timeout: 100_000 },
    (t) => startOwn(t, own, (server) => judge(t, server)),
  )
}

async function judge(t: TestContext, server: TestServer): Promise<void> {
  const place = new Place(t, TASKS_ONLY, { WINDLASS_ENGINE: server.url })
  assert.equal((await place.json(['migrate'])).code, 0)
  await server.kill()
  const worker = place.start(['worker', '--json'])
  await worker.until((one) => /trying|wait/i.test(one.stdout + one.stderr))
  await server.run()
  await worker.until((one) => one.stdout.includes('worker started'), 20_000)
  await assertWorks(place, worker)
  await server.kill()
  await sleep(AWAY)
  await server.run()
  await assertWorks(place, worker)
  worker.signal('SIGTERM')
  const { code, stdout, stderr } = await worker.ended
  assert.equal(code, 0, stderr)
  const { password } = new URL(server.url)
  assert.ok(!(stdout + stderr).includes(password), 'the password is told')
}

async function assertWorks(place: Place, worker: Running): Promise<void> {
  assert.equal(worker.process.exitCode, null)
  const { document } = await place.json(['enqueue', 'echo', '{"n":1}', '--wait'])
  assert.equal(document['state'], 'succeeded')
}
