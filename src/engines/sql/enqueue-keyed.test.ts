import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import { WindlassError } from '../../core/errors.ts'
import type { NewTask } from '../../core/hot-verbs.ts'
import { newTask } from '../../testing/samples.ts'
import { enqueueKeyed } from './enqueue-keyed.ts'

const TASKS = Array.from({ length: 10 }, (_, i) => newTask({ id: `t${i}` }))
const HELD = new WindlassError('engine_busy', 'held', { applied: 'no' })

/** A batch that is held up at first, then item by item; `held` says which items are. */
function enqueue(t: TestContext, held: (id: string) => boolean) {
  const tried: string[][] = []
  const unit = async (tasks: readonly NewTask[]) => {
    tried.push(tasks.map(({ id }) => id))
    // As long as a server may take that has much else to do.
    t.mock.timers.tick(2_000)
    if (tasks.length > 1 || tasks.some(({ id }) => held(id))) throw HELD
    return tasks.map(({ id }) => ({ outcome: 'created', id, state: 'ready' }) as const)
  }
  t.mock.timers.enable({ apis: ['Date', 'setTimeout'] })
  t.mock.method(performance, 'now', () => Date.now())
  return { tried, ending: enqueueKeyed(TASKS, unit, (error) => error === HELD) }
}

test('a batch that nobody holds up any more is enqueued, however long it takes', async (t) => {
  const replies = await enqueue(t, () => false).ending
  assert.deepEqual(
    replies.map(({ id }) => id),
    TASKS.map(({ id }) => id),
  )
})

test('an item that somebody holds is told when the others are enqueued', async (t) => {
  const { tried, ending } = enqueue(t, (id) => id === 't3')
  await assert.rejects(ending, { code: 'engine_busy', applied: 'unknown' })
  assert.equal(tried.length, 1 + TASKS.length)
})

test('the first items that are held up end it', async (t) => {
  const { tried, ending } = enqueue(t, () => true)
  await assert.rejects(ending, { code: 'engine_busy', applied: 'no' })
  assert.equal(tried.length, 1 + 3)
})
