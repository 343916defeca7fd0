/** Looking after tasks and queues: find, act, why, pause, clear, and what is shown of payloads. */
import assert from 'node:assert/strict'
import { setImmediate as turn } from 'node:timers/promises'

import { clientOn, claimSome, onEachEngine, record, settleAll } from './fixture.ts'
import { Codecs } from '../../src/core/codec.ts'
import type { Engine } from '../../src/core/engine.ts'
import { WindlassError } from '../../src/core/errors.ts'
import { defineTask } from '../../src/core/task-type.ts'
import { newSession, outcomes } from '../../src/testing/samples.ts'

const sample = defineTask({ name: 'sample', run: (input: unknown) => input })
const other = defineTask({ name: 'other', queue: 'side', run: (input: unknown) => input })

const DEAD = { ...outcomes.succeed(null), kind: 'die', to: 'dead', reason: 'failed' } as const

/** Tasks of one millisecond have no order of creation. */
async function nextMillisecond(engine: Engine): Promise<void> {
  for (const now = await engine.now(); (await engine.now()) <= now;) await turn()
}

onEachEngine('find narrows by every filter, newest first, by pages', async (engine) => {
  const client = clientOn(engine)
  const a = await client.enqueue(sample, { word: 'Walrus' }, { tags: ['red'], group: 'g1' })
  await nextMillisecond(engine)
  const b = await client.enqueue(sample, 2, { delay: '1h', tags: ['red', 'blue'] })
  await nextMillisecond(engine)
  const c = await client.enqueue(other, 3)
  const ids = async (filter: Parameters<typeof client.tasks.find>[0]): Promise<string[]> =>
    (await client.tasks.find(filter)).tasks.map((task) => task.task_id)
  assert.deepEqual(await ids({}), [c.id, b.id, a.id])
  assert.deepEqual(await ids({ state: 'scheduled' }), [b.id])
  assert.deepEqual(await ids({ state: ['ready', 'scheduled'], queue: 'default' }), [b.id, a.id])
  assert.deepEqual(await ids({ queue: 'side' }), [c.id])
  assert.deepEqual(await ids({ type: 'other' }), [c.id])
  assert.deepEqual(await ids({ tag: 'red' }), [b.id, a.id])
  assert.deepEqual(await ids({ text: 'walrus' }), [a.id])
  assert.deepEqual(await ids({ group: 'g1' }), [a.id])
  assert.deepEqual(await ids({ id: b.id }), [b.id])
  assert.deepEqual(await ids({ id: b.id, state: 'dead' }), [])
  assert.deepEqual(await ids({ createdTo: new Date(0) }), [])
  assert.deepEqual(await ids({ createdFrom: '2001-01-01T00:00:00Z', state: 'ready', type: 'sample' }), [a.id])
  const first = await client.tasks.find({ limit: 2 })
  assert.deepEqual([first.tasks.length, first.partial], [2, false])
  const second = await client.tasks.find({ limit: 2, cursor: first.next })
  assert.deepEqual(
    second.tasks.map((task) => task.task_id),
    [a.id],
  )
  assert.equal(second.next, null)
})

onEachEngine('find refuses what it does not know', async (engine) => {
  const client = clientOn(engine)
  await assert.rejects(client.tasks.find({ stat: 'ready' } as object), {
    code: 'unknown_option',
    message: /"state"/,
  })
  await assert.rejects(client.tasks.find({ state: 'scheduld' as 'ready' }), {
    message: /did you mean "scheduled"/,
  })
  await assert.rejects(client.tasks.find({ limit: 0 }), { code: 'invalid_option' })
  await assert.rejects(client.tasks.find({ cursor: 'nonsense' }), { code: 'invalid_option' })
})

onEachEngine('the shape of a task is the one that outside checks rely on', async (engine) => {
  const client = clientOn(engine)
  const { id } = await client.enqueue(sample, { n: 1 }, { priority: 4, tags: ['t'], retry: { retries: 5 } })
  await settleAll(engine, await claimSome(engine), outcomes.succeed('{"ok":[1]}'))
  const task = await client.tasks.get(id)
  assert.ok(task !== null)
  const { created_at, run_at, started_at, finished_at, duration_ms, attempts, ...rest } = task
  for (const time of [created_at, run_at, started_at, finished_at])
    assert.match(time ?? '', /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/)
  assert.equal(typeof duration_ms, 'number')
  assert.equal(attempts.length, 1)
  assert.equal(attempts[0]?.outcome, 'succeed')
  assert.deepEqual(
    {
      task_id: id,
      type: 'sample',
      queue: 'default',
      priority: 4,
      state: 'succeeded',
      attempt: 1,
      failures: 0,
      crashes: 0,
      retries_max: 5,
      retries_left: 5,
      payload: { n: 1 },
      progress: null,
      result: { ok: [1] },
      error: null,
      tags: ['t'],
    },
    Object.fromEntries(Object.entries(rest).filter(([key]) => SHAPE.includes(key))),
  )
})

const SHAPE =
  'task_id type queue priority state attempt failures crashes retries_max retries_left payload progress result error tags'.split(
    ' ',
  )

onEachEngine('what is redacted is stored whole and shown without', async (engine) => {
  const client = clientOn(engine, { redact: ['password', 'user.token'] })
  const { id } = await client.enqueue(sample, { password: 'hunter2', user: { token: 't', name: 'Ada' } })
  const task = await client.tasks.get(id)
  assert.deepEqual(task?.payload, { password: '[redacted]', user: { token: '[redacted]', name: 'Ada' } })
  assert.match((await engine.records.get([id]))[0]?.payload ?? '', /hunter2/)
})

onEachEngine(
  'codecs write and read; one that is missing hides the payload and nothing else',
  async (engine) => {
    const turned = (text: string): string => Buffer.from(text).toString('base64')
    const back = (text: string): string => Buffer.from(text, 'base64').toString()
    const codecs = new Codecs([{ name: 'b64', encode: turned, decode: back }])
    const enqueuer = { codecs, payloadBytes: 1_000, origin: 'client', bareUnit: 1 } as const
    const client = clientOn(engine, { enqueuer })
    const handle = await client.enqueue(sample, { n: 1 })
    assert.equal((await engine.records.get([handle.id]))[0]?.payload, turned('{"n":1}'))
    assert.deepEqual((await handle.get())?.payload, { n: 1 })
    await settleAll(engine, await claimSome(engine), outcomes.succeed(turned('"done"')))
    assert.equal(await handle.result(), 'done')
    const task = await clientOn(engine).tasks.get(handle.id)
    assert.deepEqual([task?.payload, task?.state], [null, 'succeeded'])
    assert.match(task?.unreadable ?? '', /b64/)
    assert.equal((await clientOn(engine).tasks.find()).tasks.length, 1)
  },
)

onEachEngine('cancel, retry, delete and reprioritise answer the state or say why not', async (engine) => {
  const { tasks, enqueue } = withEnqueue(clientOn(engine))
  const { id } = await enqueue(sample, 1)
  assert.deepEqual(await tasks.reprioritise(id, 9), { task_id: id, state: 'ready', outcome: 'done' })
  await assert.rejects(tasks.reprioritise(id, 11), { code: 'invalid_option' })
  await assert.rejects(tasks.delete(id), { code: 'refused', detail: { task_id: id, state: 'ready' } })
  await assert.rejects(tasks.retry(id), { code: 'refused' })
  assert.deepEqual(await tasks.cancel(id), { task_id: id, state: 'cancelled', outcome: 'done' })
  assert.deepEqual(await tasks.retry(id), { task_id: id, state: 'ready', outcome: 'done' })
  const claimed = await claimSome(engine)
  assert.deepEqual(await tasks.cancel(id), { task_id: id, state: 'running', outcome: 'requested' })
  assert.equal((await tasks.get(id))?.cancel_requested, true)
  await settleAll(engine, claimed, outcomes.succeed('1'))
  await assert.rejects(tasks.cancel(id), { code: 'refused', message: /succeeded/ })
  assert.deepEqual(await tasks.delete(id), { task_id: id, state: 'deleted', outcome: 'done' })
  for (const verb of ['cancel', 'retry', 'delete', 'why', 'attempts', 'logs'] as const)
    await assert.rejects(tasks[verb](id), { code: 'not_found' })
  assert.equal(await tasks.get(id), null)
})

/** A client's verbs, to be taken apart. */
function withEnqueue(client: ReturnType<typeof clientOn>) {
  return {
    tasks: client.tasks,
    enqueue: client.enqueue.bind(client) as (type: typeof sample, input: unknown) => Promise<{ id: string }>,
  }
}

onEachEngine('a retry whose unique key is taken is refused with its holder', async (engine) => {
  const client = clientOn(engine)
  const first = await client.enqueue(sample, 1, { unique: 'k' })
  await client.tasks.cancel(first.id)
  const second = await client.enqueue(sample, 2, { unique: 'k' })
  assert.equal(second.outcome, 'created')
  const duplicate = await client.enqueue(sample, 3, { unique: 'k' })
  assert.deepEqual([duplicate.outcome, duplicate.id], ['duplicate', second.id])
  await assert.rejects(client.tasks.retry(first.id), {
    code: 'refused',
    detail: { task_id: first.id, state: 'cancelled', holder: second.id },
  })
})

onEachEngine('an action that ended unknown is repeated, and its own effect is no refusal', async (inner) => {
  const { engine } = record(inner, {
    after: (call, index) => {
      if (call.verb === 'records.act' && index % 2 === 0)
        throw new WindlassError('engine_timeout', 'no answer', { applied: 'unknown' })
    },
  })
  const client = clientOn(engine)
  const { id } = await client.enqueue(sample, 1)
  assert.equal((await client.tasks.cancel(id)).state, 'cancelled')
  assert.equal((await client.tasks.retry(id)).state, 'ready')
  assert.equal((await client.tasks.cancel(id)).state, 'cancelled')
  assert.equal((await client.tasks.delete(id)).state, 'deleted')
})

onEachEngine('why tells each reason', async (engine) => {
  const client = clientOn(engine)
  const why = async (id: string): Promise<string> => (await client.tasks.why(id)).reason
  const later = await client.enqueue(sample, 1, { delay: '1h' })
  assert.equal(await why(later.id), 'due_later')
  const task = await client.enqueue(sample, 2)
  assert.equal(await why(task.id), 'no_worker_for_queue')
  await engine.startSession([newSession({ types: ['stranger'] })])
  assert.equal(await why(task.id), 'no_worker_for_type')
  await client.queues.pause('default')
  assert.equal(await why(task.id), 'queue_paused')
  await client.queues.resume('default')
  const front = await client.enqueue(sample, 3, { priority: 9 })
  await engine.startSession([newSession({ types: ['sample'] })])
  const behind = await client.tasks.why(task.id)
  assert.deepEqual([behind.task_id, behind.state, behind.reason], [task.id, 'ready', 'behind'])
  assert.match(behind.detail, /^1 ready task comes first/)
  const [first] = await claimSome(engine, 1)
  assert.equal(first?.id, front.id)
  assert.equal(await why(front.id), 'running')
  await settleAll(
    engine,
    [first].flatMap((one) => one ?? []),
    outcomes.retry(60_000),
  )
  assert.equal(await why(front.id), 'waiting_retry')
  await settleAll(engine, await claimSome(engine), DEAD)
  assert.equal(await why(task.id), 'finished')
  await client.tasks.cancel(later.id)
  assert.equal(await why(later.id), 'cancelled')
})

onEachEngine('pause and resume change the document by compare-and-set', async (inner) => {
  let race = 2
  const { engine } = record(inner, {
    before: (call) => {
      if (call.verb !== 'documents.put' || race-- <= 0) return
      // Another operator comes first with settings of the same meaning for the version.
      void inner.documents.get([{ kind: 'queue', key: 'default' }]).then(async ([standing]) => {
        await inner.documents.put([
          { kind: 'queue', key: 'default', version: standing?.version ?? 0, body: '{"paused":false}' },
        ])
      })
    },
  })
  const client = clientOn(engine)
  assert.deepEqual(await client.queues.pause('default'), { queue: 'default', paused: true, changed: true })
  assert.deepEqual(await client.queues.pause('default'), { queue: 'default', paused: true, changed: false })
  await client.enqueue(sample, 1)
  assert.equal((await claimSome(inner)).length, 0)
  assert.deepEqual(
    (await client.queues.list()).map(({ queue, paused, ready }) => [queue, paused, ready]),
    [['default', true, 1]],
  )
  assert.deepEqual(await client.queues.resume('default'), { queue: 'default', paused: false, changed: true })
  assert.equal((await claimSome(inner)).length, 1)
  assert.equal((await client.workers()).flatMap((worker) => worker.running).length, 1)
})

onEachEngine('clear cancels all that waits in one queue, over pages, and nothing else', async (engine) => {
  const client = clientOn(engine)
  await client.enqueueMany(
    sample,
    Array.from({ length: 1_200 }, () => 1),
    { delay: '1h' },
  )
  await client.enqueueMany(
    sample,
    Array.from({ length: 30 }, () => 1),
  )
  await client.enqueue(other, 1)
  const running = await claimSome(engine, 10, ['default'])
  assert.deepEqual(await client.queues.clear('default'), { queue: 'default', cancelled: 1_220 })
  const stats = await client.stats()
  const one = stats.find((queue) => queue.queue === 'default')
  assert.deepEqual([one?.ready, one?.scheduled, one?.running, one?.cancelled], [0, 0, running.length, 1_220])
  assert.equal(stats.find((queue) => queue.queue === 'side')?.ready, 1)
  assert.deepEqual(await client.queues.clear('nobody'), { queue: 'nobody', cancelled: 0 })
})

onEachEngine('logs and attempts of a task come back in order', async (engine) => {
  const client = clientOn(engine)
  const { id } = await client.enqueue(sample, 1)
  const tasks = await claimSome(engine)
  const lines = ['one', 'two'].map((message) => ({ at: 1_000, level: 'info', message }) as const)
  await engine.report(tasks.map((task) => ({ id, claim: task.claim ?? '', progress: null, logs: lines })))
  await settleAll(engine, tasks, outcomes.retry(0))
  const told = await client.tasks.logs(id)
  assert.deepEqual(
    told.lines.map((line) => line.message),
    ['one', 'two'],
  )
  assert.equal(told.lines[0]?.at, '1970-01-01T00:00:01.000Z')
  await claimSome(engine)
  assert.deepEqual(
    (await client.tasks.attempts(id)).map(({ attempt, outcome }) => [attempt, outcome]),
    [
      [1, 'retry'],
      [2, null],
    ],
  )
})
