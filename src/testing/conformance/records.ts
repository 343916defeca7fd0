// Conformance: records and search. Reading by id, finding by field, tag and text page by page, counts, sessions.

import assert from 'node:assert/strict'

import type { TaskFilter } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { NewTask } from '../../core/hot-verbs.ts'
import { newError, newTask, outcomes } from '../samples.ts'
import { ids, only, type Bench } from './bench.ts'
import { check, checkEach, type TopicSpec } from './case.ts'

async function find(b: Bench, filter: Partial<TaskFilter> = {}) {
  return b.engine.records.find({ limit: 100, cursor: null, ...filter })
}

async function found(b: Bench, filter: Partial<TaskFilter> = {}): Promise<string[]> {
  return ids((await find(b, filter)).tasks)
}

/** All pages, put together. */
async function paged(b: Bench, filter: Partial<TaskFilter>, limit: number): Promise<string[]> {
  const all: string[] = []
  for (let cursor: string | null = null, first = true; first || cursor !== null; first = false) {
    const page = await find(b, { ...filter, limit, cursor })
    assert.ok(page.tasks.length <= limit)
    all.push(...ids(page.tasks))
    cursor = page.next
    assert.ok(all.length < 10_000, 'the pages never end')
  }
  return all
}

/** One task a millisecond, so that the order of creation is known. */
async function addInTurn(b: Bench, list: readonly Partial<NewTask>[]): Promise<string[]> {
  const added: string[] = []
  for (const fields of list) {
    added.push(await b.add(fields))
    b.clock.advance(1)
  }
  return added
}

/** Many tasks; every 500th has the tag `often`. */
async function addMany(b: Bench, count: number): Promise<void> {
  for (let n = 0; n < count; n += LIMITS.batch) {
    const fields = (i: number) => ({ payload: 'null', tags: i % 500 === 0 ? ['often'] : [] })
    await b.engine.enqueue(Array.from({ length: LIMITS.batch }, (_, i) => newTask(fields(i))))
  }
}

const reading = [
  check('get: aligned, with null for what is not there, also twice', ['DESIGN §4'], async (b) => {
    const [one, two] = await b.addAll([{}, {}])
    const all = await b.engine.records.get([two ?? '', 'unknown', one ?? '', two ?? ''])
    assert.deepEqual(
      all.map((task) => task?.id ?? null),
      [two, null, one, two],
    )
  }),
  check('a record that was read does not change when the task does', ['DESIGN §4'], async (b) => {
    const id = await b.add({ tags: ['a'] })
    const before = await b.get(id)
    const copy = structuredClone(before)
    await b.end(await b.take(await b.session()), outcomes.die())
    assert.deepEqual(before, copy)
  }),
]

const finding = [
  check('newest first', ['DESIGN §4'], async (b) => {
    const all = await addInTurn(b, [{ id: 'z' }, { id: 'a' }, { id: 'm', priority: 9 }])
    const page = await find(b)
    assert.deepEqual([ids(page.tasks), page.next, page.partial], [all.toReversed(), null, false])
    assert.deepEqual(page.tasks[0], await b.get('m'))
  }),
  check('pages come to each task once, also where many were created at once', [20], async (b) => {
    await b.addAll(Array.from({ length: 25 }, () => ({})))
    b.clock.advance(1)
    const late = await addInTurn(b, [{}, {}, {}])
    const all = await paged(b, {}, 4)
    assert.deepEqual(all.slice(0, 3), late.toReversed())
    assert.deepEqual([all.length, new Set(all).size], [28, 28])
  }),
  check('a task that is created between two pages moves nothing', [20], async (b) => {
    const all = await addInTurn(b, [{}, {}, {}, {}])
    const first = await find(b, { limit: 2 })
    await b.add()
    const second = await find(b, { limit: 2, cursor: first.next })
    assert.deepEqual([...ids(first.tasks), ...ids(second.tasks)], all.toReversed())
    assert.equal(second.next, null)
  }),
  check('a page that is just full at the end has no next', [20], async (b) => {
    await b.addAll([{}, {}])
    const page = await find(b, { limit: 2 })
    assert.deepEqual([page.tasks.length, page.next], [2, null])
  }),
  check('a limit is cut to 1,000', [20], async (b) => {
    await b.addAll(Array.from({ length: 600 }, () => ({})))
    await b.addAll(Array.from({ length: 600 }, () => ({})))
    const page = await find(b, { limit: 100_000 })
    assert.equal(page.tasks.length, LIMITS.page)
    const rest = await find(b, { limit: 100_000, cursor: page.next })
    assert.deepEqual([rest.tasks.length, rest.next], [200, null])
  }),
  ...checkEach(
    ['nonsense', 'e30', '', '%%%', 'WyJhIl0'],
    (cursor) => `a cursor that cannot be read is refused: ${JSON.stringify(cursor)}`,
    [20],
    async (b, cursor) => {
      await b.add()
      await assert.rejects(find(b, { cursor }), { code: 'invalid_option', applied: 'no' })
    },
  ),
  check('by state', ['DESIGN §4'], async (b) => {
    const session = await b.session()
    const done = await b.end(await b.start({}, session), outcomes.succeed())
    const dead = await b.end(await b.start({}, session), outcomes.die())
    const running = await b.start({}, session)
    const [ready, later] = [await b.add(), await b.add({ due: { after: 1 } })]
    const gone = await b.add()
    await b.act('cancel', gone)
    for (const [state, id] of [
      ['succeeded', done.id],
      ['dead', dead.id],
      ['running', running.id],
      ['ready', ready],
      ['scheduled', later],
      ['cancelled', gone],
    ] as const) {
      assert.deepEqual(await found(b, { states: [state] }), [id])
    }
    assert.deepEqual((await found(b, { states: ['dead', 'ready'] })).toSorted(), [dead.id, ready].toSorted())
  }),
  check('a task is found by its state of now, not by one it had', ['DESIGN §4'], async (b) => {
    const task = await b.start()
    await b.end(task, outcomes.retry(0))
    assert.deepEqual(await found(b, { states: ['running', 'ready'] }), [])
    assert.deepEqual(await found(b, { states: ['scheduled'] }), [task.id])
  }),
  ...checkEach(
    [
      ['queue', 'mail', 'Mail'],
      ['type', 'send.mail', 'send.Mail'],
      ['group', 'batch-1', 'batch-1 '],
      ['parentId', 'p-1', 'p-10'],
    ] as const,
    ([field]) => `by ${field}, compared byte by byte`,
    ['DESIGN §4'],
    async (b, [field, wanted, near]) => {
      const hit = await b.add({ [field]: wanted })
      await b.addAll([{ [field]: near }, {}])
      assert.deepEqual(await found(b, { [field]: wanted }), [hit])
      assert.deepEqual(await found(b, { [field]: 'nothing' }), [])
    },
  ),
  check('by time of creation: from inclusive, to exclusive', ['DESIGN §4'], async (b) => {
    const start = b.now
    const [one, two, three] = await addInTurn(b, [{}, {}, {}])
    assert.deepEqual(await found(b, { createdFrom: start + 1 }), [three, two])
    assert.deepEqual(await found(b, { createdTo: start + 1 }), [one])
    assert.deepEqual(await found(b, { createdFrom: start + 1, createdTo: start + 2 }), [two])
  }),
  check('several fields have to hold together, over all pages', ['DESIGN §4'], async (b) => {
    const wanted = await addInTurn(
      b,
      Array.from({ length: 7 }, () => ({ queue: 'a', type: 't', tags: ['x'] })),
    )
    await addInTurn(b, [
      { queue: 'a', type: 't' },
      { queue: 'a', tags: ['x'] },
      { type: 't', tags: ['x'] },
    ])
    const filter = { queue: 'a', type: 't', tag: 'x', states: ['ready' as const] }
    assert.deepEqual(await paged(b, filter, 3), wanted.toReversed())
  }),
]

const TEXTS: readonly (readonly [string, Partial<NewTask>, string])[] = [
  ['id', { id: 'Order-77-x' }, 'order-77'],
  ['type', { type: 'Invoice.Render' }, 'voice.rend'],
  ['unique key', { unique: { key: 'KEY-abc', for: null } }, 'key-ABC'],
  ['tag', { tags: ['first', 'Second'] }, 'second'],
  ['payload', { payload: '{"city":"Hamburg"}' }, 'hamBURG'],
  ['a percent sign as itself', { payload: '"100% sure"' }, '0% s'],
  ['an underscore as itself', { payload: '"a_b"' }, 'a_b'],
  ['a backslash as itself', { payload: String.raw`"C:\\temp"` }, String.raw`c:\\t`],
  ['a quote as itself', { payload: `"it's"` }, "t's"],
]

const searching = [
  check('by tag, compared byte by byte', ['DESIGN §4'], async (b) => {
    const hit = await b.add({ tags: ['a', 'wanted'] })
    await b.addAll([{ tags: ['Wanted'] }, { tags: ['wanted '] }, { tags: ['want', 'ed'] }, { tags: [] }])
    const page = await find(b, { tag: 'wanted' })
    assert.deepEqual([ids(page.tasks), page.partial], [[hit], false])
  }),
  ...checkEach(
    TEXTS,
    ([what]) => `text finds ${what}, whatever the case`,
    ['DESIGN §4'],
    async (b, [, fields, text]) => {
      const hit = await b.add(fields)
      await b.addAll([{ id: 'other', payload: '"a b 100 sure axb Cxtemp"' }])
      assert.deepEqual(await found(b, { text }), [hit])
    },
  ),
  check('text finds the message of the error', ['DESIGN §4'], async (b) => {
    const dead = await b.ended(outcomes.die({ error: newError('Connection REFUSED by peer') }))
    await b.add()
    assert.deepEqual(await found(b, { text: 'refused BY' }), [dead.id])
  }),
  check('pages of a search come to each match once', [20], async (b) => {
    const wanted: string[] = []
    for (let i = 0; i < 20; i++) {
      const [hit] = await addInTurn(b, [{ tags: ['x'] }, {}])
      wanted.push(hit ?? '')
    }
    assert.deepEqual(await paged(b, { tag: 'x' }, 3), wanted.toReversed())
  }),
  check(
    'a search looks at the newest 20,000 rows that the other fields leave, and says so',
    [20],
    async (b) => {
      await b.add({ id: 'oldest', tags: ['rare', 'often'], queue: 'rare' })
      b.clock.advance(1)
      await addMany(b, LIMITS.searchRows)
      for (const filter of [{ tag: 'rare' }, { text: 'oldest' }]) {
        const page = await find(b, filter)
        assert.deepEqual([page.tasks, page.next, page.partial], [[], null, true])
        assert.ok(page.scanned <= LIMITS.searchRows)
        const narrow = await find(b, { ...filter, queue: 'rare' })
        assert.deepEqual([ids(narrow.tasks), narrow.partial], [['oldest'], false])
      }
      const fields = await find(b, { queue: 'rare' })
      assert.deepEqual([ids(fields.tasks), fields.partial], [['oldest'], false])
      const often = await paged(b, { tag: 'often' }, 15)
      assert.deepEqual([often.length, often.includes('oldest')], [LIMITS.searchRows / 500, false])
      const stats = only(await b.engine.records.stats(['default']))
      const exact = stats.estimated.includes('ready') || stats.counts.ready === LIMITS.searchRows
      assert.ok(exact, `neither exact nor marked as an estimate: ${stats.counts.ready}`)
    },
  ),
]

const NONE = { scheduled: 0, ready: 0, running: 0, succeeded: 0, dead: 0, cancelled: 0 }

const counting = [
  check('stats count each state of each queue, exactly', [18], async (b) => {
    const session = await b.session({ queues: ['none'] })
    const queue = 'a'
    await b.end(await b.start({ queue }, session), outcomes.succeed())
    await b.end(await b.start({ queue }, session), outcomes.die())
    await b.start({ queue }, session)
    await b.addAll([{ queue }, { queue }, { queue, due: { after: 1 } }, { queue: 'b' }])
    await b.act('cancel', await b.add({ queue }))
    const [a, other] = await b.engine.records.stats(['a', 'b'])
    assert.deepEqual(a, {
      queue: 'a',
      paused: false,
      counts: { scheduled: 1, ready: 2, running: 1, succeeded: 1, dead: 1, cancelled: 1 },
      estimated: [],
      oldest: 0,
      workers: 0,
    })
    assert.deepEqual(other?.counts, { ...NONE, ready: 1 })
  }),
  check('counts are a recount of the rows after every kind of change', [18], async (b) => {
    const sessions = [await b.session(), await b.session()]
    await b.addAll(
      Array.from({ length: 12 }, (_, i) => ({ id: `t${i}`, expires: i === 11 ? { after: 5 } : null })),
    )
    const [one] = sessions
    const { tasks } = await b.claim(one ?? '', { limit: 9 })
    const endings = [
      outcomes.succeed(),
      outcomes.die(),
      outcomes.cancel(),
      outcomes.retry(10),
      outcomes.snooze(10),
      outcomes.release(),
    ]
    for (const [i, outcome] of endings.entries()) await b.settle(tasks[i] ?? tasks[0]!, outcome)
    await b.act('cancel', 't6')
    await b.settle(tasks[6] ?? tasks[0]!, outcomes.retry(10))
    await b.act('requeue', 't1')
    await b.act('delete', 't0')
    await b.act('cancel', 't10')
    b.clock.advance(10)
    await b.sweep()
    await b.kill(one ?? '')
    await b.settle(tasks[7] ?? tasks[0]!, outcomes.crash(), { guard: 'rescue' })
    await b.claim(sessions[1] ?? '', { limit: 2 })
    const { tasks: rows } = await find(b)
    const recount = { ...NONE }
    for (const row of rows) recount[row.state]++
    assert.deepEqual(only(await b.engine.records.stats(null)).counts, recount)
  }),
  check('named queues are answered in their order, unknown ones with zeros', ['DESIGN §4'], async (b) => {
    await b.add({ queue: 'b' })
    const stats = await b.engine.records.stats(['unknown', 'b', 'a'])
    assert.deepEqual(
      stats.map((one) => [one.queue, one.counts.ready, one.oldest, one.paused]),
      [
        ['unknown', 0, null, false],
        ['b', 1, 0, false],
        ['a', 0, null, false],
      ],
    )
  }),
  check(
    'null: every queue with a task, settings, or a live session that names it',
    ['DESIGN §4'],
    async (b) => {
      await b.add({ queue: 'task' })
      await b.pause('settings')
      await b.session({ queues: ['session', 'task'] })
      const dead = await b.session({ queues: ['dead'] })
      await b.kill(dead)
      const stats = await b.engine.records.stats(null)
      const known = Object.fromEntries(stats.map((one) => [one.queue, [one.paused, one.workers]]))
      assert.deepEqual(known, { task: [false, 1], settings: [true, 0], session: [false, 1] })
    },
  ),
  check('workers: live sessions that take from the queue', ['DESIGN §4'], async (b) => {
    await b.session()
    await b.session({ queues: ['a', 'b'] })
    await b.session({ queues: ['b'] })
    await b.kill(await b.session())
    const stats = await b.engine.records.stats(['a', 'b', 'c'])
    assert.deepEqual(
      stats.map((one) => one.workers),
      [2, 3, 1],
    )
  }),
  check('oldest: how long the ready task that was due first has waited', ['DESIGN §4'], async (b) => {
    await b.add({ due: { after: 1_000 } })
    b.clock.advance(500)
    await b.add({ priority: 9 })
    b.clock.advance(400)
    assert.equal(only(await b.engine.records.stats(['default'])).oldest, 400)
    await b.take(await b.session())
    assert.equal(only(await b.engine.records.stats(['default'])).oldest, null)
    b.clock.advance(300)
    await b.sweep()
    assert.equal(only(await b.engine.records.stats(['default'])).oldest, 200)
  }),
  check('sessions by state and host', ['DESIGN §4'], async (b) => {
    const here = await b.session({ host: 'here' })
    const there = await b.session({ host: 'there' })
    const gone = await b.session({ host: 'here' })
    await b.kill(gone)
    const list = async (state: 'live' | 'dead' | null, host: string | null) =>
      ids(await b.engine.records.sessions({ state, host })).toSorted()
    assert.deepEqual(await list(null, null), [here, there, gone].toSorted())
    assert.deepEqual(await list('live', null), [here, there].toSorted())
    assert.deepEqual(await list('dead', null), [gone])
    assert.deepEqual(await list(null, 'here'), [here, gone].toSorted())
    assert.deepEqual(await list('live', 'here'), [here])
    assert.deepEqual(await list(null, 'nowhere'), [])
  }),
]

export const recordsTopic: TopicSpec = {
  topic: 'records and search',
  cases: [...reading, ...finding, ...searching, ...counting],
}
