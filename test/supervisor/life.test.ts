/** The supervisor and its processes: starts, deaths, restarts, stops. */
import assert from 'node:assert/strict'

import { Register } from './child.ts'
import { type Judge, lives, runTogether, Watched } from './rig.ts'

const cases: Record<string, Judge> = {}

cases['workers start, tell their lines, drain at the stop'] = async (t) => {
  const watched = new Watched(t, [], { count: 2 })
  await watched.supervisor.start()
  await watched.until('all_ready')
  const pids = watched.workers.map(({ pid }) => pid ?? 0)
  assert.deepEqual(
    watched.workers.map(({ name, state, restarts }) => ({ name, state, restarts })),
    ['worker-1', 'worker-2'].map((name) => ({ name, state: 'running', restarts: 0 })),
  )
  await watched.supervisor.stop()
  assert.deepEqual(
    watched
      .of('line')
      .map(({ worker, stream, text }) => `${worker} ${stream} ${text}`)
      .toSorted(),
    ['worker-1', 'worker-2'].flatMap((name) => [`${name} stderr from stderr`, `${name} stdout hello`]),
  )
  assert.deepEqual(
    watched.of('ended').map(({ code, signal, expected }) => ({ code, signal, expected })),
    Array.from({ length: 2 }, () => ({ code: 0, signal: null, expected: true })),
  )
  assert.deepEqual(pids.map(lives), [false, false])
  assert.equal(watched.of('restart').length, 0)
}

cases['a killed worker: its group dies, its session ends as killed, another process takes its place'] =
  async (t) => {
    const watched = new Watched(t, ['grandchild'])
    await watched.supervisor.start()
    await watched.until('ready')
    const pid = watched.workers[0]?.pid ?? 0
    const line = watched.of('line').find(({ text }) => text.startsWith('grandchild '))?.text ?? ''
    const grandchild = Number(line.split(' ')[1])
    assert.ok(lives(grandchild))
    process.kill(pid, 'SIGKILL')
    await watched.until('reported')
    assert.deepEqual(watched.register.ends, [
      { session: `session-of-${pid}`, cause: 'killed', culprits: null },
    ])
    await watched.until('ready', 2)
    assert.equal(lives(grandchild), false)
    assert.notEqual(watched.workers[0]?.pid, pid)
    assert.equal(watched.workers[0]?.restarts, 1)
  }

cases['a worker that cannot start is a crash loop, named with its last lines, and never given up'] = async (
  t,
) => {
  const watched = new Watched(t, ['fail'])
  await watched.supervisor.start()
  await watched.until('restart', 4)
  assert.deepEqual(
    watched.of('restart').map(({ delay }) => delay),
    [20, 40, 40, 40],
  )
  const loop = watched.of('crash_loop')[0]
  assert.equal(loop?.deaths, 3)
  assert.deepEqual(loop?.lines.toSorted(), ['cannot start', 'from stderr', 'hello'])
  assert.equal(watched.of('ready').length, 0)
  assert.deepEqual(watched.register.ends, [])
}

cases['a worker that was deaf is no death: another one starts at once, and nothing of it is to blame'] =
  async (t) => {
    const watched = new Watched(t, ['deaf'], {
      rules: { first: 1e9, most: 1e9, healthyAfter: 60_000, loopAt: 3 },
    })
    await watched.supervisor.start()
    await watched.until('restart', 4)
    assert.deepEqual(
      watched.of('restart').map(({ delay, deaths }) => ({ delay, deaths })),
      Array.from({ length: 4 }, () => ({ delay: 0, deaths: 0 })),
    )
    assert.equal(watched.of('crash_loop').length, 0)
    await watched.until('reported', 3)
    assert.deepEqual([...new Set(watched.register.ends.map(({ cause }) => cause))], ['stopped'])
  }

cases['a program that does not exist is told, and retried'] = async (t) => {
  const watched = new Watched(t, [], {
    command: () => ({ file: '/no-such-program', args: [], env: {} }),
  })
  await watched.supervisor.start()
  await watched.until('restart', 2)
  assert.match(watched.of('ended')[0]?.error ?? '', /ENOENT/)
}

cases['a worker that does not drain is killed, and its tasks are handed back without a charge'] = async (
  t,
) => {
  const watched = new Watched(t, ['stubborn'], { patienceAtForce: 100 })
  await watched.supervisor.start()
  await watched.until('ready')
  const stopped = watched.supervisor.stop()
  await new Promise(setImmediate)
  assert.equal(watched.workers[0]?.state, 'draining')
  watched.supervisor.force()
  await stopped
  assert.equal(watched.of('ended')[0]?.signal, 'SIGKILL')
  assert.deepEqual(
    watched.register.ends.map(({ cause }) => cause),
    ['stopped'],
  )
}

cases['a store out of reach is told again until it answers'] = async (t) => {
  const watched = new Watched(t, [], {}, new Register(2))
  await watched.supervisor.start()
  await watched.until('ready')
  process.kill(watched.workers[0]?.pid ?? 0, 'SIGKILL')
  await watched.until('reported')
  assert.equal(watched.of('unreported').length, 1)
  assert.equal(watched.of('unreported')[0]?.given_up, false)
  assert.equal(watched.register.ends.length, 1)
}

cases['a stop does not wait for a store that stays out of reach'] = async (t) => {
  const watched = new Watched(t, [], {}, new Register(1_000))
  await watched.supervisor.start()
  await watched.until('ready')
  process.kill(watched.workers[0]?.pid ?? 0, 'SIGKILL')
  await watched.until('unreported')
  const started = performance.now()
  await watched.supervisor.stop()
  assert.ok(performance.now() - started < 9_000)
  assert.equal(watched.of('unreported').at(-1)?.given_up, true)
}

runTogether('a supervisor and its processes', cases)
