// Conformance: journal. Append-only streams, the attempts of tasks, their log lines.

import assert from 'node:assert/strict'

import type { JournalQuery } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AttemptRecord, JournalEntry, TaskRecord } from '../../core/record.ts'
import { newError, outcomes } from '../samples.ts'
import { only, type Bench } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

function entry(n: number, fields: Partial<JournalEntry> = {}): JournalEntry {
  return { stream: 'audit', key: 'k', at: n, body: `entry ${n}`, ...fields }
}

async function read(b: Bench, fields: Partial<JournalQuery> = {}) {
  const query = { stream: 'audit', key: null, from: null, to: null, limit: 100, cursor: null, ...fields }
  return b.engine.journal.read(query)
}

const streams = [
  check(
    'entries come back as they went in, newest first, each stream by itself',
    ['DESIGN §4'],
    async (b) => {
      await b.engine.journal.append([entry(1), entry(2, { stream: 'tick' }), entry(3)])
      await b.engine.journal.append([entry(4)])
      assert.deepEqual(await read(b), { entries: [entry(4), entry(3), entry(1)], next: null })
      assert.deepEqual((await read(b, { stream: 'tick' })).entries, [entry(2, { stream: 'tick' })])
      assert.deepEqual(await read(b, { stream: 'none' }), { entries: [], next: null })
    },
  ),
  check('equal entries are kept each', ['DESIGN §4'], async (b) => {
    await b.engine.journal.append([entry(1), entry(1)])
    await b.engine.journal.append([entry(1)])
    assert.equal((await read(b)).entries.length, 3)
  }),
  check('by key, compared byte by byte', ['DESIGN §4'], async (b) => {
    await b.engine.journal.append([entry(1, { key: 'a' }), entry(2, { key: 'A' }), entry(3, { key: 'a ' })])
    assert.deepEqual((await read(b, { key: 'a' })).entries, [entry(1, { key: 'a' })])
  }),
  check('by time: from inclusive, to exclusive', ['DESIGN §4'], async (b) => {
    await b.engine.journal.append([1, 2, 3, 4].map((n) => entry(n)))
    assert.deepEqual((await read(b, { from: 2, to: 4 })).entries, [entry(3), entry(2)])
    assert.deepEqual((await read(b, { from: 4 })).entries, [entry(4)])
    assert.deepEqual((await read(b, { to: 2 })).entries, [entry(1)])
  }),
  check('pages come to each entry once, while others append', [20], async (b) => {
    await b.engine.journal.append(Array.from({ length: 10 }, (_, n) => entry(n, { at: Math.floor(n / 4) })))
    const bodies: string[] = []
    let cursor: string | null = null
    do {
      const page: { entries: readonly JournalEntry[]; next: string | null } = await read(b, {
        limit: 3,
        cursor,
      })
      bodies.push(...page.entries.map((one) => one.body))
      cursor = page.next
      await b.engine.journal.append([entry(99, { at: 99 })])
    } while (cursor !== null && bodies.length < 50)
    assert.deepEqual(
      bodies,
      Array.from({ length: 10 }, (_, n) => `entry ${9 - n}`),
    )
  }),
  check('a cursor that cannot be read is refused', [20], async (b) => {
    await b.engine.journal.append([entry(1)])
    await assert.rejects(read(b, { cursor: 'nonsense' }), { code: 'invalid_option', applied: 'no' })
  }),
  check(
    'prune drops what is older of one stream, at most the limit, oldest first',
    ['DESIGN §1'],
    async (b) => {
      await b.engine.journal.append([1, 2, 3, 4].map((n) => entry(n)))
      await b.engine.journal.append([entry(1, { stream: 'tick' })])
      assert.equal(await b.engine.journal.prune('audit', 4, 2), 2)
      assert.deepEqual((await read(b)).entries, [entry(4), entry(3)])
      assert.equal(await b.engine.journal.prune('audit', 4, 2), 1)
      assert.equal(await b.engine.journal.prune('audit', 4, 2), 0)
      assert.deepEqual((await read(b)).entries, [entry(4)])
      assert.equal((await read(b, { stream: 'tick' })).entries.length, 1)
    },
  ),
]

function told(task: TaskRecord, endedAt: number | null, fields: Partial<AttemptRecord>): AttemptRecord {
  return {
    attempt: task.attempt,
    session: task.session,
    worker: 'worker-1',
    startedAt: task.startedAt ?? 0,
    endedAt,
    outcome: null,
    reason: null,
    error: null,
    warnings: [],
    ...fields,
  }
}

async function attempts(b: Bench, id: string): Promise<AttemptRecord[]> {
  return only(await b.engine.journal.attempts([id]))
}

const FAILED = { outcome: 'retry', reason: 'failed', error: newError() } as const

const tries = [
  check('a task that never ran has none, nor has an unknown one', ['DESIGN §4'], async (b) => {
    const id = await b.add()
    assert.deepEqual(await b.engine.journal.attempts([id, 'unknown']), [[], []])
    await b.act('cancel', id)
    assert.deepEqual(await attempts(b, id), [])
  }),
  check('the running attempt is told without an end', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    assert.deepEqual(await attempts(b, task.id), [told(task, null, {})])
  }),
  check('the running attempt does not show the ending of the one before', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    await b.end(first, outcomes.retry(0))
    const ended = b.now
    b.clock.advance(10)
    const second = await b.take(session)
    assert.deepEqual(await attempts(b, first.id), [told(first, ended, FAILED), told(second, null, {})])
  }),
  check('a task that waits for its retry tells the ended attempt once', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    b.clock.advance(10)
    await b.end(task, outcomes.retry(1_000, { warnings: ['slow', 'swallowed'] }))
    assert.deepEqual(await attempts(b, task.id), [
      told(task, b.now, { ...FAILED, warnings: ['slow', 'swallowed'] }),
    ])
  }),
  check('the last attempt of a final task is told with its ending', [18], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    await b.end(first, outcomes.release())
    const released = b.now
    b.clock.advance(10)
    const second = await b.take(session)
    b.clock.advance(10)
    const warnings = ['returned nothing after an error was logged']
    await b.end(second, outcomes.succeed('1', { warnings }))
    assert.deepEqual(await attempts(b, first.id), [
      told(first, released, { outcome: 'release', reason: 'drained' }),
      told(second, b.now, { outcome: 'succeed', warnings }),
    ])
  }),
  check('a task that was cancelled while it waited tells no attempt twice', [18], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.retry(1_000))
    const ended = b.now
    b.clock.advance(10)
    await b.act('cancel', task.id)
    assert.deepEqual(await attempts(b, task.id), [told(task, ended, FAILED)])
  }),
  check('an ending that a cancel request made final is told as cancelled', [9, 18], async (b) => {
    const task = await b.start()
    await b.act('cancel', task.id)
    await b.end(task, outcomes.snooze(10))
    const last = only(await attempts(b, task.id))
    assert.deepEqual([last.outcome, last.reason, last.endedAt], ['cancel', 'cancelled', b.now])
  }),
  check('a requeue keeps the attempts before', [18], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    await b.end(first, outcomes.die({ warnings: ['w'] }))
    const ended = b.now
    b.clock.advance(10)
    await b.act('requeue', first.id)
    const dead = told(first, ended, { outcome: 'die', reason: 'fatal', error: newError(), warnings: ['w'] })
    assert.deepEqual(await attempts(b, first.id), [dead])
    const second = await b.take(session)
    await b.end(second, outcomes.succeed())
    assert.deepEqual(await attempts(b, first.id), [dead, told(second, b.now, { outcome: 'succeed' })])
  }),
  check('a rescued attempt is told with the outcome of the rescue', [10], async (b) => {
    const task = await b.start()
    await b.kill(task.session ?? '')
    b.clock.advance(10)
    await b.end(task, outcomes.crash(0), { guard: 'rescue' })
    assert.deepEqual(await attempts(b, task.id), [
      told(task, b.now, { outcome: 'crash', error: newError('the process died') }),
    ])
  }),
  check('attempts name the worker that ran them', ['DESIGN §4'], async (b) => {
    const [one, other] = [await b.session({ name: 'ann' }), await b.session({ name: 'bob' })]
    await b.end(await b.start({}, one), outcomes.release())
    const { id } = await b.end(await b.take(other), outcomes.release())
    const list = await attempts(b, id)
    assert.deepEqual(
      list.map((attempt) => [attempt.worker, attempt.session]),
      [
        ['ann', one],
        ['bob', other],
      ],
    )
  }),
  check('the newest 100 attempts are kept', ['DESIGN §1'], async (b) => {
    const session = await b.session()
    const id = await b.add()
    for (let i = 0; i < LIMITS.attempts + 4; i++) await b.settle(await b.take(session), outcomes.release())
    const list = await attempts(b, id)
    assert.deepEqual(
      list.map((attempt) => attempt.attempt),
      Array.from({ length: LIMITS.attempts }, (_, i) => i + 5),
    )
    assert.equal((await b.get(id)).releases, LIMITS.attempts + 4)
  }),
]

const logs = [
  check('log lines come back as they went in, oldest first, over all attempts', ['DESIGN §6'], async (b) => {
    const session = await b.session()
    const line = (n: number) =>
      ({
        at: b.now + n,
        level: (['debug', 'info', 'warn', 'error'] as const)[n % 4] ?? 'info',
        message: `行 ${n}\n`,
      }) as const
    const first = await b.start({}, session)
    await b.engine.report([
      { id: first.id, claim: first.claim ?? '', progress: null, logs: [line(0), line(1)] },
    ])
    await b.end(first, outcomes.release(), { logs: [line(2)] })
    await b.end(await b.take(session), outcomes.succeed(), { logs: [line(3)] })
    const all = await b.engine.journal.logs(first.id, null, 100)
    assert.deepEqual(all, { lines: [line(0), line(1), line(2), line(3)], next: null })
  }),
  check('log lines are read page by page', [20], async (b) => {
    const task = await b.start()
    const lines = Array.from({ length: 7 }, (_, n) => ({ at: 5, level: 'info' as const, message: `${n}` }))
    await b.end(task, outcomes.succeed(), { logs: lines })
    const read: string[] = []
    let after: string | null = null
    do {
      const page: { lines: readonly { message: string }[]; next: string | null } =
        await b.engine.journal.logs(task.id, after, 3)
      assert.ok(page.lines.length <= 3)
      read.push(...page.lines.map((one) => one.message))
      after = page.next
    } while (after !== null && read.length < 50)
    assert.deepEqual(
      read,
      lines.map((one) => one.message),
    )
  }),
  check('each task has log lines of its own; an unknown one has none', ['DESIGN §6'], async (b) => {
    const session = await b.session()
    const [one, other] = [await b.start({}, session), await b.start({}, session)]
    await b.end(one, outcomes.succeed(), { logs: [{ at: 1, level: 'info', message: 'mine' }] })
    assert.deepEqual(await b.engine.journal.logs(other.id, null, 10), { lines: [], next: null })
    assert.deepEqual(await b.engine.journal.logs('unknown', null, 10), { lines: [], next: null })
  }),
]

export const journalTopic: TopicSpec = { topic: 'journal', cases: [...streams, ...tries, ...logs] }
