/** What doctor says of a supervisor: there or not, silent, its workers missing, in a loop, or left behind. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import { judgeSupervisor, type SupervisorState } from './doctor-supervisor.ts'

function worker(name: string, facts: Partial<WorkerFacts> = {}): WorkerFacts {
  return {
    name,
    pid: 7,
    state: 'running',
    uptime_ms: 1,
    rss_mb: 1,
    cpu: 1,
    loop_delay_ms: 1,
    running: 0,
    finished: 0,
    restarts: 0,
    session: null,
    adopted: false,
    last_end: null,
    ...facts,
  }
}

function status(...workers: WorkerFacts[]): SupervisorStatus {
  const supervisor = {
    pid: 5,
    name: 'worker',
    version: '1',
    state: 'running',
    started_at: '',
    uptime_ms: 1,
    rss_mb: 1,
    count: 2,
    log: null,
  } as const
  return { supervisor, workers }
}

function judge(state: Partial<SupervisorState>): unknown[] {
  const found = judgeSupervisor({ name: 'worker', status: null, mute: null, pid: null, left: [], ...state })
  return found.map(({ ok, detail, mend }) => [ok, detail, mend])
}

test('none, or a healthy one, is right; also while a worker is renewed', () => {
  assert.deepEqual(judge({}), [[true, 'none runs here', null]])
  const renewing = status(worker('worker-1', { state: 'draining' }), worker('worker-1'), worker('worker-2'))
  assert.deepEqual(judge({ status: renewing }), [
    [true, 'worker, pid 5, workers that take work: 2 of 2', null],
  ])
})

test('a worker that is missing, and one that dies again and again', () => {
  const gone = { pid: null, state: 'restarting', last_end: 'killed by SIGKILL' } as const
  const found = judge({
    status: status(
      worker('worker-1', { ...gone, restarts: 1 }),
      worker('worker-2', { ...gone, restarts: 3 }),
    ),
  })
  assert.deepEqual(found, [
    [true, 'worker, pid 5, workers that take work: 0 of 2', null],
    [false, 'worker-1 is missing and starts again: killed by SIGKILL', 'windlass logs --worker worker-1'],
    [false, 'worker-2 is in a crash loop: killed by SIGKILL', 'windlass logs --worker worker-2'],
  ])
})

test('one that does not answer, and workers that are left behind', () => {
  assert.deepEqual(judge({ mute: 'it does not answer', pid: 9 }), [
    [
      false,
      'it does not answer',
      'kill -CONT 9; if that does not help, kill it, then windlass start: its workers are taken over',
    ],
  ])
  assert.deepEqual(judge({ left: [{ name: 'worker-1', pid: 3 }] }), [
    [
      false,
      'worker is gone, its workers go on: worker-1 (pid 3)',
      'windlass start takes them over, windlass stop ends them',
    ],
  ])
})
