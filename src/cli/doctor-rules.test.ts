/** Doctor: a healthy system is called healthy, and each illness is named with its cure. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import type { QueueStats } from '../core/cold-verbs.ts'
import { plainFacts } from '../core/engine-facts.ts'
import type { SessionRecord } from '../core/record.ts'
import { judgeMachine, judgeStore, judgeWork, type StoreFacts, type WorkFacts } from './doctor-rules.ts'
import type { Finding } from './finding.ts'

const machine = { node: '26.10.0', cores: 2, host: 'here' }

const store: StoreFacts = {
  engine: 'sqlite',
  url: 'sqlite:/app/x.db',
  durability: { class: 'D3', text: 'fsynced' },
  instance: '00',
  processes: [{ pid: 7, instance: '00' }],
  examined: plainFacts('SQLite', '3.51.3', '3.51.3'),
  disk: { type: 'ext4', network: false, freeBytes: 1e10 },
  clockOffset: 12,
}

function queue(name: string, counts: Partial<QueueStats['counts']>, paused = false): QueueStats {
  const none = { scheduled: 0, ready: 0, running: 0, succeeded: 0, dead: 0, cancelled: 0 }
  return { queue: name, paused, counts: { ...none, ...counts }, estimated: [], oldest: null, workers: 0 }
}

function session(id: string, more: Partial<SessionRecord> = {}): SessionRecord {
  return { id, host: 'here', queues: null, types: ['a'], draining: false, ...more } as SessionRecord
}

const idle: WorkFacts = { queues: [], live: [], ready: [], orphans: [] }

function wrong(findings: readonly Finding[]): string[] {
  return findings.filter(({ ok }) => !ok).map(({ check, detail, mend }) => `${check}: ${detail} → ${mend}`)
}

test('healthy systems: idle, and at work', () => {
  assert.deepEqual(wrong(judgeMachine(machine)), [])
  assert.deepEqual(wrong(judgeStore(store, 1)), [])
  assert.deepEqual(wrong(judgeWork(idle, machine)), [])
  const busy = {
    queues: [queue('q', { ready: 5 }), queue('calm', {}, true)],
    live: [session('1'), session('2', { queues: ['q'] })],
    ready: [{ name: 'a', queue: 'q', count: 5 }],
    orphans: [],
  }
  assert.deepEqual(wrong(judgeWork(busy, machine)), [])
})

for (const [name, change, expected] of [
  [
    'an old engine',
    { examined: plainFacts('SQLite', '3.46.1', '3.51.3') },
    /^version: SQLite 3\.46\.1 → use a Node/,
  ],
  [
    'a network file system',
    { disk: { type: 'nfs', network: true, freeBytes: 1e10 } },
    /^file system: nfs → put the database on a local disk/,
  ],
  [
    'a full disk',
    { disk: { type: 'ext4', network: false, freeBytes: 1e6 } },
    /^disk space: 0 MiB free → free/,
  ],
  [
    'a process that has another store open',
    { processes: [{ pid: 7, instance: '01' }] },
    /^instance: process 7 has another store open under this URL → see where/,
  ],
  ['a clock that is wrong', { clockOffset: -90_000 }, /^clock: .* 90 s behind → set the clocks/],
] as const) {
  test(`the store: ${name}`, () => {
    const told = wrong(judgeStore({ ...store, ...change }, 1))
    assert.equal(told.length, 1)
    assert.match(told[0] ?? '', expected)
  })
}

for (const [name, change, expected] of [
  [
    'nobody works',
    { queues: [queue('q', { ready: 3 })], ready: [{ name: 'a', queue: 'q', count: 3 }] },
    ['queues without a worker: q (3 ready) → windlass up'],
  ],
  [
    'nobody takes from a queue, or only one that drains',
    {
      queues: [queue('q', { ready: 3 })],
      live: [session('1', { queues: ['x'] }), session('2', { draining: true })],
    },
    ['queues without a worker: q (3 ready) → windlass up'],
  ],
  [
    'nobody knows a type',
    {
      queues: [queue('q', { ready: 1 })],
      live: [session('1')],
      ready: [{ name: 'b', queue: 'q', count: 1 }],
    },
    [
      'task types without a worker: b in q (1 ready) → add the type to `tasks` in the config, then windlass up',
    ],
  ],
  [
    'tasks of dead workers',
    { orphans: [{ name: 's1', queue: 'q', count: 2 }] },
    ['tasks of dead workers: 2 of session s1 → windlass up'],
  ],
  [
    'a paused queue with a backlog',
    { queues: [queue('q', { ready: 2, scheduled: 1 }, true)] },
    ['paused queues: q is paused with 2 ready, 1 scheduled → windlass queue resume q'],
  ],
  [
    'more workers than cores can feed',
    { live: [1, 2, 3, 4, 5].map((id) => session(String(id))) },
    [
      'workers: 5 live, 5 on this host with 2 cores → windlass scale 4, with more --concurrency if tasks mostly wait',
    ],
  ],
] as const satisfies readonly (readonly [string, Partial<WorkFacts>, readonly string[]])[]) {
  test(`the work: ${name}`, () => {
    assert.deepEqual(wrong(judgeWork({ ...idle, ...change }, machine)), expected)
  })
}

test('an old Node', () => {
  assert.equal(wrong(judgeMachine({ ...machine, node: '22.1.0' })).length, 1)
})
