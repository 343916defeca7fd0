/** What a handler does and what becomes of its task: errors, retries, results, payloads. On a moved clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { Fatal, RetryAfter } from '../../src/core/errors.ts'
import { readRollup, ROLLUP_EVERY, ROLLUP_KEEP, ROLLUP_STREAM, writeRollup } from '../../src/core/rollup.ts'
import { createRig, task } from './rig.ts'

test('a result is stored as JSON, nothing as null', async (t) => {
  const rig = await createRig(t)
  const types = [
    task('some', () => ({ n: 1 })),
    task('none', () => undefined),
    task('later', async () => [1]),
  ]
  await rig.worker(types)
  const ids = await Promise.all(types.map((type) => rig.enqueue(type)))
  const results = await Promise.all(ids.map(async (id) => (await rig.get(id)).result))
  assert.deepEqual(results, ['{"n":1}', 'null', '[1]'])
})

test('Fatal is not tried again', async (t) => {
  const rig = await createRig(t)
  const bad = task('bad', () => {
    throw new Fatal('never again')
  })
  await rig.worker([bad])
  const dead = await rig.get(await rig.enqueue(bad))
  assert.deepEqual([dead.state, dead.reason, dead.failures], ['dead', 'fatal', 1])
})

test('RetryAfter sets the wait, by duration or by time, within the budget', async (t) => {
  const rig = await createRig(t)
  const ran: number[] = []
  const polite = task('polite', () => {
    ran.push(rig.clock.mono())
    if (ran.length === 1) throw new RetryAfter('5s')
    if (ran.length === 2) throw new RetryAfter(new Date(rig.clock.now() + 7_000))
    throw new RetryAfter(1)
  })
  await rig.worker([polite])
  const id = await rig.enqueue(polite, {}, { retry: 2 })
  await rig.clock.run(600_000)
  assert.deepEqual(ran, [0, 5_000, 12_000])
  const dead = await rig.get(id)
  assert.deepEqual([dead.state, dead.reason], ['dead', 'retries_exhausted'])
})

test('a retry function decides in the worker, within the budget; one that throws leaves the default', async (t) => {
  const rig = await createRig(t)
  const ran: number[] = []
  const run = (): never => {
    ran.push(rig.clock.mono())
    throw new Error('no')
  }
  const asked: number[] = []
  const waits = task('waits', run, {
    retry: (_error, failures) => {
      asked.push(failures)
      return failures === 1 ? '2s' : true
    },
  })
  const stops = task('stops', run, { retry: () => false })
  const throws = task('throws', run, {
    retry: () => {
      throw new Error('what now')
    },
  })
  await rig.worker([waits, stops, throws])
  await rig.enqueue(waits)
  await rig.clock.run(62_000)
  assert.deepEqual(ran, [0, 2_000, 62_000])
  assert.deepEqual(asked, [1, 2, 3])

  const stopped = await rig.get(await rig.enqueue(stops))
  assert.deepEqual([stopped.state, stopped.reason, stopped.failures], ['dead', 'failed', 1])

  const id = await rig.enqueue(throws)
  const waiting = await rig.get(id)
  assert.equal(waiting.state, 'scheduled')
  assert.equal(waiting.runAt - rig.clock.now(), 60_000)
  const [first] = await rig.attempts(id)
  assert.match(first?.warnings[0] ?? '', /default applies: what now/)
})

test('ctx.fail ends the attempt as failed, also when the handler swallows the throw', async (t) => {
  const rig = await createRig(t)
  const plain = task('plain', (_, ctx) => ctx.fail('not today'))
  const swallows = task('swallows', (_, ctx) => {
    try {
      ctx.fail('not today', { after: '3s' })
    } catch {
      return 'all is well'
    }
    return null
  })
  const final = task('final', (_, ctx) => ctx.fail('never', { retry: false }))
  await rig.worker([plain, swallows, final])
  const failed = await rig.get(await rig.enqueue(plain))
  assert.deepEqual(
    [failed.state, failed.error?.message, failed.error?.code],
    ['scheduled', 'not today', 'task_failed'],
  )
  const caught = await rig.get(await rig.enqueue(swallows))
  assert.deepEqual([caught.state, caught.runAt - rig.clock.now()], ['scheduled', 3_000])
  const dead = await rig.get(await rig.enqueue(final))
  assert.deepEqual([dead.state, dead.reason], ['dead', 'failed'])
})

test('a handler that logs an error and returns nothing gets a warning in its attempt', async (t) => {
  const rig = await createRig(t)
  const swallows = task('swallows', (_, ctx) => ctx.log.error('it broke', { part: 3 }))
  const answers = task('answers', (_, ctx) => {
    ctx.log.error('it broke, and was mended')
    return 'mended'
  })
  await rig.worker([swallows, answers])
  const id = await rig.enqueue(swallows)
  assert.equal((await rig.get(id)).state, 'succeeded')
  const [attempt] = await rig.attempts(id)
  assert.match(attempt?.warnings[0] ?? '', /logged an error and returned nothing/)
  const [quiet] = await rig.attempts(await rig.enqueue(answers))
  assert.deepEqual(quiet?.warnings, [])
})

test('the chain of causes is kept', async (t) => {
  const rig = await createRig(t)
  const chain = task('chain', async () => {
    throw new Error('outer', { cause: new TypeError('middle', { cause: new Error('inner') }) })
  })
  await rig.worker([chain])
  const { error } = await rig.get(await rig.enqueue(chain))
  assert.equal(error?.message, 'outer')
  assert.match(error.stack ?? '', /endings\.test/)
  assert.deepEqual(error.causes, [
    { name: 'TypeError', message: 'middle' },
    { name: 'Error', message: 'inner' },
  ])
})

test('whatever is thrown ends the attempt', async (t) => {
  const rig = await createRig(t)
  const thrown: unknown[] = [undefined, null, 'text', { odd: true }, 7n]
  const odd = task('odd', (index: number) => {
    throw thrown[index] as Error
  })
  await rig.worker([odd])
  for (const index of thrown.keys()) {
    const { state, error } = await rig.get(await rig.enqueue(odd, index))
    assert.equal(state, 'scheduled')
    assert.equal(error?.name, 'NotAnError')
  }
})

test('a result that is no JSON, or too large, makes the task dead', async (t) => {
  const rig = await createRig(t)
  const bigint = task('bigint', () => ({ n: 1n }))
  const large = task('large', async () => 'x'.repeat(2_000))
  await rig.worker([bigint, large], { payloadBytes: 1_024 })
  for (const [type, code] of [
    [bigint, 'result_not_json'],
    [large, 'result_too_large'],
  ] as const) {
    const dead = await rig.get(await rig.enqueue(type))
    assert.deepEqual([dead.state, dead.reason, dead.error?.code], ['dead', 'invalid_result', code])
  }
})

test('an unknown type and an unknown codec are handed back for 30 s, uncharged', async (t) => {
  const rig = await createRig(t)
  const known = task('known', () => 'ok')
  await rig.worker([known])
  const stranger = await rig.get(await rig.enqueue('stranger'))
  assert.deepEqual([stranger.state, stranger.reason, stranger.releases], ['scheduled', 'unknown_type', 1])
  assert.equal(stranger.failures, 0)
  assert.equal(stranger.runAt - rig.clock.now(), 30_000)
  const { newTask } = await import('../../src/testing/samples.ts')
  const sealed = await rig.get(await rig.put(newTask({ type: 'known', codec: 'aes' })))
  assert.deepEqual([sealed.state, sealed.reason, sealed.releases], ['scheduled', 'unknown_codec', 1])
  await rig.clock.run(30_000)
  assert.equal((await rig.get(stranger.id)).releases, 2)
})

test('tasks that reach their end are counted, and told in sums', async (t) => {
  const rig = await createRig(t)
  const told = async () => {
    const query = { stream: ROLLUP_STREAM, key: null, from: null, to: null, limit: 10, cursor: null }
    const { entries } = await rig.engine.journal.read(query)
    return entries.map(({ key, body }) => [key, readRollup(body)])
  }
  await rig.engine.journal.append([
    writeRollup('old', rig.clock.now() - ROLLUP_KEEP - 1, { succeeded: 5, dead: 5 }),
  ])
  const fine = task('fine', () => 1)
  const bad = task('bad', () => {
    throw new Fatal('no')
  })
  const again = task('again', () => {
    throw new Error('once more')
  })
  const worker = await rig.worker([fine, bad, again], { name: 'w' })
  await Promise.all([fine, fine, bad].map((type) => rig.enqueue(type)))
  await rig.enqueue(again, {}, { retry: { retries: 3, delay: '1h' } })
  assert.deepEqual(await told(), [['old', { succeeded: 5, dead: 5 }]])
  await rig.clock.run(ROLLUP_EVERY)
  assert.deepEqual(await told(), [['w', { succeeded: 2, dead: 1 }]])
  await rig.clock.run(10 * ROLLUP_EVERY)
  assert.equal((await told()).length, 1)
  await rig.enqueue(fine)
  await worker.stop()
  assert.deepEqual(await told(), [
    ['w', { succeeded: 1, dead: 0 }],
    ['w', { succeeded: 2, dead: 1 }],
  ])
})
