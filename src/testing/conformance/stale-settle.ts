// Conformance: stale and repeated settlements, and stale reports. Nobody but the holder of the valid token changes
// a task; the holder whose reply was lost may say the same again.

import assert from 'node:assert/strict'

import type { Outcome } from '../../core/hot-verbs.ts'
import { mintToken } from '../../core/ids.ts'
import { newError, newTask, outcomes } from '../samples.ts'
import { settlement, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

/** All that a settlement could have changed. */
async function everything(b: Bench, id: string) {
  const [attempts, logs, changes, page] = await Promise.all([
    b.engine.journal.attempts([id]),
    b.engine.journal.logs(id, null, 1_000),
    b.engine.records.changes(0, 1_000),
    b.engine.records.find({ limit: 1_000, cursor: null }),
  ])
  return { attempts, logs, changes, tasks: page.tasks }
}

const LINE = { at: 1, level: 'info', message: 'a line' } as const

const stale = [
  check('a token that was never given is lost', [2], async (b) => {
    const task = await b.start()
    const before = await everything(b, task.id)
    const reply = await b.settle(task, outcomes.succeed(), { claim: `${mintToken()}.1`, logs: [LINE] })
    assert.deepEqual(reply, { status: 'lost', state: 'running', followUps: [] })
    assert.deepEqual(await everything(b, task.id), before)
  }),
  check(
    'the token of an earlier attempt is lost, also from the session that runs the task now',
    [2],
    async (b) => {
      const session = await b.session()
      const first = await b.start({}, session)
      await b.end(first, outcomes.release())
      const second = await b.take(session)
      const before = await everything(b, first.id)
      assert.deepEqual(await b.settle(first, outcomes.succeed()), {
        status: 'lost',
        state: 'running',
        followUps: [],
      })
      assert.deepEqual(await everything(b, first.id), before)
      assert.equal((await b.settle(second, outcomes.succeed())).status, 'applied')
    },
  ),
  check('the right claim id with another attempt number is lost', [2], async (b) => {
    const claimId = mintToken()
    await b.add()
    const task = await b.take(await b.session(), { claimId })
    for (const claim of [`${claimId}.2`, `${claimId}.0`, claimId, `${claimId}.1 `, '']) {
      assert.equal((await b.settle(task, outcomes.succeed(), { claim })).status, 'lost', claim)
    }
    assert.deepEqual(await b.get(task.id), task)
  }),
  check('the valid token of one task does not settle another', [2], async (b) => {
    const session = await b.session()
    const [one, other] = [await b.start({}, session), await b.start({}, session)]
    assert.equal((await b.settle(one, outcomes.succeed(), { claim: other.claim ?? '' })).status, 'lost')
    assert.deepEqual([await b.get(one.id), await b.get(other.id)], [one, other])
  }),
  check('a settlement after a rescue is lost, and the rescue stands', [2], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.kill(session)
    const rescued = await b.end(task, outcomes.crash(10_000), { guard: 'rescue' })
    assert.equal((await b.settle(task, outcomes.succeed())).status, 'lost')
    assert.deepEqual(await b.get(task.id), rescued)
  }),
  check('a task that waits or is unknown cannot be settled', [2], async (b) => {
    const task = await b.start()
    const waiting = await b.add()
    const replies = await b.engine.settle([
      { ...settlement(task, outcomes.succeed()), id: waiting },
      { ...settlement(task, outcomes.succeed()), id: 'unknown' },
    ])
    assert.deepEqual(replies, [
      { status: 'lost', state: 'ready', followUps: [] },
      { status: 'lost', state: null, followUps: [] },
    ])
  }),
  check('a lost settlement enqueues none of its follow-ups', [2], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.release())
    const reply = await b.settle(task, outcomes.succeed(), { followUps: [newTask({ id: 'child' })] })
    assert.deepEqual(reply, { status: 'lost', state: 'ready', followUps: [] })
    assert.deepEqual(await b.states(['child']), [null])
  }),
  check('a deleted task is lost', [2], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.die())
    await b.act('delete', task.id)
    assert.deepEqual(await b.settle(task, outcomes.die()), { status: 'lost', state: null, followUps: [] })
  }),
]

const REPEATED: readonly (readonly [string, Outcome])[] = [
  ['succeed', outcomes.succeed()],
  ['succeed with a long result', outcomes.succeed(JSON.stringify('x'.repeat(5_000)))],
  ['succeed without a result', outcomes.succeed(null)],
  ['retry', outcomes.retry(60_000)],
  ['die', outcomes.die()],
  ['cancel', outcomes.cancel()],
  ['snooze', outcomes.snooze()],
  ['release', outcomes.release()],
  ['release with a delay', outcomes.release(30_000)],
]

const OTHERS: readonly (readonly [string, Outcome, Outcome])[] = [
  ['kind', outcomes.retry(), outcomes.deadline(undefined, { reason: 'failed', error: newError() })],
  ['target', outcomes.release(0), outcomes.release(0, { to: 'scheduled' })],
  ['result', outcomes.succeed('1'), outcomes.succeed('2')],
  ['result, none', outcomes.succeed('null'), outcomes.succeed(null)],
  ['long result', outcomes.succeed(`"${'x'.repeat(500)}a"`), outcomes.succeed(`"${'x'.repeat(500)}b"`)],
  ['delay', outcomes.retry(10), outcomes.retry(11)],
  ['reason', outcomes.die(), outcomes.die({ reason: 'invalid_payload' })],
  ['error message', outcomes.die(), outcomes.die({ error: newError('something else') })],
]

const repeated = [
  ...checkEach(
    REPEATED,
    ([name]) => `a repeated ${name} already stands, and changes nothing`,
    [8],
    async (b, [, outcome]) => {
      const task = await b.start()
      const fields = { logs: [LINE], followUps: [newTask({ id: 'child' })] }
      const first = await b.settle(task, outcome, fields)
      const before = await everything(b, task.id)
      b.clock.advance(500)
      const again = await b.settle(task, outcome, fields)
      assert.deepEqual(again, { status: 'already', state: first.state, followUps: [] })
      assert.deepEqual(await everything(b, task.id), before)
    },
  ),
  ...checkEach(
    OTHERS,
    ([what]) => `a repeat with another ${what} is lost: the first stands`,
    [2, 8],
    async (b, [, first, second]) => {
      const task = await b.start()
      await b.end(task, first)
      const before = await everything(b, task.id)
      assert.equal((await b.settle(task, second)).status, 'lost')
      assert.deepEqual(await everything(b, task.id), before)
    },
  ),
  check('charges and warnings do not make a repeat another one', [8], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.retry(10))
    const again = outcomes.retry(10, { charge: { failures: 5 }, warnings: ['new'] })
    assert.equal((await b.settle(task, again)).status, 'already')
    assert.equal((await b.get(task.id)).failures, 1)
  }),
  check('a repeat still stands while the next attempt runs, and does not touch it', [2, 8], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    await b.end(first, outcomes.retry(0))
    const second = await b.take(session)
    const reply = await b.settle(first, outcomes.retry(0))
    assert.deepEqual([reply.status, reply.state], ['already', 'running'])
    assert.deepEqual(await b.get(first.id), second)
  }),
  check('a repeat is lost once a later attempt was settled', [2, 8], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    await b.end(first, outcomes.retry(0))
    const done = await b.end(await b.take(session), outcomes.succeed())
    assert.equal((await b.settle(first, outcomes.retry(0))).status, 'lost')
    assert.deepEqual(await b.get(first.id), done)
  }),
  check('a repeat of an outcome that a cancel turned into cancelled stands', [8, 9], async (b) => {
    const task = await b.start()
    await b.act('cancel', task.id)
    const cancelled = await b.end(task, outcomes.retry(10))
    assert.equal(cancelled.state, 'cancelled')
    const reply = await b.settle(task, outcomes.retry(10))
    assert.deepEqual([reply.status, reply.state], ['already', 'cancelled'])
    assert.equal((await b.settle(task, outcomes.cancel())).status, 'lost')
  }),
  check('a repeat after a requeue stands and does not end the task again', [8], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.die())
    await b.act('requeue', task.id)
    const before = await b.get(task.id)
    const reply = await b.settle(task, outcomes.die())
    assert.deepEqual([reply.status, reply.state], ['already', 'ready'])
    assert.deepEqual(await b.get(task.id), before)
  }),
  check('a repeated rescue stands', [8, 10], async (b) => {
    const session = await b.session()
    const task = await b.start({}, session)
    await b.kill(session)
    await b.end(task, outcomes.crash(10_000), { guard: 'rescue' })
    assert.equal((await b.settle(task, outcomes.crash(10_000), { guard: 'rescue' })).status, 'already')
    assert.equal((await b.get(task.id)).crashes, 1)
  }),
]

const reports = [
  check(
    'a report stores progress and appends log lines, and changes nothing else',
    ['DESIGN §6'],
    async (b) => {
      const task = await b.start()
      const told = (await b.engine.records.changes(-1, 0)).cursor
      const report = (percent: number, message: string | null) => ({
        id: task.id,
        claim: task.claim ?? '',
        progress: { percent, message, at: b.now },
        logs: [{ ...LINE, message: `at ${percent}` }],
      })
      assert.deepEqual(await b.engine.report([report(10, 'read'), report(55.5, null)]), [
        { status: 'ok' },
        { status: 'ok' },
      ])
      const progress = { percent: 55.5, message: null, at: b.now }
      assert.deepEqual(await b.get(task.id), { ...task, progress })
      const { lines } = await b.engine.journal.logs(task.id, null, 10)
      assert.deepEqual(
        lines.map((line) => line.message),
        ['at 10', 'at 55.5'],
      )
      assert.equal((await b.engine.records.changes(-1, 0)).cursor, told)
    },
  ),
  check('a report without progress leaves the last one', ['DESIGN §6'], async (b) => {
    const task = await b.start()
    const base = { id: task.id, claim: task.claim ?? '' }
    const progress = { percent: 1, message: 'one', at: b.now }
    await b.engine.report([{ ...base, progress, logs: [] }])
    await b.engine.report([{ ...base, progress: null, logs: [LINE] }])
    assert.deepEqual((await b.get(task.id)).progress, progress)
  }),
  check('a report under a stale token is lost and leaves nothing behind', [2], async (b) => {
    const session = await b.session()
    const first = await b.start({}, session)
    await b.end(first, outcomes.retry(0))
    await b.take(session)
    const before = await everything(b, first.id)
    const progress = { percent: 99, message: 'stale', at: b.now }
    const stray = (id: string, claim: string) => ({ id, claim, progress, logs: [LINE] })
    assert.deepEqual(
      await b.engine.report([stray(first.id, first.claim ?? ''), stray('unknown', first.claim ?? '')]),
      [{ status: 'lost' }, { status: 'lost' }],
    )
    assert.deepEqual(await everything(b, first.id), before)
  }),
  check('a report after the end is lost', [2], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.succeed())
    const report = { id: task.id, claim: task.claim ?? '', progress: null, logs: [LINE] }
    assert.deepEqual(await b.engine.report([report]), [{ status: 'lost' }])
  }),
  check('at most 1,000 log lines are kept, the newest', ['DESIGN §1'], async (b) => {
    const task = await b.start()
    const lines = Array.from({ length: 1_005 }, (_, i) => ({ ...LINE, message: `line ${i}` }))
    const report = (logs: typeof lines) => ({ id: task.id, claim: task.claim ?? '', progress: null, logs })
    await b.engine.report([report(lines.slice(0, 600)), report(lines.slice(600))])
    const kept = await b.engine.journal.logs(task.id, null, 1_000)
    assert.equal(kept.lines.length, 1_000)
    assert.deepEqual([kept.lines[0], kept.lines.at(-1)], [lines[5], lines[1_004]])
    assert.equal(kept.next, null)
  }),
]

export const staleSettleTopic: TopicSpec = {
  topic: 'stale and repeated settle',
  cases: [...stale, ...repeated, ...reports],
}
