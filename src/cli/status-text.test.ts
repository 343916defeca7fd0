/** The table of `status` and the lines of a wait: what people see of workers, also while two share one name. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { Texts } from '../base/messages/messages.ts'
import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import { changeLines, statusText } from './status-text.ts'

const english = new Texts('en')
const out = {
  say: english.say.bind(english),
  style: (_: unknown, text: string) => text,
}

function worker(name: string, facts: Partial<WorkerFacts> = {}): WorkerFacts {
  return {
    name,
    pid: 11,
    state: 'running',
    uptime_ms: 61_000,
    rss_mb: 80.4,
    cpu: 12.6,
    loop_delay_ms: 11,
    running: 3,
    finished: 4_711,
    restarts: 0,
    session: 's',
    adopted: false,
    last_end: null,
    ...facts,
  }
}

function status(workers: readonly WorkerFacts[]): SupervisorStatus {
  const supervisor = {
    pid: 10,
    name: 'mail',
    version: '1',
    state: 'running',
    started_at: '2026-01-01T00:00:00.000Z',
    uptime_ms: 7_200_000,
    rss_mb: 60.2,
    count: 3,
    log: '/app/logs/mail.log',
  } as const
  return { supervisor, workers }
}

test('the supervisor on a line, each worker on one, and why workers ended', () => {
  const unknown = {
    uptime_ms: null,
    rss_mb: null,
    cpu: null,
    loop_delay_ms: null,
    running: null,
    finished: null,
  }
  const text = statusText(
    status([
      worker('mail-1', { adopted: true }),
      worker('mail-2', {
        ...unknown,
        pid: null,
        state: 'restarting',
        restarts: 2,
        last_end: 'killed by\nSIGKILL',
      }),
    ]),
    out,
  )
  assert.deepEqual(
    text.split('\n').map((line) => line.replaceAll(/ {2,}/g, '  ')),
    [
      'mail: running, pid 10, up 2 h, 60 MB, workers that take work: 1 of 3',
      'log: /app/logs/mail.log',
      '',
      'worker  pid  state  up  memory  cpu  loop delay  running  finished  restarts',
      'mail-1  11  running  61 s  80 MB  13 %  11 ms  3  4711  0  adopted',
      'mail-2  restarting  2',
      '',
      'mail-2, last time: killed by SIGKILL',
    ],
  )
})

test('in Chinese, too, why a worker ended', () => {
  const chinese = new Texts('zh')
  const voice = { say: chinese.say.bind(chinese), style: (_: unknown, text: string) => text }
  const text = statusText(status([worker('mail-1', { last_end: 'was ended by SIGKILL' })]), voice)
  assert.match(text, /mail-1 上一次：被 SIGKILL 结束$/)
})

test('a wait tells what changes, and nothing when nothing does', () => {
  const before = [worker('mail-1'), worker('mail-2', { pid: 12 })]
  assert.deepEqual(changeLines(before, before, out), [])
  const renewing = [
    worker('mail-1', { state: 'draining' }),
    worker('mail-1', { pid: 13 }),
    worker('mail-2', { pid: 12, state: 'draining', running: 0 }),
  ]
  assert.deepEqual(changeLines(before, renewing, out), [
    'mail-1 (pid 11): draining, still running: 3',
    'mail-1 (pid 13): running',
    'mail-2 (pid 12): draining',
  ])
  assert.deepEqual(changeLines(renewing, [worker('mail-1', { pid: null, state: 'restarting' })], out), [
    'mail-1: restarting',
    'mail-1 (pid 11): gone',
    'mail-1 (pid 13): gone',
    'mail-2 (pid 12): gone',
  ])
})
