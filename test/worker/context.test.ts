/** What a handler gets beside its payload: progress, log, follow-ups, clean-ups; each bounded. On a moved clock. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { LIMITS } from '../../src/core/limits.ts'
import type { TaskContext } from '../../src/core/task-type.ts'
import { defineTask, type TaskType } from '../../src/core/task-type.ts'
import { createRig, faulty, gate, quiet, task } from './rig.ts'

test('the context tells who the task is, and its parts can be taken out of it', async (t) => {
  const rig = await createRig(t)
  const seen: unknown[] = []
  const who = task('who', (payload, ctx) => {
    const { id, type, queue, attempt, claim, failures, meta, tags, signal, log } = ctx
    const { progress } = ctx as { readonly progress: (percent: number) => void }
    progress(10)
    log.info('here')
    seen.push({ id, type, queue, attempt, failures, meta, tags, payload, aborted: signal.aborted })
    assert.match(claim, /^[0-9a-f]{32}\.1$/)
  })
  await rig.worker([who])
  const id = await rig.enqueue(who, 'x', { queue: 'q', meta: { m: 1 }, tags: ['a'] })
  const expected = { id, type: 'who', queue: 'q', attempt: 1, failures: 0, meta: { m: 1 }, tags: ['a'] }
  assert.deepEqual(seen, [{ ...expected, payload: 'x', aborted: false }])
  assert.equal((await rig.get(id)).progress?.percent, 10)
})

test('progress is written once a second at most, and the last one always', async (t) => {
  const rig = await createRig(t)
  let reports = 0
  const engine = faulty(rig.engine, (verb) => {
    if (verb === 'report') reports++
    return null
  })
  const go = gate()
  const long = task('long', async (_, ctx) => {
    for (let i = 0; i < 100; i++) {
      ctx.progress(i, `step ${i}`)
      await new Promise<void>((resolve) => rig.clock.timer(100, resolve))
    }
    await go.promise
    ctx.progress(100.5, 'over')
  })
  await rig.worker([long], { engine })
  const id = await rig.enqueue(long)
  await rig.clock.run(10_000)
  assert.ok(reports >= 9 && reports <= 11, `${reports} writes in ten seconds`)
  assert.equal((await rig.get(id)).progress?.percent, 99)
  go.open()
  await quiet()
  const done = await rig.get(id)
  assert.equal(done.state, 'succeeded')
  assert.deepEqual(done.progress, { percent: 100, message: 'over', at: rig.clock.now() })
})

test('progress is bounded, and survives a report that fails', async (t) => {
  const rig = await createRig(t)
  let failures = 2
  const engine = faulty(rig.engine, (verb) => (verb === 'report' && failures-- > 0 ? 'refuse' : null))
  const go = gate()
  const odd = task('odd', async (_, ctx) => {
    ctx.progress(Number.NaN, 'x'.repeat(5_000))
    ctx.log.info('kept')
    await go.promise
  })
  await rig.worker([odd], { engine })
  const id = await rig.enqueue(odd)
  await rig.clock.run(5_000)
  const { progress } = await rig.get(id)
  assert.equal(progress?.percent, 0)
  assert.ok(Buffer.byteLength(progress.message ?? '') <= LIMITS.progressMessageBytes)
  assert.deepEqual(
    (await rig.logs(id)).map(({ message }) => message),
    ['kept'],
  )
  go.open()
})

test('log lines are kept with the task, redacted, cut and counted', async (t) => {
  const rig = await createRig(t)
  const chatty = task('chatty', (_, ctx) => {
    ctx.log.warn('signed in', { user: 'ada', password: 'secret', error: new Error('why'), big: 1n })
    ctx.log.info('y'.repeat(10_000))
    for (let i = 2; i < LIMITS.logLinesPerAttempt + 7; i++) ctx.log.debug(`line ${i}`)
  })
  await rig.worker([chatty], { redact: ['password'] })
  const id = await rig.enqueue(chatty)
  const lines = await rig.logs(id)
  assert.equal(lines.length, LIMITS.logLinesPerAttempt + 1)
  assert.equal(lines[0]?.level, 'warn')
  assert.match(
    lines[0].message,
    /^signed in \{"user":"ada","password":"\[redacted\]","error":\{"name":"Error"/,
  )
  assert.equal(Buffer.byteLength(lines[1]?.message ?? ''), LIMITS.logLineBytes)
  assert.match(lines.at(-1)?.message ?? '', /^7 more log lines of this attempt were not kept/)
  const shown = rig.lines.find((line) => line.message === 'signed in')
  assert.deepEqual([shown?.['task'], shown?.['password'], shown?.['user']], [id, '[redacted]', 'ada'])
})

test('a log call never breaks the handler', async (t) => {
  const rig = await createRig(t)
  const loop: Record<string, unknown> = {}
  loop['self'] = loop
  const odd = task('odd', (_, ctx) => {
    ctx.log.info('cycle', loop)
    ctx.log.info({ not: 'text' } as unknown as string)
    ctx.log.info('list', [1, 2])
    return 'ok'
  })
  await rig.worker([odd])
  const id = await rig.enqueue(odd)
  assert.equal((await rig.get(id)).state, 'succeeded')
  assert.equal((await rig.logs(id)).length, 3)
})

test('tasks enqueued by a task exist with its success, and only then', async (t) => {
  const rig = await createRig(t)
  const ids: string[] = []
  const child = task('child', () => 'ok')
  const parent = task('parent', async (payload: { fail: boolean }, ctx: TaskContext<never>) => {
    ids.push(await ctx.enqueue(child, {}), await ctx.enqueue('child', {}, { delay: '1h' }))
    if (payload.fail && ctx.attempt === 1) throw new Error('not yet')
  })
  await rig.worker([child, parent])
  const id = await rig.enqueue(parent, { fail: true })
  const none = await rig.engine.records.get(ids)
  assert.deepEqual(none, [null, null])
  await rig.clock.run(60_000)
  const [gone, , first, second] = await rig.engine.records.get(ids)
  assert.equal(gone, null, 'the failed attempt left nothing')
  assert.deepEqual([first?.state, first?.parentId, first?.rootId], ['succeeded', id, id])
  assert.deepEqual([second?.state, second?.origin], ['scheduled', `task:${id}`])
})

test('with now: true a task is enqueued at once, also over a lost reply', async (t) => {
  const rig = await createRig(t)
  let losses = 1
  const engine = faulty(rig.engine, (verb) => (verb === 'enqueue' && losses-- > 0 ? 'lose-reply' : null))
  const go = gate()
  const child = task('child', () => 'ok')
  const ids: string[] = []
  const parent = task('parent', async (_, ctx) => {
    ids.push(await ctx.enqueue(child, {}, { now: true }))
    await go.promise
    throw new Error('and yet')
  })
  await rig.worker([child, parent], { engine })
  await rig.enqueue(parent)
  assert.equal((await rig.get(ids[0] ?? '')).state, 'succeeded')
  const page = await rig.engine.records.find({ type: 'child', limit: 10, cursor: null })
  assert.equal(page.tasks.length, 1)
  go.open()
})

test('what a task enqueues is checked where the mistake is made', async (t) => {
  const rig = await createRig(t)
  const { z } = await import('zod')
  const child = defineTask({ name: 'child', input: z.object({ n: z.number() }), run: () => 1 }) as TaskType
  const parent = task('parent', async (_, ctx) => {
    await assert.rejects(ctx.enqueue('child', { n: 'text' }), { code: 'invalid_payload' })
    await assert.rejects(ctx.enqueue('child', { n: 1 }, { priority: 11 }), { code: 'invalid_option' })
    return 'checked'
  })
  await rig.worker([child, parent])
  assert.equal((await rig.get(await rig.enqueue(parent))).result, '"checked"')
})

test('clean-ups run however the attempt ended, the last one first', async (t) => {
  const rig = await createRig(t)
  const order: string[] = []
  const tidy = task('tidy', (_, ctx) => {
    ctx.onCleanup(() => void order.push('first'))
    ctx.onCleanup(async () => {
      order.push('second')
      throw new Error('no broom')
    })
    if (ctx.attempt === 1) throw new Error('once')
  })
  await rig.worker([tidy])
  const id = await rig.enqueue(tidy)
  await rig.clock.run(60_000)
  assert.deepEqual(order, ['second', 'first', 'second', 'first'])
  assert.equal((await rig.get(id)).state, 'succeeded')
  const attempts = await rig.attempts(id)
  assert.deepEqual(
    attempts.map(({ warnings }) => warnings),
    [['a clean-up failed: no broom'], ['a clean-up failed: no broom']],
  )
})

test('a clean-up that hangs does not keep the result back for longer than the grace', async (t) => {
  const rig = await createRig(t)
  const go = gate()
  const tidy = task('tidy', (_, ctx) => {
    ctx.onCleanup(() => go.promise)
    return 'done'
  })
  const worker = await rig.worker([tidy])
  const id = await rig.enqueue(tidy)
  await rig.clock.run(9_999)
  assert.equal((await rig.get(id)).state, 'running')
  await rig.clock.run(1)
  assert.equal((await rig.get(id)).state, 'succeeded')
  assert.equal(worker.status().running[0]?.givenUp, true, 'its slot stays taken')
  go.open()
  await quiet()
  assert.equal(worker.status().running.length, 0)
})
