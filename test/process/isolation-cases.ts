/**
 * Handlers in threads and processes of their own while the store is a server: what they say reaches it, a cancel reaches
 * them, transactions of their own work, and the password of the store is told nowhere. Which server it is, is the
 * caller's to say.
 */
import assert from 'node:assert/strict'
import { readdirSync, readFileSync } from 'node:fs'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { newTask } from '../../src/testing/samples.ts'
import type { Settle } from './store-place.ts'
import { assertLeft, settleSystem } from './up-cases.ts'

const CONFIG = `
import { defineConfig } from 'windlass'
export default defineConfig({ tasks: ['tasks.ts'], worker: { concurrency: 2 } })`

/** Says all it can, then waits to be told to end. */
const SPEAKING = `
import { defineTask } from 'windlass'
const speak = async ({ n }, ctx) => {
  ctx.log.info('hello', { n })
  ctx.progress(40, String(process.pid))
  await new Promise((resolve) => ctx.signal.addEventListener('abort', resolve))
  ctx.log.info('told to end')
  ctx.signal.throwIfAborted()
}
export const speaking = ['thread', 'process'].map((isolation) =>
  defineTask({ name: isolation, isolation, run: speak }),
)`

/** Declares the tests for an engine; `settle` is null where there is no server. */
export function runIsolationCases(engine: string, settle: Settle | null): void {
  const title = `${engine}: progress, log and cancel work in threads and processes, and nobody reads the password`
  if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
  else test(title, { timeout: 60_000 }, (t) => judgeSpeaking(t, settle))
}

async function judgeSpeaking(t: TestContext, settle: Settle): Promise<void> {
  const files = { 'windlass.config.ts': CONFIG, 'tasks.ts': SPEAKING }
  const { place, cli, engine } = await settleSystem(t, settle, files)
  const secret = decodeURIComponent(new URL(place.url).password)
  assert.notEqual(secret, '')
  const types = ['thread', 'process']
  const tasks = types.map((type) => newTask({ type, queue: 'default', payload: '{"n":7}' }))
  await engine.enqueue(tasks)
  const worker = cli.start(['worker', '--json'], { LOG_LEVEL: 'debug' })
  const speaking = await Promise.all(
    tasks.map(({ id }) => becomes(engine, id, (task) => task.progress !== null)),
  )
  const pids = speaking.map(({ progress }) => Number(progress?.message))
  assert.deepEqual(
    [speaking.map(({ progress }) => progress?.percent), pids.map((pid) => pid === worker.pid)],
    [
      [40, 40],
      [true, false],
    ],
  )
  if (process.platform === 'linux') {
    const shown = familyOf(worker.pid)
    assert.ok(pids.every((pid) => shown.has(pid)))
    for (const text of shown.values()) assert.ok(!text.includes(secret), 'the password is told')
  }
  await engine.records.act(tasks.map(({ id }) => ({ verb: 'cancel', id })))
  for (const { id } of tasks) {
    const task = await becomes(engine, id, ({ state }) => state !== 'running')
    assert.deepEqual([task.state, task.reason, task.attempt], ['cancelled', 'cancelled', 1])
    const { lines } = await engine.journal.logs(id, null, 10)
    assert.deepEqual(
      lines.map(({ message }) => message),
      ['hello {"n":7}', 'told to end'],
    )
  }
  worker.signal('SIGTERM')
  const { code, stdout, stderr } = await worker.ended
  assert.equal(code, 0, stderr)
  assert.match(stdout, /told to end/)
  assert.ok(!(stdout + stderr).includes(secret), 'the password is told')
  await assertLeft(place, engine)
}

/** Runs handlers that book in a transaction of their own connection, first rolled back; `source` says how they do. */
export async function judgeBooking(t: TestContext, settle: Settle, source: string): Promise<void> {
  const files = { 'windlass.config.ts': CONFIG, 'tasks.ts': source }
  const { place, cli, engine } = await settleSystem(t, settle, files)
  const types = ['inline', 'thread', 'process']
  const retry = { kind: 'fixed', retries: 1, delay: 0 } as const
  const tasks = types.map((type) => newTask({ type, queue: 'default', payload: 'null', retry }))
  await engine.enqueue(tasks)
  const { code, stdout, stderr } = await cli.run(['worker', '--drain=all'])
  assert.equal(code, 0, stdout + stderr)
  for (const { id, type } of tasks) {
    const [task, followUp] = await engine.records.get([id, `with-${id}`])
    assert.deepEqual(
      [task?.state, task?.attempt, task?.failures, task?.result, followUp?.state, followUp?.payload],
      ['succeeded', 2, 1, '{"attempt":2}', 'succeeded', '{"attempt":2}'],
      type,
    )
  }
  assert.doesNotMatch(stdout, /came too late/)
  await assertLeft(place, engine)
}

async function becomes(engine: Engine, id: string, fits: (task: TaskRecord) => boolean): Promise<TaskRecord> {
  for (const late = performance.now() + 15_000; ; await sleep(20)) {
    const [task] = await engine.records.get([id])
    assert.ok(task)
    if (fits(task)) return task
    assert.ok(performance.now() < late, `the task is still ${JSON.stringify(task)}`)
  }
}

/** What everybody on the machine can read of a process and all that it started. */
function familyOf(root: number): Map<number, string> {
  const parents = new Map<number, number>()
  const read = (pid: number, name: string): string => readFileSync(`/proc/${pid}/${name}`, 'utf8')
  for (const name of readdirSync('/proc')) {
    if (!/^\d+$/.test(name)) continue
    try {
      parents.set(Number(name), Number(/\) . (\d+)/.exec(read(Number(name), 'stat'))?.[1]))
    } catch {
      // It has ended meanwhile.
    }
  }
  const family = new Set([root])
  for (let grown = true; grown;) {
    grown = false
    for (const [pid, parent] of parents) if (family.has(parent) && !family.has(pid)) grown = !!family.add(pid)
  }
  return new Map([...family].map((pid) => [pid, read(pid, 'cmdline')]))
}
