/** Waiting for results: what comes back, what is thrown, and how little it asks of the engine. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { clientOn, claimSome, onEachEngine, record, settleAll } from './fixture.ts'
import { Waiter } from '../../src/client/waiter.ts'
import { defineTask } from '../../src/core/task-type.ts'
import type { Engine } from '../../src/core/engine.ts'
import { WindlassError } from '../../src/core/errors.ts'
import { wordsAsError } from '../../src/core/kept-error.ts'
import { MemoryStore } from '../../src/engines/memory/store.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import { ManualClock } from '../../src/testing/clock.ts'
import { newTask, outcomes } from '../../src/testing/samples.ts'

const sample = defineTask({ name: 'sample', run: (input: { n: number }) => input })

onEachEngine('result() gives what the handler answered', async (engine) => {
  const client = clientOn(engine)
  const handle = await client.enqueue(sample, { n: 7 })
  const waiting = handle.result({ timeout: '10s' })
  await settleAll(engine, await claimSome(engine), outcomes.succeed('{"n":8}'))
  assert.deepEqual(await waiting, { n: 8 })
  assert.deepEqual(await handle.result(), { n: 8 })
  await client.close()
})

onEachEngine('a dead task rejects with the kept error as its cause', async (engine) => {
  const client = clientOn(engine)
  const handle = await client.enqueue(sample, { n: 1 })
  const error = {
    ...wordsAsError('E_PAPER', 'PaperJam', 'no paper'),
    causes: [
      { name: 'TypeError', message: 'tray is null' },
      { name: 'Error', message: 'no tray' },
    ],
  }
  await settleAll(engine, await claimSome(engine), {
    ...outcomes.succeed(null),
    kind: 'die',
    to: 'dead',
    reason: 'fatal',
    error,
  })
  const thrown: unknown = await handle.result().catch((one: unknown) => one)
  assert.ok(thrown instanceof WindlassError)
  assert.equal(thrown.code, 'task_dead')
  assert.match(thrown.message, /no paper/)
  const cause = thrown.cause as Error & { code: string }
  assert.deepEqual([cause.name, cause.message, cause.code], ['PaperJam', 'no paper', 'E_PAPER'])
  assert.equal((cause.cause as Error).message, 'tray is null')
  assert.equal(((cause.cause as Error).cause as Error).message, 'no tray')
  assert.deepEqual([thrown.detail['task_id'], thrown.detail['reason']], [handle.id, 'fatal'])
})

onEachEngine('cancelled, expired, too late, unknown and aborted waits say so', async (engine) => {
  const client = clientOn(engine)
  const handle = await client.enqueue(sample, { n: 1 }, { delay: '1h' })
  await assert.rejects(handle.result({ timeout: 20 }), { code: 'wait_timeout', retry: true })
  const controller = new AbortController()
  const aborted = handle.result({ signal: controller.signal })
  controller.abort(new Error('enough'))
  await assert.rejects(aborted, { message: 'enough' })
  await assert.rejects(handle.result({ signal: AbortSignal.abort() }), { name: 'AbortError' })
  const waiting = handle.result({ timeout: '5s' })
  assert.equal((await handle.cancel()).state, 'cancelled')
  await assert.rejects(waiting, { code: 'task_cancelled' })
  await assert.rejects(client.tasks.wait('nobody'), { code: 'not_found' })
  assert.equal((await client.tasks.wait(handle.id)).state, 'cancelled')
  await assert.rejects(handle.result({ timeuot: 5 } as object), {
    code: 'unknown_option',
    message: /"timeout"/,
  })
})

onEachEngine('a thousand waiters cost a bounded number of engine calls', async (inner) => {
  const looked = Promise.withResolvers<void>()
  const { engine, calls } = record(inner, {
    after: ({ verb }) => {
      if (verb === 'records.get') looked.resolve()
    },
  })
  const client = clientOn(engine)
  const handles = await client.enqueueMany(
    sample,
    Array.from({ length: 1_000 }, (_, n) => ({ n })),
  )
  const before = calls.length
  const results = handles.map((handle) => handle.result({ timeout: '30s' }))
  await looked.promise
  for (let done = 0; done < 1_000; done += 100)
    await settleAll(inner, await claimSome(inner, 100), outcomes.succeed('{"n":0}'))
  assert.equal((await Promise.all(results)).length, 1_000)
  const asked = calls.slice(before).filter((call) => call.verb !== 'watch').length
  // Ten endings, each with its hints: a few looks of two calls for each, never one per waiter.
  assert.ok(asked <= 150, `${asked} calls`)
})

onEachEngine('few waiters of an idle system ask about once a second', async (inner) => {
  const { engine, calls } = record(inner)
  const client = clientOn(engine)
  const handle = await client.enqueue(sample, { n: 1 }, { delay: '1h' })
  const before = calls.length
  const waits = Array.from({ length: 20 }, () => handle.result({ timeout: 1_500 }).catch(() => null))
  await Promise.all(waits)
  const asked = calls.slice(before).filter((call) => call.verb !== 'watch').length
  assert.ok(asked <= 6, `${asked} calls`)
  await client.close()
})

/** A waiter on a clock that only moves when told to, over an engine that gives no hints. */
async function deafWaiter() {
  const clock = new ManualClock()
  const store = openMemory({ now: clock.now }, new MemoryStore())
  await store.migrate()
  const { engine, calls } = record(store)
  const deaf = new Proxy(engine, {
    get: (target, key) => (key === 'watch' ? () => () => {} : (Reflect.get(target, key) as unknown)),
  })
  const open = (): Promise<Engine> => Promise.resolve(deaf)
  const waiter = new Waiter({ engine: open, clock, deadline: 1_000, random: () => 0.5 })
  return { clock, store, waiter, calls }
}

const PATIENCE = { timeout: null, signal: null, patient: false }

test('without hints the net finds the end within a second', async () => {
  const { clock, store, waiter } = await deafWaiter()
  const task = newTask()
  await store.enqueue([task])
  const waiting = waiter.wait(task.id, PATIENCE)
  await clock.pass(100)
  await settleAll(store, await claimSome(store), outcomes.succeed('1'))
  await clock.pass(1_000)
  assert.equal((await waiting).state, 'succeeded')
})

test('more waiters than a page are read page by page, less often', async () => {
  const { clock, store, waiter, calls } = await deafWaiter()
  const tasks = Array.from({ length: 2_500 }, () => newTask({ due: { after: 3_600_000 } }))
  for (let i = 0; i < tasks.length; i += 500) await store.enqueue(tasks.slice(i, i + 500))
  const ends = tasks.map((task) => waiter.wait(task.id, PATIENCE).catch((error: Error) => error.message))
  await clock.pass(10)
  const before = calls.length
  await clock.pass(9_000)
  assert.ok(calls.length - before <= 3 * 4, `${calls.length - before} calls in 9 s`)
  await waiter.close(new Error('over'))
  assert.deepEqual(new Set(await Promise.all(ends)), new Set(['over']))
})

test('a patient wait outlives a task that is not to be seen yet', async () => {
  const { clock, store, waiter } = await deafWaiter()
  const task = newTask()
  const waiting = waiter.wait(task.id, { ...PATIENCE, patient: true })
  await clock.pass(2_500)
  await store.enqueue([task])
  await settleAll(store, await claimSome(store), outcomes.succeed('1'))
  await clock.pass(1_000)
  assert.equal((await waiting).state, 'succeeded')
})

onEachEngine('a store out of reach is waited out, a closed one is told', async (inner) => {
  let down = true
  let looked = Promise.withResolvers<void>()
  const { engine } = record(inner, {
    before: ({ verb }) => {
      if (verb !== 'records.get') return
      looked.resolve()
      if (down) throw new WindlassError('engine_unreachable', 'gone', { applied: 'no' })
    },
  })
  const client = clientOn(engine)
  const handle = await client.enqueue(sample, { n: 1 })
  const waiting = handle.result({ timeout: '10s' })
  await looked.promise
  down = false
  await settleAll(inner, await claimSome(inner), outcomes.succeed('{"n":2}'))
  assert.deepEqual(await waiting, { n: 2 })
  const open = await client.enqueue(sample, { n: 1 }, { delay: '1h' })
  looked = Promise.withResolvers()
  const told = assert.rejects(open.result(), { code: 'engine_closed' })
  await looked.promise
  await inner.close()
  await told
})
