/** Handlers in a process of their own: deaths of every kind, memory, grandchildren, recycling, suspects. */
import assert from 'node:assert/strict'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { all } from './fixtures/isolated/tasks.ts'
import { createIsolation, gone, lives } from './isolation-rig.ts'

const ONE_CRASH = { crash: { crashes: 1, losses: 1, delays: [] } }
const pidOf = (result: string | null): number => (JSON.parse(result ?? '{}') as { pid: number }).pid

test('exit half-way, SIGKILL and a stray error are crashes that say of what; the worker goes on', async (t) => {
  const rig = await createIsolation(t, { concurrency: 3 })
  const [exit, kill, stray] = await Promise.all([
    rig.run('process-exit', {}, ONE_CRASH),
    rig.run('process-kill', {}, ONE_CRASH),
    rig.run('process-stray', {}, ONE_CRASH),
  ])
  for (const task of [exit, kill, stray])
    assert.deepEqual([task.state, task.reason, task.outcome, task.crashes], ['dead', 'poison', 'crash', 1])
  assert.deepEqual(
    [exit.error?.code, kill.error?.code, stray.error?.code],
    ['exit_code', 'signal', 'exit_code'],
  )
  assert.match(exit.error?.message ?? '', /exit code 0 before the task did/)
  assert.match(kill.error?.message ?? '', /killed by SIGKILL/)
  assert.match(stray.error?.causes[0]?.message ?? '', /thrown in a timer/)
  const { lines } = await rig.engine.journal.logs(exit.id, null, 10)
  assert.equal(lines[0]?.message, 'about to leave')
  assert.equal((await rig.run('process-block', { ms: 1 })).state, 'succeeded')
})

test('memory has a limit, on the heap and beside it', { skip: process.platform !== 'linux' }, async (t) => {
  const rig = await createIsolation(t, { concurrency: 2 }, /^process-(heap|buffers)$/)
  const [heap, buffers] = await Promise.all([
    rig.run('process-heap', {}, ONE_CRASH),
    rig.run('process-buffers', {}, ONE_CRASH),
  ])
  assert.deepEqual([heap.error?.code, buffers.error?.code], ['memory_limit', 'memory_limit'])
  assert.match(buffers.error?.message ?? '', /its process used \d+ MB of memory, the limit is 160 MB/)
  assert.deepEqual([heap.reason, buffers.reason], ['poison', 'poison'])
})

test('a hung handler dies with all that it started, while others run on', async (t) => {
  const rig = await createIsolation(t, { concurrency: 2 })
  const other = rig.run('process-block', { ms: 1_500 })
  const id = await rig.enqueue('process-hang', {}, { timeout: 2_500 })
  const [child = 0, grandchild = 0] = (await rig.said(id)).split(' ').map(Number)
  assert.deepEqual([lives(child), lives(grandchild)], [true, true])
  assert.equal((await rig.final(id)).reason, 'timeout')
  await Promise.all([gone(child), gone(grandchild)])
  const [attempt] = await rig.attempts(id)
  assert.match(attempt?.warnings.join() ?? '', /stands still, blocked by\nat hang \(.*tasks\.ts:\d+\)/)
  assert.equal((await other).state, 'succeeded')
})

test('a child that is killed from outside frees its slot; its task runs again in a process of its own', async (t) => {
  const rig = await createIsolation(t, { concurrency: 1 })
  const id = await rig.enqueue('process-hang', {}, { timeout: 60_000 })
  const [child = 0, grandchild = 0] = (await rig.said(id)).split(' ').map(Number)
  process.kill(child, 'SIGKILL')
  const again = await rig.becomes(id, ({ attempt, progress }) => attempt === 2 && progress !== null)
  await gone(grandchild)
  assert.deepEqual([again.crashes, again.failures], [1, 0])
  const [first] = await rig.attempts(id)
  assert.deepEqual([first?.outcome, first?.error?.code], ['crash', 'signal'])
  const [second = 0] = (again.progress?.message ?? '').split(' ').map(Number)
  assert.notEqual(second, child)
})

test('children are used again, `recycle` replaces them, and one task a child has its own environment', async (t) => {
  const rig = await createIsolation(t, { concurrency: 1 })
  const pids: number[] = []
  for (let i = 0; i < 3; i++) pids.push(Number((await rig.run('twice')).result))
  assert.equal(pids[0], pids[1])
  assert.notEqual(pids[1], pids[2])
  const [a, b] = [await rig.run('single'), await rig.run('single')]
  assert.notEqual(pidOf(a.result), pidOf(b.result))
  const { env, claim } = JSON.parse(b.result ?? '{}') as { env: string[]; claim: string }
  assert.deepEqual(env, [b.id, '1', claim])
  await gone(pidOf(a.result))
})

test('a task that a process died of runs apart in a child, also where its type is inline', async (t) => {
  const rig = await createIsolation(t, {}, /^(suspect|thread-stray)$/)
  const inline = await rig.run('suspect')
  assert.equal(Number(inline.result), process.pid)
  const stray = await rig.enqueue('thread-stray')
  const second = await rig.becomes(stray, ({ crashes }) => crashes === 2, 8_000)
  const attempts = await rig.attempts(stray)
  assert.deepEqual(
    attempts.map(({ error }) => error?.code),
    ['uncaught_error', 'exit_code'],
  )
  assert.equal(second.state, 'scheduled')
})

test('a task that is not ours any more: its child is told, cleans up and is killed', async (t) => {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-isolation-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const file = join(folder, 'said')
  const rig = await createIsolation(t, { lease: '1s' })
  const id = await rig.enqueue('process-deaf', { file }, { crash: { crashes: 1, losses: 1, delays: [] } })
  const pid = Number(await rig.said(id))
  const session = rig.worker.status().session ?? ''
  await rig.engine.endSession([{ session, cause: 'killed', culprits: [id] }])
  await gone(pid)
  assert.equal(readFileSync(file, 'utf8'), 'clean ')
  assert.equal((await rig.final(id)).reason, 'poison')
  assert.equal((await rig.run('process-block', { ms: 1 })).state, 'succeeded')
})

test('a child that cannot load the tasks charges nobody', async (t) => {
  const source = { config: null, tasks: ['no-such-file.ts'], root: '/nowhere' }
  const known = ['process-block']
  const types = all.filter(({ name }) => name === 'process-block')
  const rig = await createIsolation(t, { types, isolation: { source, known, lacks: null } })
  const id = await rig.enqueue('process-block')
  const task = await rig.becomes(id, ({ releases }) => releases === 1)
  assert.deepEqual(
    [task.state, task.reason, task.failures, task.crashes],
    ['scheduled', 'child_failed', 0, 0],
  )
  const told = rig.lines.find((line) => /could not start/.test(String(line['message'])))
  assert.match(String(told?.['why']), /no-such-file\.ts.* matches no file/)
})
