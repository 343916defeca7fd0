/** Handlers on a thread of their own: the context works as ever, and what they do to it is their own fate only. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { createIsolation, type IsolationRig } from './isolation-rig.ts'

const ONE_CRASH = { crash: { crashes: 1, losses: 1, delays: [] } }

async function speaks(rig: IsolationRig, kind: string): Promise<void> {
  const task = await rig.run(`${kind}-speak`, { n: 7 }, { meta: '{"m":1}' })
  const result = JSON.parse(task.result ?? 'null') as Record<string, unknown>
  assert.deepEqual([task.state, task.error, task.attempt], ['succeeded', null, 1])
  assert.deepEqual([result['payload'], result['meta'], result['attempt']], [{ n: 7 }, { m: 1 }, 1])
  assert.deepEqual(result['env'], [task.id, '1', result['claim']])
  assert.equal(result['pid'] === process.pid, kind === 'thread')
  assert.deepEqual([task.progress?.percent, task.progress?.message], [40, 'half way'])
  const { lines } = await rig.engine.journal.logs(task.id, null, 10)
  assert.deepEqual(
    lines.map(({ level, message }) => `${level} ${message}`),
    ['info hello {"n":7}', 'error an error that is told'],
  )
  assert.ok(
    rig.lines.some((line) => line['message'] === 'hello' && line['task'] === task.id && line['n'] === 7),
  )
  const { tasks } = await rig.engine.records.find({ type: 'followed', limit: 10, cursor: null })
  const child = tasks.find(({ parentId }) => parentId === task.id)
  assert.deepEqual([child?.payload, child?.meta], [`{"from":"${task.id}"}`, '{"by":"child"}'])
}

for (const kind of ['thread', 'process']) {
  const plain = new RegExp(`^(${kind}-(?!heap|buffers)|followed)`)

  test(`${kind}: payload, meta, fence, log, progress and follow-up tasks work`, async (t) => {
    const rig = await createIsolation(t, {}, plain)
    await speaks(rig, kind)
    const now = await rig.run(`${kind}-now`)
    const { id } = JSON.parse(now.result ?? '{}') as { id: string }
    assert.deepEqual([(await rig.get(id)).type, now.state], ['followed', 'succeeded'])
    const failed = await rig.run(`${kind}-fail`)
    assert.deepEqual(
      [failed.state, failed.error?.code, failed.error?.message],
      ['dead', 'task_failed', 'not today'],
    )
    assert.match(failed.error?.stack ?? '', /tasks\.ts/)
    const again = await rig.enqueue(`${kind}-fail`, {}, { retry: { kind: 'fixed', retries: 1, delay: 5 } })
    const waits = await rig.becomes(again, ({ state }) => state === 'scheduled')
    assert.equal(waits.runAt - waits.createdAt > 3_500_000, true)
  })

  test(`${kind}: a handler that hangs is killed after timeout and grace, and its slot is free at once`, async (t) => {
    const folder = mkdtempSync(join(tmpdir(), 'windlass-isolation-'))
    t.after(() => rmSync(folder, { recursive: true, force: true }))
    const file = join(folder, 'said')
    const rig = await createIsolation(t, { concurrency: 1 }, plain)
    const began = performance.now()
    const hung = await rig.run(`${kind}-hang`, {}, { timeout: 100 })
    assert.deepEqual(
      [hung.state, hung.outcome, hung.reason, hung.error?.code],
      ['dead', 'die', 'timeout', 'timeout'],
    )
    assert.deepEqual([hung.failures, hung.crashes], [1, 0])
    assert.ok(performance.now() - began < 3_000)
    const polite = await rig.run(`${kind}-polite`, { file }, { timeout: 100 })
    assert.deepEqual([polite.reason, readFileSync(file, 'utf8')], ['timeout', 'clean '])
    const deaf = await rig.run(`${kind}-deaf`, { file }, { timeout: 100 })
    assert.deepEqual([deaf.reason, readFileSync(file, 'utf8')], ['timeout', 'clean clean '])
    await speaks(rig, kind)
    assert.deepEqual([rig.worker.status().running, rig.worker.status().state], [[], 'running'])
  })

  test(`${kind}: a cancel reaches the handler, and kills one that does not listen`, async (t) => {
    const rig = await createIsolation(t, {}, plain)
    for (const what of ['polite', 'hang']) {
      const id = await rig.enqueue(`${kind}-${what}`, { file: '/dev/null' })
      await rig.said(id)
      await rig.engine.records.act([{ verb: 'cancel', id }])
      const task = await rig.final(id)
      assert.deepEqual([task.state, task.reason, task.failures], ['cancelled', 'cancelled', 0])
    }
  })

  test(`${kind}: a stop hands back what does not end, uncharged`, async (t) => {
    const rig = await createIsolation(t, {}, plain)
    const id = await rig.enqueue(`${kind}-hang`)
    await rig.said(id)
    await rig.worker.stop({ drain: 0 })
    const task = await rig.get(id)
    assert.deepEqual([task.state, task.releases, task.failures, task.crashes], ['ready', 1, 0, 0])
  })
}

test('thread: exit, a stray error and a full heap are crashes that say of what', async (t) => {
  const rig = await createIsolation(t, {}, /^(thread|followed)/)
  const [exit, stray, heap] = await Promise.all([
    rig.run('thread-exit', {}, ONE_CRASH),
    rig.run('thread-stray', {}, ONE_CRASH),
    rig.run('thread-heap', {}, ONE_CRASH),
  ])
  for (const task of [exit, stray, heap])
    assert.deepEqual([task.state, task.reason, task.outcome, task.crashes], ['dead', 'poison', 'crash', 1])
  assert.deepEqual(
    [exit.error?.code, stray.error?.code, heap.error?.code],
    ['exit_code', 'uncaught_error', 'memory_limit'],
  )
  assert.match(exit.error?.message ?? '', /exit code 0 before the task did/)
  assert.match(stray.error?.message ?? '', /Error: thrown in a timer/)
  assert.match(heap.error?.message ?? '', /memory limit, 32 MB/)
  const { lines } = await rig.engine.journal.logs(exit.id, null, 10)
  assert.equal(lines[0]?.message, 'about to leave')
  await speaks(rig, 'thread')
})
