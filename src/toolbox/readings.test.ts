/** What figures say of each rule: idle is not wrong, a missing figure is, and too little to judge changes nothing. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { DEFAULT_RULES, type AlertName, type AlertRules } from '../core/alert-rules.ts'
import type { QueueStats } from '../core/cold-verbs.ts'
import type { SessionRecord } from '../core/record.ts'
import type { Figures } from './alert-words.ts'
import { readFigures } from './readings.ts'

const NOW = 10_000_000
const MINUTE = 60_000

function queue(
  name: string,
  more: Partial<QueueStats['counts']> & Partial<Pick<QueueStats, 'paused' | 'oldest'>>,
) {
  const { paused = false, oldest = null, ...counts } = more
  const none = { scheduled: 0, ready: 0, running: 0, succeeded: 0, dead: 0, cancelled: 0 }
  return { queue: name, paused, oldest, counts: { ...none, ...counts }, estimated: [], workers: 0 }
}

function session(more: Partial<SessionRecord> = {}): SessionRecord {
  const identity = { host: 'h', bootId: 'b', pidSpace: 'p', pid: 1, startTime: '1' }
  const work = { name: 'w1', queues: null, types: [], concurrency: 1, lease: 30_000, draining: false }
  const life = { state: 'live', cause: null, culprits: null, endedAt: null } as const
  return {
    id: 's',
    ...identity,
    ...work,
    ...life,
    beat: 1,
    startedAt: 0,
    seenAt: NOW,
    expiresAt: NOW,
    ...more,
  }
}

const IDLE: Figures = {
  queues: { value: [] },
  live: { value: [session()] },
  ended: { value: [] },
  rate: { value: { succeeded: 0, dead: 0 } },
  upkeep: { value: { at: NOW, every: MINUTE, stuck: 0 } },
}

function read(figures: Partial<Figures>, rules: Partial<AlertRules> = {}) {
  const all = readFigures(
    { ...IDLE, ...figures },
    { ...DEFAULT_RULES, waiting: { above: MINUTE }, ...rules },
    NOW,
  )
  return (alert: AlertName) => {
    const found = all.find((one) => one.alert === alert)
    return [found?.wrong, found?.reason, found?.text]
  }
}

test('an idle system is right in every way', () => {
  const of = read({})
  for (const alert of ['success_rate', 'dead', 'backlog', 'workers', 'unserved', 'waiting', 'stuck'] as const)
    assert.deepEqual(of(alert), [false, null, ''], alert)
})

for (const [what, figures, alert, expected] of [
  [
    'too few succeeded',
    { rate: { value: { succeeded: 94, dead: 6 } } },
    'success_rate',
    [true, 'below', '94 % of 100 tasks that ended within 15 min succeeded, less than 95 %'],
  ],
  ['enough succeeded', { rate: { value: { succeeded: 95, dead: 5 } } }, 'success_rate', [false, null, '']],
  [
    'too few ended to judge',
    { rate: { value: { succeeded: 1, dead: 18 } } },
    'success_rate',
    [null, null, ''],
  ],
  [
    'nothing ended while a task has been ready for the whole window',
    { queues: { value: [queue('a', { ready: 1, oldest: 15 * MINUTE })] } },
    'success_rate',
    [true, 'no_data', 'no task ended within 15 min although tasks are ready'],
  ],
  [
    'nothing ended while a task is ready for less than the window',
    { queues: { value: [queue('a', { ready: 1, oldest: 15 * MINUTE - 1 })] } },
    'success_rate',
    [false, null, ''],
  ],
  [
    'nothing ended in a queue that somebody paused',
    { queues: { value: [queue('a', { ready: 1, oldest: 60 * MINUTE, paused: true })] } },
    'success_rate',
    [false, null, ''],
  ],
  [
    'the roll-ups could not be read',
    { rate: { missing: 'the store did not answer' } },
    'success_rate',
    [true, 'no_data', 'the figure could not be taken: the store did not answer'],
  ],
  [
    'too many dead, over all queues',
    { queues: { value: [queue('a', { dead: 100 }), queue('b', { dead: 1 })] } },
    'dead',
    [true, 'above', '101 tasks are dead, more than 100'],
  ],
  ['as many dead as may be', { queues: { value: [queue('a', { dead: 100 })] } }, 'dead', [false, null, '']],
  [
    'too many ready, a paused queue included',
    { queues: { value: [queue('a', { ready: 1_000 }), queue('b', { ready: 1, paused: true })] } },
    'backlog',
    [true, 'above', '1001 tasks are ready, more than 1000'],
  ],
  ['no worker lives', { live: { value: [] } }, 'workers', [true, 'below', '0 live workers, fewer than 1']],
  [
    'a worker was killed a moment ago',
    { ended: { value: [session({ state: 'dead', cause: 'killed', endedAt: NOW - MINUTE })] } },
    'workers',
    [true, 'died', '1 workers ended abnormally within 5 min: w1'],
  ],
  [
    'workers were killed long ago, or stopped',
    {
      ended: {
        value: [
          session({ state: 'dead', cause: 'killed', endedAt: NOW - 6 * MINUTE }),
          session({ state: 'dead', cause: 'stopped', endedAt: NOW }),
        ],
      },
    },
    'workers',
    [false, null, ''],
  ],
  [
    'a queue that no worker takes from',
    { queues: { value: [queue('a', { ready: 2 })] }, live: { value: [session({ queues: ['b'] })] } },
    'unserved',
    [true, 'above', '2 ready tasks are in queues that no worker takes from: a'],
  ],
  [
    'a task waits too long',
    { queues: { value: [queue('a', { ready: 1, oldest: 2 * MINUTE })] } },
    'waiting',
    [true, 'above', 'a task has been ready for 2 min, longer than 60 s'],
  ],
  [
    'tasks that nobody ends',
    { upkeep: { value: { at: NOW, every: MINUTE, stuck: 3 } } },
    'stuck',
    [true, 'above', '3 tasks run although their worker is gone or their time is over'],
  ],
  [
    'no upkeep for too long',
    { upkeep: { value: { at: NOW - 3 * MINUTE - 1, every: MINUTE, stuck: 0 } } },
    'stuck',
    [true, 'no_data', 'nothing was reported by the upkeep for 3 min'],
  ],
  ['no upkeep yet', { upkeep: { value: null } }, 'stuck', [null, null, '']],
] as const satisfies [string, Partial<Figures>, AlertName, unknown[]][])
  test(`${alert}: ${what}`, () => assert.deepEqual(read(figures)(alert), expected))

test('a rule that is switched off says nothing, and a backlog counts the queues that it names', () => {
  const figures = { queues: { value: [queue('a', { ready: 5 }), queue('b', { ready: 9 })] } }
  assert.deepEqual(read(figures, { backlog: null })('backlog'), [undefined, undefined, undefined])
  assert.deepEqual(read(figures, { backlog: { above: 5, queues: ['a'] } })('backlog'), [false, null, ''])
  assert.equal(read(figures, { backlog: { above: 5, queues: ['b'] } })('backlog')[0], true)
})
