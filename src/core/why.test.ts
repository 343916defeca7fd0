// Why a task is not running: each reason, in the order in which the first that holds is told.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { newSession, newTask } from '../testing/samples.ts'
import { wordsAsError } from './kept-error.ts'
import { TASK_STATES, type SessionRecord, type TaskRecord } from './record.ts'
import { explain, type WhyFacts } from './why.ts'

const NOW = Date.UTC(2026, 0, 31, 8)

function task(fields: Partial<TaskRecord>): TaskRecord {
  return {
    ...newTask({ id: 't', type: 'mail.send', queue: 'mail' }),
    state: 'ready',
    place: 1,
    createdAt: NOW,
    runAt: NOW,
    expiresAt: null,
    startedAt: null,
    finishedAt: null,
    attempt: 0,
    failures: 0,
    crashes: 0,
    losses: 0,
    releases: 0,
    snoozes: 0,
    claim: null,
    session: null,
    deadlineAt: null,
    cancelRequestedAt: null,
    uniqueKey: null,
    uniqueUntil: null,
    outcome: null,
    reason: null,
    result: null,
    error: null,
    progress: null,
    ...fields,
  }
}

function session(fields: Partial<SessionRecord> = {}): SessionRecord {
  return {
    ...newSession({ id: 's', types: ['mail.send'], host: 'h', pid: 42 }),
    state: 'live',
    cause: null,
    culprits: null,
    draining: false,
    beat: 1,
    startedAt: NOW,
    seenAt: NOW,
    expiresAt: NOW + 30_000,
    endedAt: null,
    ...fields,
  }
}

const facts = (more: Partial<WhyFacts> = {}): WhyFacts => ({
  now: NOW,
  paused: false,
  liveSessions: [session()],
  ahead: 0,
  ...more,
})

test('a task that is scheduled for later says when', () => {
  const why = explain(
    task({ state: 'scheduled', runAt: NOW + 90_001 }),
    facts({ paused: true, liveSessions: [] }),
  )
  assert.deepEqual(why, { reason: 'due_later', detail: 'due at 2026-01-31T08:01:30.001Z, in 91 s' })
})

test('a task that waits for its retry says after what', () => {
  const retry = task({
    state: 'scheduled',
    runAt: NOW + 60_000,
    attempt: 2,
    outcome: 'retry',
    reason: 'failed',
  })
  const why = explain(retry, facts({ liveSessions: [] }))
  assert.equal(why.reason, 'waiting_retry')
  assert.equal(why.detail, 'after attempt 2 (failed), due at 2026-01-31T08:01:00.000Z, in 60 s')
  assert.match(explain({ ...retry, reason: null, outcome: 'crash' }, facts()).detail, /\(crash\)/)
  assert.match(explain({ ...retry, reason: null, outcome: null }, facts()).detail, /\(ended\)/)
})

test('a pause is told before missing workers, also for what is due but not promoted', () => {
  for (const state of ['ready', 'scheduled'] as const) {
    const why = explain(task({ state }), facts({ paused: true, liveSessions: [], ahead: null }))
    assert.deepEqual(why, { reason: 'queue_paused', detail: 'queue mail is paused' })
  }
})

test('no worker for the queue: none at all, none that takes from it, none that is not draining', () => {
  for (const liveSessions of [
    [],
    [session({ queues: ['other'] })],
    [session({ draining: true })],
    [session({ queues: [] })],
  ]) {
    assert.equal(explain(task({}), facts({ liveSessions })).reason, 'no_worker_for_queue')
  }
})

test('no worker for the type: those that take from the queue do not know it', () => {
  const liveSessions = [session({ types: ['other'] }), session({ queues: ['other'] })]
  const why = explain(task({}), facts({ liveSessions }))
  assert.equal(why.reason, 'no_worker_for_type')
  assert.equal(why.detail, 'no worker of queue mail knows task type mail.send')
})

test('else it is behind others, which are counted', () => {
  const liveSessions = [session({ types: ['other'] }), session({ queues: ['mail'] })]
  const words = (ahead: number | null): string => explain(task({}), facts({ liveSessions, ahead })).detail
  assert.equal(explain(task({}), facts({ liveSessions })).reason, 'behind')
  assert.equal(words(0), '0 ready tasks come first in queue mail')
  assert.equal(words(1), '1 ready task comes first in queue mail')
  assert.equal(words(null), words(0))
})

test('a running task says where, whether it is to stop, and whether its worker is gone', () => {
  const running = task({ state: 'running', attempt: 3, session: 's' })
  assert.deepEqual(explain(running, facts()), {
    reason: 'running',
    detail: 'attempt 3 on worker-1 (pid 42 on h)',
  })
  assert.match(explain({ ...running, cancelRequestedAt: NOW }, facts()).detail, /, cancel requested$/)
  for (const lost of [
    { ...running, session: 'gone' },
    { ...running, session: null },
  ]) {
    assert.deepEqual(explain(lost, facts()), {
      reason: 'running',
      detail: 'its worker is gone; it will be taken over',
    })
  }
})

test('a final task says how it ended', () => {
  const error = wordsAsError(null, 'Error', 'it broke')
  const told = (fields: Partial<TaskRecord>): unknown => Object.values(explain(task(fields), facts()))
  assert.deepEqual(told({ state: 'succeeded', attempt: 2 }), ['finished', 'succeeded in attempt 2'])
  assert.deepEqual(told({ state: 'dead', reason: 'poison', error }), ['finished', 'dead (poison): it broke'])
  assert.deepEqual(told({ state: 'dead' }), ['finished', 'dead (failed): no error kept'])
  assert.deepEqual(told({ state: 'cancelled', reason: 'cancelled' }), ['cancelled', 'cancelled'])
  assert.deepEqual(told({ state: 'cancelled', reason: 'expired' }), [
    'cancelled',
    'expired before it started',
  ])
})

test('every state has an answer', () => {
  for (const state of TASK_STATES) assert.ok(explain(task({ state }), facts()).detail.length > 0)
})
