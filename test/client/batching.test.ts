/** How calls of enqueue travel: together, in two lanes, bounded, repeated under doubt, told apart when one row is bad. */
import assert from 'node:assert/strict'

import { defineTask } from '../../src/core/task-type.ts'
import { WindlassError } from '../../src/core/errors.ts'
import type { NewTask } from '../../src/core/hot-verbs.ts'
import { LIMITS } from '../../src/core/limits.ts'
import { clientOn, onEachEngine, record, type Recorded } from './fixture.ts'

const sample = defineTask({ name: 'sample', run: (input: { n: number }) => input })

function sizes(calls: readonly Recorded[]): number[] {
  return calls.filter((call) => call.verb === 'enqueue').map((call) => (call.args[0] as unknown[]).length)
}

function sent(call: Recorded | undefined): readonly NewTask[] {
  return call?.args[0] as readonly NewTask[]
}

onEachEngine('calls of one tick travel as one array, later ones with the next', async (inner) => {
  const { engine, calls } = record(inner)
  const client = clientOn(engine)
  const first = Array.from({ length: 50 }, (_, n) => client.enqueue(sample, { n }))
  await new Promise((resolve) => setImmediate(resolve))
  const handles = await Promise.all(first)
  assert.equal(new Set(handles.map((handle) => handle.id)).size, 50)
  assert.deepEqual(
    sizes(calls).reduce((sum, size) => sum + size, 0),
    50,
  )
  assert.ok(sizes(calls).length <= 2, sizes(calls).join(' '))
})

onEachEngine('places follow the order of the calls', async (engine) => {
  const client = clientOn(engine)
  const handles = await Promise.all(Array.from({ length: 20 }, (_, n) => client.enqueue(sample, { n })))
  const tasks = await engine.records.get(handles.map((handle) => handle.id))
  const places = tasks.map((task) => task?.place ?? 0)
  assert.deepEqual(
    places,
    places.toSorted((a, b) => a - b),
  )
})

onEachEngine('a keyed call that is held up holds up no plain one', async (inner) => {
  let release = (): void => {}
  const gate = new Promise<void>((resolve) => {
    release = resolve
  })
  const { engine } = record(inner)
  const slow = new Proxy(engine, {
    get: (target, key) =>
      key === 'enqueue'
        ? async (tasks: readonly NewTask[]) => {
            if (tasks.some((task) => task.unique !== null)) await gate
            return target.enqueue(tasks)
          }
        : (Reflect.get(target, key) as unknown),
  })
  const client = clientOn(slow)
  const keyed = client.enqueue(sample, { n: 1 }, { unique: 'k' })
  const plain = await client.enqueue(sample, { n: 2 })
  assert.equal(plain.outcome, 'created')
  release()
  assert.equal((await keyed).outcome, 'created')
})

onEachEngine('batches are bounded by count and by bytes', async (inner) => {
  const { engine, calls } = record(inner)
  const client = clientOn(engine)
  await client.enqueueMany(
    sample,
    Array.from({ length: 2_500 }, (_, n) => ({ n })),
  )
  assert.deepEqual(sizes(calls), [1_000, 1_000, 500])
  calls.length = 0
  const big = defineTask<{ text: string }>({ name: 'big' })
  await client.enqueueMany(
    big,
    Array.from({ length: 10 }, () => ({ text: 'x'.repeat(250_000) })),
  )
  assert.deepEqual(sizes(calls), [4, 4, 2])
  for (const call of calls.filter((one) => one.verb === 'enqueue')) {
    const bytes = sent(call).reduce((sum, task) => sum + Buffer.byteLength(task.payload), 0)
    assert.ok(bytes <= LIMITS.batchBytes)
  }
})

onEachEngine('enqueueMany sends nothing when one input is refused, and none for none', async (inner) => {
  const { engine, calls } = record(inner)
  const client = clientOn(engine)
  assert.deepEqual(await client.enqueueMany(sample, []), [])
  await assert.rejects(client.enqueueMany('sample', [{ n: 1 }, { n: Number.NaN }, { n: 3 }]), {
    code: 'payload_not_json',
    message: /^input 1: /,
  })
  await assert.rejects(client.enqueueMany(sample, [{ n: 1 }, { n: 2 }], { id: 'one' }), {
    code: 'invalid_option',
  })
  assert.deepEqual(calls, [])
})

onEachEngine('enqueueMany answers aligned handles, with ids and keys of their own', async (engine) => {
  const client = clientOn(engine)
  await client.enqueue(sample, { n: 0 }, { id: 'job-0' })
  const handles = await client
    .enqueueMany(sample, [{ n: 0 }, { n: 1 }, { n: 2 }], ({ n }) => ({
      id: `job-${n}`,
      unique: `key-${n === 0 ? 'zero' : 'both'}`,
    }))
    .catch((error: unknown) => error)
  assert.ok(handles instanceof WindlassError)
  assert.equal(handles.code, 'id_conflict')
  assert.deepEqual([handles.detail['index'], handles.detail['done']], [0, 2])
  const again = await client.enqueueMany(sample, [{ n: 1 }, { n: 2 }], ({ n }) => ({
    id: `job-${n}`,
    unique: 'key-both',
  }))
  assert.deepEqual(
    again.map(({ id, outcome }) => [id, outcome]),
    [
      ['job-1', 'existing'],
      ['job-1', 'duplicate'],
    ],
  )
})

onEachEngine('an unknown outcome is repeated with the same ids and created only once', async (inner) => {
  const { engine, calls } = record(inner, {
    after: (call, index) => {
      if (call.verb === 'enqueue' && index === 0)
        throw new WindlassError('engine_timeout', 'no answer', { applied: 'unknown' })
    },
  })
  const client = clientOn(engine)
  const handles = await Promise.all([client.enqueue(sample, { n: 1 }), client.enqueue(sample, { n: 2 })])
  assert.deepEqual(
    handles.map((handle) => handle.outcome),
    ['created', 'created'],
  )
  const [first, second] = calls.filter((call) => call.verb === 'enqueue')
  assert.deepEqual(
    sent(first).map((task) => task.id),
    sent(second).map((task) => task.id),
  )
  assert.deepEqual(
    sent(first).map((task) => task.minted),
    [true, true],
  )
  assert.deepEqual(
    sent(second).map((task) => task.minted),
    [false, false],
  )
  assert.equal((await inner.records.find({ limit: 10, cursor: null })).tasks.length, 2)
})

onEachEngine('what changed nothing and may do better is repeated, up to the deadline', async (inner) => {
  let fail = 2
  const { engine, calls } = record(inner, {
    before: (call) => {
      if (call.verb === 'enqueue' && fail-- > 0)
        throw new WindlassError('engine_busy', 'busy', { applied: 'no' })
    },
  })
  const client = clientOn(engine, { deadline: 1_500 })
  assert.equal((await client.enqueue(sample, { n: 1 })).outcome, 'created')
  assert.deepEqual(sent(calls[2])[0]?.minted, true)
  fail = 1_000
  const started = performance.now()
  const error = await client.enqueue(sample, { n: 2 }).catch((error: unknown) => error)
  assert.ok(error instanceof WindlassError)
  assert.deepEqual([error.code, error.applied], ['engine_busy', 'no'])
  assert.equal(typeof error.detail['task_id'], 'string')
  assert.ok(performance.now() - started < 13_500)
})

onEachEngine('a surely refused repeat of an unknown send stays unknown', async (inner) => {
  const { engine } = record(inner, {
    before: (call, index) => {
      if (call.verb !== 'enqueue') return
      if (index === 0) throw new WindlassError('engine_timeout', 'no answer', { applied: 'unknown' })
      throw new WindlassError('engine_closed', 'closed', { applied: 'no' })
    },
  })
  const client = clientOn(engine)
  await assert.rejects(client.enqueue(sample, { n: 1 }), { code: 'engine_closed', applied: 'unknown' })
})

onEachEngine('an error that one row caused is told to its caller alone', async (inner) => {
  const { engine, calls } = record(inner, {
    before: (call) => {
      if (call.verb === 'enqueue' && sent(call).some((task) => task.payload === '{"n":5}'))
        throw new WindlassError('invalid_option', 'the store cannot hold this', { applied: 'no' })
    },
  })
  const client = clientOn(engine)
  const answers = await Promise.allSettled(
    Array.from({ length: 16 }, (_, n) => client.enqueue(sample, { n })),
  )
  assert.deepEqual(
    answers.map((answer) => answer.status === 'fulfilled'),
    Array.from({ length: 16 }, (_, n) => n !== 5),
  )
  assert.ok(sizes(calls).length <= 10)
})

onEachEngine('calls with a transaction go at once, on it, and once', async (inner) => {
  const seen: unknown[] = []
  const engine = new Proxy(inner, {
    get: (target, key) =>
      key === 'enqueue'
        ? (tasks: readonly NewTask[], options: { tx?: object } = {}) => {
            seen.push([tasks.length, options.tx])
            if (options.tx !== undefined)
              throw new WindlassError('engine_timeout', 'no answer', { applied: 'unknown' })
            return target.enqueue(tasks)
          }
        : (Reflect.get(target, key) as unknown),
  })
  const client = clientOn(engine)
  const tx = {}
  await assert.rejects(client.enqueue(sample, { n: 1 }, { tx }), {
    code: 'engine_timeout',
    applied: 'unknown',
  })
  assert.deepEqual(seen, [[1, tx]])
})

onEachEngine('close waits for what was enqueued before', async (engine) => {
  const client = clientOn(engine)
  const handles = Array.from({ length: 5 }, (_, n) => client.enqueue(sample, { n }))
  await client.close()
  assert.equal((await Promise.all(handles)).length, 5)
})
