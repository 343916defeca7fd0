/** `windlass up` with real processes and real signals: deaths, restarts, stops, and a parent that vanishes. */
import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newSession, newTask } from '../../src/testing/samples.ts'
import { FILES } from '../cli/fixtures.ts'
import { Place, type Document, type Running } from '../cli/launch.ts'

/** A zombie that nobody reaped yet is dead. */
function lives(pid: number): boolean {
  try {
    if (process.platform === 'linux')
      return !/^\d+ \(.*\) [ZX]/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return process.kill(pid, 0)
  } catch {
    return false
  }
}

function events(up: Running, event: string): Document[] {
  return up.objects.filter((one) => one['event'] === event)
}

async function startUp(
  place: Place,
  args: readonly string[] = [],
  env: NodeJS.ProcessEnv = {},
): Promise<Running> {
  const up = place.start(['up', '--json', ...args], env)
  await up.until((one) => events(one, 'all_ready').length > 0)
  return up
}

function pids(up: Running): number[] {
  return events(up, 'started').map((one) => Number(one['pid']))
}

/** Where the line was printed that the handler of that task prints at its beginning. */
function begins(up: Running, id: string): Document[] {
  return up.objects.filter((one) => one['message'] === `slow begins ${id}`)
}

function pidOf(up: Running, line: Document | undefined): number {
  return Number(events(up, 'started').findLast(({ worker }) => worker === line?.['worker'])?.['pid'])
}

test('a killed worker: its task runs again in about a second, and another process takes its place', async (t) => {
  const place = new Place(t, FILES)
  const up = await startUp(place)
  assert.deepEqual(
    events(up, 'started').map(({ worker }) => worker),
    ['worker-1', 'worker-2'],
  )
  await place.json(['enqueue', 'slow', '{"ms":2000}', '--id', 's'])
  const [first] = await up.until((one) => begins(one, 's').length > 0 && begins(one, 's'))
  const victim = pidOf(up, first)
  const killed = performance.now()
  process.kill(victim, 'SIGKILL')
  await up.until((one) => begins(one, 's').length > 1)
  assert.ok(performance.now() - killed < 9_000)
  const [reported] = await up.until((one) => events(one, 'reported').length > 0 && events(one, 'reported'))
  assert.equal(reported?.['rescued'], 1)
  const [rescued] = events(up, 'rescued')
  const why = 'rescued: task interrupted (crashes 1 of 3, again at once)'
  assert.deepEqual([rescued?.['message'], rescued?.['task'], rescued?.['level']], [why, 's', 'warn'])
  const [ended] = events(up, 'ended')
  assert.deepEqual([ended?.['pid'], ended?.['signal']], [victim, 'SIGKILL'])
  await up.until((one) => events(one, 'ready').length > 2)
  assert.deepEqual([events(up, 'restart')[0]?.['delay_ms'], lives(victim)], [1_000, false])
  const { code, document } = await place.json(['wait', 's', '--timeout', '20'])
  assert.deepEqual([code, document['attempt'], document['crashes'], document['failures']], [0, 2, 1, 0])
  const asked = performance.now()
  up.signal('SIGTERM')
  assert.equal((await up.ended).code, 0)
  assert.ok(performance.now() - asked < 6_000, 'an idle system ends in about two seconds at the most')
  assert.deepEqual(pids(up).filter(lives), [])
  assert.deepEqual((await place.json(['workers'])).document, { workers: [] })
})

test('plain lines say how to end it; Ctrl-C does; WORKER_COUNT counts', async (t) => {
  const place = new Place(t, FILES)
  const up = place.start(['up'], { WORKER_COUNT: '1' })
  await up.until((one) => one.stdout.includes('all workers are ready'))
  assert.match(up.stdout, /Ctrl-C stops it/)
  assert.match(up.stdout, /^\[worker-1\] .*worker started/m)
  assert.equal(up.stdout.includes('worker-2'), false)
  const asked = performance.now()
  up.signal('SIGINT')
  const ran = await up.ended
  assert.deepEqual([ran.code, ran.stderr], [0, ''])
  assert.ok(performance.now() - asked < 6_000)
  assert.match(ran.stdout, /windlass is down\n$/)
})

test('a stop lets tasks end; the second signal hands them back', async (t) => {
  const place = new Place(t, FILES)
  const up = await startUp(place, ['--workers', '1'])
  await place.json(['enqueue', 'slow', '{"ms":800}', '--id', 'short'])
  await place.json(['enqueue', 'slow', '{"ms":60000}', '--id', 'long'])
  await up.until((one) => begins(one, 'short').length > 0 && begins(one, 'long').length > 0)
  // As a service manager does that signals every process of a service.
  process.kill(pids(up)[0] ?? 0, 'SIGTERM')
  up.signal('SIGTERM')
  await place.json(['wait', 'short', '--timeout', '10'])
  assert.equal(events(up, 'ended').length, 0)
  up.signal('SIGTERM')
  assert.equal((await up.ended).code, 0)
  assert.equal(events(up, 'forced').length, 1)
  const [short, long] = await Promise.all([place.json(['get', 'short']), place.json(['get', 'long'])])
  assert.equal(short.document['state'], 'succeeded')
  assert.deepEqual(
    [long.document['state'], long.document['failures'], long.document['crashes']],
    ['ready', 0, 0],
  )
  assert.deepEqual(pids(up).filter(lives), [])
})

test('a killed worker takes with it what its handler had started', async (t) => {
  const spawning = `
    import { spawn } from 'node:child_process'
    import { defineTask } from 'windlass'
    export const parent = defineTask({ name: 'parent', run: async () => {
      console.log('grandchild ' + spawn('sleep', ['60']).pid)
      await new Promise(() => {})
    } })`
  const place = new Place(t, { ...FILES, 'tasks.ts': spawning })
  const up = await startUp(place, ['--workers', '1'])
  await place.json(['enqueue', 'parent'])
  const grandchild = Number(await up.until((one) => /grandchild (\d+)\D/.exec(one.stdout)?.[1]))
  assert.ok(lives(grandchild))
  process.kill(pids(up)[0] ?? 0, 'SIGKILL')
  await up.until((one) => events(one, 'reported').length > 0)
  assert.equal(lives(grandchild), false)
})

test('a crash loop is named with its last lines, and the stop still works', async (t) => {
  const place = new Place(t, { ...FILES, 'tasks.ts': "throw new Error('the handler file is broken')" })
  const up = place.start(['up', '--json', '--workers', '1'])
  const [loop] = await up.until((one) => events(one, 'crash_loop').length > 0 && events(one, 'crash_loop'))
  assert.equal(loop?.['deaths'], 3)
  assert.match(JSON.stringify(loop?.['lines']), /the handler file is broken/)
  assert.deepEqual(
    events(up, 'restart')
      .slice(0, 2)
      .map((one) => one['delay_ms']),
    [1_000, 2_000],
  )
  up.signal('SIGTERM')
  assert.equal((await up.ended).code, 0)
})

test('workers outlive a supervisor that is killed: they go on working', async (t) => {
  const place = new Place(t, FILES)
  const up = await startUp(place, ['--workers', '1'])
  const [child = 0] = pids(up)
  t.after(() => {
    if (lives(child)) process.kill(-child, 'SIGKILL')
  })
  up.signal('SIGKILL')
  await up.ended
  const first = await place.json(['enqueue', 'pid', '--wait'])
  assert.deepEqual([first.code, first.document['result']], [0, child])
  const log = readFileSync(join(place.folder, 'logs', 'worker.log'), 'utf8')
  assert.match(log, /"message":"the supervisor is gone; this worker goes on".*"worker":"worker-1"/)
  const again = await place.json(['enqueue', 'pid', '--wait'])
  assert.deepEqual([again.code, again.document['result']], [0, child])
  process.kill(child, 'SIGTERM')
  const until = performance.now() + 5_000
  while (lives(child) && performance.now() < until) await new Promise((resolve) => setTimeout(resolve, 50))
  assert.equal(lives(child), false)
})

const MORTAL = `
import { defineTask } from 'windlass'
export const mortal = defineTask({
  name: 'mortal',
  run: (_, ctx) => {
    console.log('mortal begins ' + ctx.id)
    return new Promise(() => setInterval(() => {}, 1_000))
  },
  onDead: (task, _, { log }) => log.info(\`told \${task.id} \${task.reason} \${task.crashes}\`),
})`

/** Takes the task as a worker would that then dies of it. */
async function dies(place: Place, id: string): Promise<void> {
  const engine = await openEngine(`sqlite:${join(place.folder, 'windlass.db')}`)
  const session = newSession({ types: ['mortal'] })
  await engine.startSession([session])
  const [reply] = await engine.claim([
    { session: session.id, claimId: session.id, queues: ['default'], limit: 1 },
  ])
  assert.deepEqual(
    reply?.tasks.map((task) => task.id),
    [id],
  )
  await engine.endSession([{ session: session.id, cause: 'killed', culprits: null }])
  await engine.close()
}

/** Waits until every death is told. */
async function noNotices(engine: Engine): Promise<void> {
  for (const end = performance.now() + 5_000; ;) {
    const notices = await engine.documents.list('death', null, 10)
    if (notices.length === 0) return
    assert.ok(performance.now() < end, JSON.stringify(notices))
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}

test('onDead hears of deaths that the supervisor and a sweep settle', { timeout: 60_000 }, async (t) => {
  const place = new Place(t, { ...FILES, 'tasks.ts': MORTAL })
  const told = (up: Running): unknown[] =>
    up.objects.map(({ message }) => message).filter((message) => String(message).startsWith('told '))
  await place.json(['migrate'])
  const engine = await openEngine(`sqlite:${join(place.folder, 'windlass.db')}`)
  t.after(() => engine.close())
  // Nobody works: the sweep settles the first death, and the worker that comes later tells it.
  const once = { crashes: 1, losses: 1, delays: [] }
  await engine.enqueue([newTask({ id: 'swept', type: 'mortal', queue: 'default', crash: once })])
  await dies(place, 'swept')
  assert.equal((await place.json(['sweep'])).document['rescued'], 1)
  assert.equal((await place.json(['get', 'swept'])).document['state'], 'dead')
  // The supervisor settles the other one, while its only worker is gone.
  await engine.enqueue([newTask({ id: 'killed', type: 'mortal', queue: 'default', crash: once })])
  const up = await startUp(place, ['--workers', '1'])
  await up.until((one) => told(one).length === 1)
  // Killed between the call and the removal of its notice, the next worker would tell it again in a minute.
  await noNotices(engine)
  const line = await up.until((one) => one.objects.find(({ message }) => message === 'mortal begins killed'))
  process.kill(pidOf(up, line), 'SIGKILL')
  const [reported] = await up.until((one) => events(one, 'reported').length > 0 && events(one, 'reported'))
  assert.equal(reported?.['rescued'], 1)
  await up.until((one) => told(one).length === 2)
  up.signal('SIGTERM')
  assert.equal((await up.ended).code, 0)
  assert.deepEqual(told(up), ['told swept poison 1', 'told killed poison 1'])
  await noNotices(engine)
})
