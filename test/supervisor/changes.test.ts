/** What a supervisor is told while it runs: scale, restart, recycle, stop sooner. */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'

import { WindlassError } from '../../src/core/errors.ts'
import { askSupervisor } from '../../src/supervisor/ask.ts'
import { readState } from '../../src/supervisor/state.ts'
import { childThat } from './child.ts'
import { type Judge, lives, newPlace, runTogether, Watched } from './rig.ts'

const childFailed = (error: unknown): boolean =>
  error instanceof WindlassError && error.code === 'child_failed'

function newFlag(t: TestContext): string {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-flag-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  return join(folder, 'flag')
}

const names = ({ workers }: Watched): string[] => workers.map(({ name, state }) => `${name} ${state}`)
const pids = ({ workers }: Watched): number[] => workers.map(({ pid }) => pid ?? 0)

const cases: Record<string, Judge> = {}

cases['scale: up until new ones take work, down until the highest are gone, over the socket'] = async (t) => {
  const place = newPlace()
  const watched = new Watched(t, [], { place })
  await watched.supervisor.start()
  await watched.until('all_ready')
  const up = await askSupervisor(place, { verb: 'scale', count: 3 })
  assert.deepEqual(
    [up.supervisor.count, ...up.workers.map(({ name, state }) => `${name} ${state}`)],
    [3, 'worker-1 running', 'worker-2 running', 'worker-3 running'],
  )
  assert.deepEqual(
    up.workers.map(({ session, pid }) => session === `session-of-${pid}`),
    [true, true, true],
  )
  const down = await askSupervisor(place, { verb: 'scale', count: 1 })
  assert.deepEqual(
    down.workers.map(({ name }) => name),
    ['worker-1'],
  )
  assert.deepEqual(
    up.workers.slice(1).filter(({ pid }) => lives(pid ?? 0)),
    [],
  )
  assert.deepEqual(
    watched.of('scaled').map(({ from, to }) => [from, to]),
    [
      [1, 3],
      [3, 1],
    ],
  )
}

cases['scale up while others still drain: their names are not given again'] = async (t) => {
  const watched = new Watched(t, ['slow'], { count: 2 })
  await watched.supervisor.start()
  await watched.until('all_ready')
  const down = watched.supervisor.scale(1)
  assert.deepEqual(names(watched), ['worker-1 running', 'worker-2 draining'])
  await watched.supervisor.scale(2)
  await down
  assert.deepEqual(names(watched), ['worker-1 running', 'worker-3 running'])
}

cases['a scale during a restart to another number has the last word; no worker at all is ready, too'] =
  async (t) => {
    const watched = new Watched(t, [], { count: 0 })
    await watched.supervisor.start()
    await watched.until('all_ready')
    assert.equal(watched.supervisor.status().supervisor.state, 'running')
    await watched.supervisor.scale(1)
    const restarted = watched.supervisor.restart(3)
    await Promise.all([watched.supervisor.scale(2), restarted])
    assert.deepEqual(names(watched), ['worker-1 running', 'worker-2 running'])
  }

cases['scale to fewer while one never gets ready: those that are left are ready'] = async (t) => {
  const watched = new Watched(t, [], {
    count: 2,
    command: (name) =>
      name === 'worker-2' ? { file: 'sleep', args: ['1000'], env: process.env } : childThat(),
  })
  await watched.supervisor.start()
  await watched.until('ready')
  assert.equal(watched.supervisor.status().supervisor.state, 'starting')
  await watched.supervisor.scale(1)
  assert.equal(watched.supervisor.status().supervisor.state, 'running')
}

cases['scale to workers that cannot start says so'] = async (t) => {
  const flag = newFlag(t)
  const watched = new Watched(t, [`fail-if:${flag}`])
  await watched.supervisor.start()
  await watched.until('all_ready')
  writeFileSync(flag, '')
  await assert.rejects(watched.supervisor.scale(2), childFailed)
  assert.deepEqual(names(watched)[0], 'worker-1 running')
}

cases['restart: every worker is renewed, and there are never fewer that take work'] = async (t) => {
  const watched = new Watched(t, ['slow'], { count: 2 })
  await watched.supervisor.start()
  await watched.until('all_ready')
  const before = pids(watched)
  let fewest = 2
  let most = 0
  const restarted = watched.supervisor.restart(null)
  const looking = setInterval(() => {
    fewest = Math.min(fewest, watched.workers.filter(({ state }) => state === 'running').length)
    most = Math.max(most, watched.workers.length)
  }, 5)
  assert.equal(watched.supervisor.status().supervisor.state, 'restarting')
  await restarted
  clearInterval(looking)
  assert.deepEqual([fewest, most], [2, 3])
  assert.deepEqual(names(watched), ['worker-1 running', 'worker-2 running'])
  assert.deepEqual(before.filter(lives), [])
  assert.deepEqual(
    watched.workers.map(({ restarts }) => restarts),
    [0, 0],
  )
  assert.ok(watched.register.ends.length >= 2)
  await watched.supervisor.restart(1)
  assert.deepEqual(names(watched), ['worker-1 running'])
}

cases['restart with a config that does not load: the old workers go on, and the reason is told'] = async (
  t,
) => {
  const flag = newFlag(t)
  const watched = new Watched(t, [`fail-if:${flag}`], { count: 2 })
  await watched.supervisor.start()
  await watched.until('all_ready')
  const before = pids(watched)
  writeFileSync(flag, '')
  await assert.rejects(watched.supervisor.restart(3), childFailed)
  assert.deepEqual(pids(watched), before)
  assert.equal(watched.supervisor.status().supervisor.count, 2)
  assert.match(watched.of('not_renewed')[0]?.lines.join('\n') ?? '', /cannot start/)
  assert.equal(watched.of('not_renewed').length, 1)
  rmSync(flag)
  await watched.supervisor.restart(null)
  assert.deepEqual(before.filter(lives), [])
}

cases['a worker that dies while it is renewed: the new one has its place, and there is no third'] = async (
  t,
) => {
  const watched = new Watched(t, [])
  await watched.supervisor.start()
  await watched.until('ready')
  const [old = 0] = pids(watched)
  const restarted = watched.supervisor.restart(null)
  await watched.until('started', 2)
  process.kill(old, 'SIGKILL')
  await restarted
  await watched.until('reported')
  assert.deepEqual(names(watched), ['worker-1 running'])
  assert.equal(watched.of('started').length, 2)
}

cases['a stop during a restart ends both processes of a name'] = async (t) => {
  const watched = new Watched(t, [])
  await watched.supervisor.start()
  await watched.until('ready')
  const restarted = watched.supervisor.restart(null)
  await watched.until('started', 2)
  await watched.supervisor.stop()
  await restarted
  assert.deepEqual(
    watched.of('started').filter(({ pid }) => lives(pid)),
    [],
  )
}

cases['a worker that is old enough is renewed, the new process first, and told so'] = async (t) => {
  const watched = new Watched(t, [], { recycle: { tasks: null, age: 500, memory: null } })
  await watched.supervisor.start()
  await watched.until('ended')
  const kinds = watched.events.map(({ kind }) => kind).filter((kind) => kind !== 'line')
  assert.deepEqual(kinds.slice(0, 8), [
    'started',
    'ready',
    'all_ready',
    'renewing',
    'started',
    'ready',
    'draining',
    'ended',
  ])
  assert.deepEqual([watched.of('renewing')[0]?.why, watched.of('ended')[0]?.expected], ['age', true])
}

cases['a stop with a grace hands back what still runs then'] = async (t) => {
  const watched = new Watched(t, ['stubborn'], { patienceAtForce: 50 })
  await watched.supervisor.start()
  await watched.until('ready')
  await watched.supervisor.stop({ grace: 50, force: false })
  assert.equal(watched.of('ended')[0]?.signal, 'SIGKILL')
  assert.deepEqual(
    watched.register.ends.map(({ cause }) => cause),
    ['stopped'],
  )
}

cases['a worker that dies in the moment in which it told its session is still reported'] = async (t) => {
  const watched = new Watched(t, ['brief'])
  await watched.supervisor.start()
  await watched.until('reported')
  assert.deepEqual(watched.register.ends[0], { session: 'brief', cause: 'killed', culprits: null })
}

cases['what runs is written down, and taken away at the end'] = async (t) => {
  const place = newPlace()
  const watched = new Watched(t, [], { place })
  await watched.supervisor.start()
  await watched.until('ready')
  const [saved] = readState(place)?.workers ?? []
  const [pid] = pids(watched)
  assert.deepEqual(
    [saved?.pid, saved?.session, saved?.ready, saved?.leaving],
    [pid, `session-of-${pid}`, true, false],
  )
  await watched.supervisor.stop()
  assert.equal(readState(place), null)
}

runTogether('a supervisor that is told', cases)
