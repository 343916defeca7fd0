/** Supervisors that are killed, and those that come after them. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { connect } from 'node:net'
import type { TestContext } from 'node:test'

import { startTimeOf } from '../../src/worker/identity.ts'
import { WindlassError } from '../../src/core/errors.ts'
import type { Place } from '../../src/supervisor/place.ts'
import { readState, writeState, type SavedWorker } from '../../src/supervisor/state.ts'
import { type Judge, Killable, lives, newPlace, runTogether, Watched } from './rig.ts'

/** The place of a supervisor that was killed while so many workers ran, and their pids. */
async function orphans(t: TestContext, count: number, ...words: string[]): Promise<[Place, number[]]> {
  const place = newPlace()
  const killed = new Killable(t, place, count, ...words)
  await killed.until('all_ready')
  await killed.kill()
  return [place, killed.pids]
}

function saved(place: Place): SavedWorker {
  const [worker] = readState(place)?.workers ?? []
  assert.ok(worker)
  return worker
}

function change(place: Place, worker: Partial<SavedWorker>): void {
  const state = readState(place)
  assert.ok(state)
  writeState(place, { ...state, workers: [{ ...saved(place), ...worker }] })
}

const cases: Record<string, Judge> = {}

cases['workers of a killed supervisor go on, under the next one: same processes, same sessions'] = async (
  t,
) => {
  const [place, pids] = await orphans(t, 2)
  assert.deepEqual(pids.filter(lives), pids)
  const next = new Watched(t, [], { place, count: 2 })
  await next.supervisor.start()
  await next.until('line', 2)
  assert.deepEqual(
    next.of('line').map(({ text }) => text),
    ['still here', 'still here'],
  )
  assert.deepEqual(
    next.workers.map(({ name, pid, state, session, adopted }) => ({ name, pid, state, session, adopted })),
    pids.map((pid, i) => ({
      name: `worker-${i + 1}`,
      pid,
      state: 'running',
      session: `session-of-${pid}`,
      adopted: true,
    })),
  )
  assert.deepEqual([next.of('started').length, next.of('all_ready').length], [0, 1])
  // Killed, one is a death like any other: told to the store, and another process follows.
  process.kill(pids[0] ?? 0, 'SIGKILL')
  await next.until('reported')
  await next.until('ready')
  assert.deepEqual(next.register.ends, [
    { session: `session-of-${pids[0]}`, cause: 'killed', culprits: null },
  ])
  await next.supervisor.stop()
  assert.deepEqual(pids.filter(lives), [])
}

cases['what died while no supervisor was there is reported at once, and replaced'] = async (t) => {
  const [place, [pid = 0]] = await orphans(t, 1)
  process.kill(pid, 'SIGKILL')
  while (lives(pid)) await new Promise(setImmediate)
  const next = new Watched(t, [], { place })
  await next.supervisor.start()
  await next.until('reported')
  assert.deepEqual(
    next.register.ends.map(({ session }) => session),
    [`session-of-${pid}`],
  )
  await next.until('all_ready')
  assert.deepEqual([next.of('found_dead').length, next.of('adopted').length], [1, 0])
}

cases['more workers than wanted: the surplus drains'] = async (t) => {
  const [place, pids] = await orphans(t, 3)
  const next = new Watched(t, [], { place, count: 1 })
  await next.supervisor.start()
  await next.until('ended', 2)
  await new Promise(setImmediate)
  assert.deepEqual(
    pids.filter(lives),
    next.workers.map(({ pid }) => pid),
  )
  assert.deepEqual(
    next.workers.map(({ name }) => name),
    ['worker-1'],
  )
}

cases['a worker that does not come but lives is not doubled, and comes when it can'] = async (t) => {
  const [place, [pid = 0]] = await orphans(t, 1)
  process.kill(pid, 'SIGSTOP')
  const next = new Watched(t, [], { place })
  await next.supervisor.start()
  await next.until('all_ready')
  assert.deepEqual(
    next.workers.map((one) => [one.pid, one.state]),
    [[pid, 'running']],
  )
  process.kill(pid, 'SIGCONT')
  await next.until('line')
  assert.equal(next.of('started').length, 0)
}

cases['a process that only has the pid of a worker is left alone'] = async (t) => {
  const [place, [pid = 0]] = await orphans(t, 1)
  const stranger = spawn('sleep', ['60'], { stdio: 'ignore', detached: true })
  t.after(() => stranger.kill('SIGKILL'))
  const { pid: strange = 0 } = stranger
  const ended = once(stranger, 'exit')
  // Even with its start time: it does not have the token.
  change(place, { pid: strange, start_time: startTimeOf(strange) })
  const next = new Watched(t, [], { place })
  await next.supervisor.start()
  await next.until('all_ready')
  await next.supervisor.stop()
  assert.deepEqual([next.of('found_dead').length, lives(strange), lives(pid)], [1, true, true])
  stranger.kill('SIGKILL')
  await ended
}

cases['a worker with a token that nobody gave is refused'] = async (t) => {
  const place = newPlace()
  const watched = new Watched(t, [], { place })
  await watched.supervisor.start()
  await watched.until('ready')
  const worker = { token: 'guessed', pid: watched.workers[0]?.pid, ready: true, session: 's', vitals: null }
  const socket = connect(place.socket)
  const closed = once(socket, 'close')
  socket.write(`${JSON.stringify({ worker })}\n`)
  await closed
  assert.notEqual(watched.workers[0]?.session, 's')
}

cases['a second supervisor of a name refuses, and names the pid of the first'] = async (t) => {
  const place = newPlace()
  const first = new Killable(t, place, 1)
  await first.until('all_ready')
  const second = new Watched(t, [], { place })
  await assert.rejects(
    second.supervisor.start(),
    (error) =>
      error instanceof WindlassError &&
      error.code === 'already_running' &&
      error.message.includes(`pid ${first.pid}`),
  )
  assert.equal(lives(first.pids[0] ?? 0), true)
}

runTogether('supervisors that are killed', cases)
