/** The monitor's line: sums of the workers, what waits in which queue, and a line also without the store. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { QueueStats } from '../core/cold-verbs.ts'
import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import { ManualClock } from '../testing/clock.ts'
import { monitorFields, startMonitor } from './monitor.ts'

function worker(facts: Partial<WorkerFacts>): WorkerFacts {
  return {
    name: 'w',
    pid: 1,
    state: 'running',
    uptime_ms: 1,
    rss_mb: 70.5,
    cpu: 20.2,
    loop_delay_ms: 1,
    running: 2,
    finished: 0,
    restarts: 0,
    session: null,
    adopted: false,
    last_end: null,
    ...facts,
  }
}

const STATUS: SupervisorStatus = {
  supervisor: {
    pid: 1,
    name: 'worker',
    version: '1',
    state: 'running',
    started_at: '',
    uptime_ms: 0,
    rss_mb: 60,
    count: 3,
    log: null,
  },
  workers: [
    worker({}),
    worker({ state: 'draining', running: 1 }),
    worker({ pid: null, state: 'restarting', rss_mb: null, cpu: null, running: null }),
  ],
}

function queue(name: string, ready: number, oldest: number | null): QueueStats {
  const counts = { ready, scheduled: 5, running: 1, succeeded: 0, dead: 0, cancelled: 0 }
  return { queue: name, paused: false, counts, estimated: [], oldest, workers: 1 }
}

test('workers are summed up, queues where something waits are named, the fullest first', () => {
  const queues = [queue('mail', 2, 10), queue('idle', 0, null), queue('files', 30, 4_000)]
  assert.deepEqual(monitorFields(STATUS, queues), {
    workers: '1/3',
    cpu: 40,
    rss_mb: 201,
    running: 3,
    ready: 32,
    oldest_ms: 4_000,
    queues: { files: { ready: 30, oldest_ms: 4_000 }, mail: { ready: 2, oldest_ms: 10 } },
  })
  const many = Array.from({ length: 20 }, (_, i) => queue(`q${i}`, 1, 1))
  const fields = monitorFields(STATUS, many) as { ready: number; queues: object }
  assert.deepEqual([fields.ready, Object.keys(fields.queues).length], [20, 10])
})

test('a line each time, also while the store is away, and none after the end', async () => {
  const clock = new ManualClock()
  const lines: unknown[] = []
  let away = false
  const end = startMonitor({
    every: 30_000,
    status: () => STATUS,
    queues: () => (away ? Promise.reject(new Error('away')) : Promise.resolve([queue('mail', 1, 5)])),
    say: (...line) => void lines.push([line[1], (line[3] as { ready: unknown }).ready]),
    clock,
  })
  await clock.pass(29_999)
  assert.deepEqual(lines, [])
  await clock.pass(1)
  away = true
  await clock.pass(30_000)
  assert.deepEqual(lines, [
    ['monitor', 1],
    ['monitor', null],
  ])
  end()
  await clock.pass(60_000)
  assert.equal(lines.length, 2)
})

test('0 is never', async () => {
  const clock = new ManualClock()
  startMonitor({
    every: 0,
    status: () => STATUS,
    queues: () => Promise.resolve([]),
    say: () => assert.fail('said something'),
    clock,
  })
  await clock.pass(1_000_000)
})
