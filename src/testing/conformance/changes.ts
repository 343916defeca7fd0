// Conformance: changes feed. Each change of a task's state, in order, with cursors that a reader can remember.

import assert from 'node:assert/strict'

import type { Change } from '../../core/cold-verbs.ts'
import { newTask, outcomes } from '../samples.ts'
import type { Bench } from './bench.ts'
import { check, type TopicSpec } from './case.ts'

/** What a reader who knew `since` is told, as far as it is about tasks. */
async function since(b: Bench, cursor: number): Promise<[string, Change['state'], number][]> {
  const page = await b.engine.records.changes(cursor, 1_000)
  assert.equal(page.gap, false)
  return page.changes.map(({ id, state, attempt }) => [id, state, attempt])
}

async function newest(b: Bench): Promise<number> {
  return (await b.engine.records.changes(-1, 1_000)).cursor
}

/** Makes many changes of one task; each round is two. */
async function churn(b: Bench, rounds: number): Promise<void> {
  const session = await b.session()
  await b.add({ timeout: null })
  for (let i = 0; i < rounds; i++) await b.settle(await b.take(session), outcomes.release())
}

const told = [
  check('a change carries when, what and which attempt', ['DESIGN §4'], async (b) => {
    await b.start({ id: 't', type: 'mail', queue: 'q' })
    const { changes, cursor, gap } = await b.engine.records.changes(0, 10)
    const same = { at: b.now, id: 't', type: 'mail', queue: 'q' }
    assert.deepEqual(changes, [
      { cursor: cursor - 1, ...same, state: 'ready', attempt: 0 },
      { cursor, ...same, state: 'running', attempt: 1 },
    ])
    assert.equal(gap, false)
  }),
  check('a life is told step by step from the enqueue on; promotion is not', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    await b.add({ id: 't', due: { after: 10 } })
    b.clock.advance(10)
    await b.sweep()
    assert.deepEqual(await since(b, 0), [['t', 'scheduled', 0]])
    await b.end(await b.take(session), outcomes.retry(0))
    await b.end(await b.take(session), outcomes.release())
    await b.end(await b.take(session), outcomes.die())
    await b.act('requeue', 't')
    await b.end(await b.take(session), outcomes.succeed())
    await b.act('delete', 't')
    assert.deepEqual(await since(b, 0), [
      ['t', 'scheduled', 0],
      ['t', 'running', 1],
      ['t', 'scheduled', 1],
      ['t', 'running', 2],
      ['t', 'ready', 2],
      ['t', 'running', 3],
      ['t', 'dead', 3],
      ['t', 'ready', 3],
      ['t', 'running', 4],
      ['t', 'succeeded', 4],
      ['t', 'deleted', 4],
    ])
  }),
  check('cancelling, expiring and purging are told too', ['DESIGN §4'], async (b) => {
    await b.addAll([
      { id: 'cancelled' },
      { id: 'expired', expires: { after: 5 }, priority: 9, keep: { succeeded: 1_000, dead: 1_000 } },
      { id: 'swept', expires: { after: 5 }, due: { after: 60_000 } },
    ])
    const added = await newest(b)
    await b.act('cancel', 'cancelled')
    b.clock.advance(5)
    await b.claim(await b.session(), { limit: 1 })
    await b.sweep()
    b.clock.advance(1_000)
    await b.sweep()
    assert.deepEqual(await since(b, added), [
      ['cancelled', 'cancelled', 0],
      ['expired', 'cancelled', 0],
      ['swept', 'cancelled', 0],
      ['expired', 'deleted', 0],
    ])
  }),
  check(
    'what changes no state is not told: refusals, requests, reports, priorities, heartbeats',
    ['DESIGN §4'],
    async (b) => {
      const task = await b.start({ id: 't' })
      const waiting = await b.add()
      const before = await newest(b)
      await b.act('cancel', 't')
      await b.act('requeue', 't')
      await b.engine.records.act([{ verb: 'reprioritise', id: waiting, priority: 3 }])
      await b.beat(task.session ?? '', [])
      await b.settle(task, outcomes.succeed(), { claim: 'stale.1' })
      await b.engine.report([{ id: 't', claim: task.claim ?? '', progress: null, logs: [] }])
      await b.kill(task.session ?? '')
      await b.sweep()
      assert.deepEqual(await since(b, before), [])
      assert.equal(await newest(b), before)
    },
  ),
  check('a follow-up is told after the ending that brought it', ['DESIGN §4'], async (b) => {
    const before = await newest(b)
    const task = await b.start()
    const child = newTask()
    await b.end(task, outcomes.succeed(), { followUps: [child] })
    assert.deepEqual(
      (await since(b, before)).map(([id, state]) => [id, state]),
      [
        [task.id, 'ready'],
        [task.id, 'running'],
        [task.id, 'succeeded'],
        [child.id, 'ready'],
      ],
    )
  }),
]

const reading = [
  check('cursors rise, and pages meet without gap or repeat', ['DESIGN §4', 20], async (b) => {
    await churn(b, 10)
    const all = (await b.engine.records.changes(0, 1_000)).changes
    assert.equal(all.length, 21)
    assert.ok(all.every((one, i) => i === 0 || one.cursor > (all[i - 1]?.cursor ?? 0)))
    const pieces: Change[] = []
    let cursor = 0
    for (let page = await b.engine.records.changes(cursor, 3); page.changes.length > 0;) {
      assert.ok(page.changes.length <= 3)
      pieces.push(...page.changes)
      cursor = page.cursor
      page = await b.engine.records.changes(cursor, 3)
    }
    assert.deepEqual(pieces, all)
    assert.equal(cursor, await newest(b))
  }),
  check('at the end there is nothing, and the cursor stands', ['DESIGN §4'], async (b) => {
    assert.deepEqual(await b.engine.records.changes(0, 10), { changes: [], cursor: 0, gap: false })
    await churn(b, 2)
    const end = await newest(b)
    assert.deepEqual(await b.engine.records.changes(end, 10), { changes: [], cursor: end, gap: false })
  }),
  check('since −1 tells the newest cursor only, from which nothing is missed', ['DESIGN §4'], async (b) => {
    await churn(b, 3)
    const page = await b.engine.records.changes(-1, 10)
    assert.deepEqual([page.changes, page.gap], [[], false])
    const id = await b.add()
    await b.act('cancel', id)
    assert.deepEqual(await since(b, page.cursor), [
      [id, 'ready', 0],
      [id, 'cancelled', 0],
    ])
  }),
  check('the entries of one call stand in the order of its items', ['DESIGN §4'], async (b) => {
    await b.addAll([{ id: 'c' }, { id: 'a' }, { id: 'b' }])
    const added = (await since(b, 0)).map(([id]) => id)
    assert.deepEqual(added, ['c', 'a', 'b'])
    await b.engine.records.act(['b', 'c', 'a'].map((id) => ({ verb: 'cancel', id }) as const))
    assert.deepEqual(
      (await since(b, 0)).map(([id]) => id),
      [...added, 'b', 'c', 'a'],
    )
  }),
]

const dropped = [
  check(
    'changes over what is kept are dropped by the sweep; a reader behind is told of the gap',
    ['DESIGN §1'],
    async (b) => {
      await churn(b, 100)
      const end = await newest(b)
      await b.sweep()
      const first = await b.engine.records.changes(0, 1_000)
      assert.equal(first.gap, true)
      assert.ok(first.changes.length >= 50 && first.changes.length < 201, `${first.changes.length} are left`)
      assert.equal(first.cursor, end)
      assert.equal(first.changes.at(-1)?.cursor, end)
      const oldest = first.changes[0]?.cursor ?? 0
      assert.equal((await b.engine.records.changes(oldest - 1, 10)).gap, false)
      assert.equal((await b.engine.records.changes(oldest - 2, 10)).gap, true)
      await b.act('cancel', await b.add())
      assert.ok((await newest(b)) > end)
    },
    { needs: ['shortFeed'], open: { changesKept: 50 } },
  ),
  check(
    'nothing is dropped while it is within what is kept',
    ['DESIGN §1'],
    async (b) => {
      await churn(b, 20)
      await b.sweep()
      assert.equal((await since(b, 0)).length, 41)
    },
    { needs: ['shortFeed'], open: { changesKept: 50 } },
  ),
]

export const changesTopic: TopicSpec = { topic: 'changes feed', cases: [...told, ...reading, ...dropped] }
