/** What a service manager is told, in which order and how often; and that nobody else is told anything. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { ManualClock } from '../testing/clock.ts'
import type { SupervisorStatus } from './control.ts'
import { followSupervisor } from './service-follow.ts'
import { openServiceNotice, type ServiceNotice } from './service-notice.ts'

/** A notice whose messages are kept, in a time that is moved. */
function open(
  env: NodeJS.ProcessEnv,
  send: (lines: readonly string[]) => Promise<void> = () => Promise.resolve(),
) {
  const clock = new ManualClock()
  const sent: string[] = []
  const warned: string[] = []
  const notice = openServiceNotice({
    log: { warn: (message) => warned.push(message) },
    clock,
    env,
    send: async (lines, socket) => {
      assert.equal(socket, '/run/notify')
      sent.push(lines.join(' ').replaceAll(/USEC=\d+/g, 'USEC=n'))
      await send(lines)
    },
  })
  return { notice, clock, sent, warned }
}

const ENV = { NOTIFY_SOCKET: '/run/notify', WATCHDOG_USEC: '60000000', WATCHDOG_PID: String(process.pid) }

test('what is meant for this process alone is not handed on', () => {
  const env = { ...ENV, PATH: '/bin' }
  open(env)
  assert.deepEqual(env, { PATH: '/bin' })
})

test('without a service manager nothing is sent and no timer runs', async () => {
  const { notice, clock, sent } = open({ WATCHDOG_USEC: '60000000' })
  notice.ready('x')
  notice.stopping('x', 1)
  await clock.pass(600_000)
  assert.deepEqual([notice.heard, sent], [false, []])
})

test('messages go out one after the other, in order, and an equal line once', async () => {
  let release = (): void => undefined
  const { notice, clock, sent } = open({ NOTIFY_SOCKET: '/run/notify' }, () => {
    return new Promise((resolve) => {
      release = resolve
    })
  })
  notice.ready('2 of 2')
  notice.status('2 of 2')
  notice.reloading('new config', 60_000)
  notice.ready('2 of 2\nagain')
  notice.stopping('bye', 330_000)
  await clock.pass(1)
  assert.deepEqual(sent, ['READY=1 STATUS=2 of 2'])
  for (let i = 0; i < 4; i++) {
    release()
    await clock.pass(1)
  }
  assert.deepEqual(sent.slice(1), [
    'RELOADING=1 MONOTONIC_USEC=n EXTEND_TIMEOUT_USEC=n STATUS=new config',
    'READY=1 STATUS=2 of 2 again',
    'STOPPING=1 EXTEND_TIMEOUT_USEC=n STATUS=bye',
  ])
})

test('a watchdog hears a sign of life at half of its time, from readiness on', async () => {
  const { notice, clock, sent } = open({ ...ENV })
  await clock.pass(90_000)
  assert.deepEqual(sent, [])
  notice.ready('well')
  notice.ready('well after a reload')
  await clock.pass(30_000)
  await clock.pass(30_000)
  assert.equal(sent.filter((one) => one === 'WATCHDOG=1').length, 3)
})

test('the watchdog of another process is not served', async () => {
  const { notice, clock, sent } = open({ ...ENV, WATCHDOG_PID: '1' })
  notice.ready('well')
  await clock.pass(90_000)
  assert.deepEqual(sent, ['READY=1 STATUS=well'])
})

test('a manager that does not listen is told of once, and tried again', async () => {
  const { notice, clock, sent, warned } = open({ ...ENV }, () => Promise.reject(new Error('ENOENT')))
  notice.ready('well')
  await clock.pass(60_000)
  assert.deepEqual(warned, ['systemd could not be told how this service is'])
  assert.equal(sent.length, 4)
})

type State = SupervisorStatus['supervisor']['state']

/** A supervisor as it looks; only what is read of it. */
function looking(state: State, workers: readonly string[]): SupervisorStatus {
  const each = workers.map((one, i) => ({ name: `worker-${i + 1}`, state: one, running: 2 }))
  return { supervisor: { state, count: 2 }, workers: each } as unknown as SupervisorStatus
}

function recorder() {
  const told: string[] = []
  const notice: ServiceNotice = {
    heard: true,
    ready: (text) => told.push(`ready: ${text}`),
    reloading: (text, longest) => told.push(`reloading ${longest}: ${text}`),
    stopping: (text, longest) => told.push(`${longest}: ${text}`),
    status: (text) => told.push(text),
  }
  return { notice, told }
}

test('a supervisor is ready when every worker is, and reloads while it renews them', async () => {
  const { notice, told } = recorder()
  const clock = new ManualClock()
  let status = looking('running', ['running', 'starting'])
  const stop = followSupervisor(notice, { clock, renewal: 30_000, status: () => status })
  await clock.pass(1_000)
  status = looking('running', ['running', 'running'])
  await clock.pass(1_000)
  // The old worker drains beside the new one.
  status = looking('restarting', ['running', 'draining', 'running'])
  await clock.pass(1_000)
  status = looking('running', ['running', 'running'])
  await clock.pass(1_000)
  stop(330_000)
  await clock.pass(60_000)
  assert.deepEqual(told, [
    '1 of 2 workers take work, 4 tasks run',
    'ready: 2 of 2 workers take work, 4 tasks run',
    'reloading 60000: 2 of 2 workers take work, 6 tasks run',
    'ready: 2 of 2 workers take work, 4 tasks run',
    '330000: stopping: 2 of 2 workers take work, 4 tasks run',
  ])
})

test('a worker that is restarted is told by its name, and takes no readiness back', async () => {
  const { notice, told } = recorder()
  const clock = new ManualClock()
  let status = looking('running', ['running', 'running'])
  followSupervisor(notice, { clock, renewal: 30_000, status: () => status })
  status = looking('running', ['running', 'restarting'])
  await clock.pass(11_000)
  assert.equal(told.at(-1), '1 of 2 workers take work, 4 tasks run; restarting: worker-2')
  assert.equal(told.filter((one) => one.startsWith('ready')).length, 1)
})
