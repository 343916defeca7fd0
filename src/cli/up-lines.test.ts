/** Lines of `up`: one object a line with --json whatever a worker printed, a name before each line without. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { createLog } from '../base/log.ts'
import type { SupervisorEvent } from '../supervisor/events.ts'
import { createSay, tellEvent } from './up-lines.ts'

const EVENTS: readonly SupervisorEvent[] = [
  { kind: 'started', worker: 'w', pid: 1 },
  { kind: 'ready', worker: 'w', pid: 1, after: 12.7 },
  { kind: 'all_ready', workers: 1 },
  { kind: 'ended', worker: 'w', pid: 1, code: null, signal: 'SIGKILL', error: null, expected: false },
  { kind: 'ended', worker: 'w', pid: 1, code: 0, signal: null, error: null, expected: true },
  { kind: 'ended', worker: 'w', pid: 1, code: null, signal: 'SIGTERM', error: null, expected: true },
  { kind: 'ended', worker: 'w', pid: 1, code: 0, signal: null, error: null, expected: false },
  { kind: 'ended', worker: 'w', pid: null, code: null, signal: null, error: 'ENOENT', expected: false },
  {
    kind: 'rescued',
    worker: 'w',
    task: 't',
    type: 'x',
    attempt: 1,
    line: { level: 'warn', message: 'task interrupted (crashes 1 of 3, again at once)' },
  },
  { kind: 'reported', worker: 'w', session: 's', rescued: 2 },
  {
    kind: 'unreported',
    worker: 'w',
    session: 's',
    error: new Error('redis://:pw@h is away'),
    given_up: false,
  },
  { kind: 'unreported', worker: 'w', session: 's', error: null, given_up: true },
  { kind: 'restart', worker: 'w', delay: 2_000, deaths: 2 },
  { kind: 'crash_loop', worker: 'w', deaths: 3, lines: ['cannot reach redis://:pw@h'] },
]

function tell(events: readonly SupervisorEvent[], json: boolean): string[] {
  const lines: string[] = []
  const line = (text: string): void => void lines.push(text)
  const log = createLog({ json, destination: { write: (text) => line(text.trimEnd()) } })
  const out = { json, style: (_: unknown, text: string) => text }
  for (const event of events) tellEvent(event, createSay(log, out), { line }, out)
  return lines
}

test('every event is one object with its name, and no secret', () => {
  const lines = tell(EVENTS, true)
  const objects = lines.map((line) => JSON.parse(line) as Record<string, unknown>)
  assert.deepEqual(
    objects.map((one) => one['event']),
    EVENTS.map(({ kind }) => kind),
  )
  assert.deepEqual(
    objects.map((one) => one['level']),
    [
      'info',
      'info',
      'info',
      'error',
      'info',
      'info',
      'warn',
      'error',
      'warn',
      'info',
      'warn',
      'warn',
      'info',
      'error',
    ],
  )
  assert.equal(objects[1]?.['after_ms'], 13)
  assert.equal(objects[8]?.['message'], 'rescued: task interrupted (crashes 1 of 3, again at once)')
  assert.equal(lines.join().includes('pw'), false)
  assert.equal(lines.join().includes('"kind"'), false)
})

test('lines of workers: objects get the name, bare text becomes an object', () => {
  const line = (text: string): SupervisorEvent => ({ kind: 'line', worker: 'w', stream: 'stderr', text })
  const [object, bare, broken] = tell([line('{"message":"a"}'), line('plain'), line('{broken')], true).map(
    (one) => JSON.parse(one) as Record<string, unknown>,
  )
  assert.deepEqual(object, { message: 'a', worker: 'w' })
  assert.deepEqual([bare?.['message'], bare?.['worker'], bare?.['stream']], ['plain', 'w', 'stderr'])
  assert.equal(broken?.['message'], '{broken')
})

test('for people: the name first, nothing that steers the terminal, no word for programs', () => {
  const line: SupervisorEvent = { kind: 'line', worker: 'w', stream: 'stdout', text: 'a\u001B[2Jb' }
  assert.deepEqual(tell([line], false), ['[w] a\\x1b[2Jb'])
  const [restart] = tell([{ kind: 'restart', worker: 'w', delay: 2_000, deaths: 2 }], false)
  assert.match(restart ?? '', / INFO {2}worker process starts again in 2 s worker=w delay_ms=2000 deaths=2$/)
})
