// Several processes and threads on one SQLite file: locks held by others, turns at the lock, sudden deaths, hints.

import assert from 'node:assert/strict'
import { fork, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { Worker } from 'node:worker_threads'
import { join } from 'node:path'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import type { Engine } from '../../src/core/engine.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newSession, newTask } from '../../src/testing/samples.ts'

const HEART = new URL('./sqlite-heart.ts', import.meta.url)
const CHILD = new URL('./sqlite-child.ts', import.meta.url)

let folder: string
let path: string
let url: string
let engine: Engine
const children = new Set<ChildProcess>()

beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'windlass-processes-'))
  path = join(folder, 'store.db')
  url = `sqlite:${path}`
  engine = await openEngine(url)
  await engine.migrate()
})

afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children.clear()
  await engine.close()
  rmSync(folder, { recursive: true, force: true })
})

function start(...args: string[]): ChildProcess {
  const child = fork(CHILD, args, { execArgv: ['--conditions=windlass-source'] })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

async function messageOf<M>(child: ChildProcess): Promise<M> {
  const [message] = (await once(child, 'message', { signal: AbortSignal.timeout(20_000) })) as [M]
  return message
}

/** Longest time in which the event loop did not come round while `work` ran. */
async function longestStall(work: Promise<unknown>): Promise<number> {
  let last = performance.now()
  let longest = 0
  const timer = setInterval(() => {
    const now = performance.now()
    longest = Math.max(longest, now - last)
    last = now
  }, 2)
  try {
    await work
  } finally {
    clearInterval(timer)
  }
  return longest
}

test(
  'a lock held by a stranger holds up neither the event loop nor a look',
  { timeout: 30_000 },
  async () => {
    const session = newSession()
    await engine.startSession([session])
    const holder = start('hold', path, '2000')
    await messageOf(holder)
    const enqueued = engine.enqueue([newTask({ id: 't' })])
    const stall = longestStall(enqueued)
    // Reading goes on: a claim that finds nothing needs no lock.
    const request = { session: session.id, claimId: 'c', queues: ['other'], limit: 1 }
    assert.equal((await engine.claim([request]))[0]?.live, true)
    assert.equal((await enqueued)[0]?.outcome, 'created')
    assert.ok((await stall) < 100 * 3, `the event loop stood still for ${await stall} ms`)
  },
)

test('a call gives up after its time, and nothing of it is applied', { timeout: 30_000 }, async () => {
  const hasty = await openEngine(url, { callTimeout: 300 })
  const holder = start('hold', path, '1500')
  await messageOf(holder)
  const since = performance.now()
  await assert.rejects(hasty.enqueue([newTask({ id: 't' })]), {
    code: 'engine_busy',
    applied: 'no',
    retry: true,
  })
  const waited = performance.now() - since
  assert.ok(waited >= 300 && waited < 4_200, `gave up after ${waited} ms`)
  await once(holder, 'exit')
  assert.deepEqual(await engine.records.get(['t']), [null])
  assert.equal((await hasty.enqueue([newTask({ id: 't' })]))[0]?.outcome, 'created')
  await hasty.close()
})

test('processes that write without pause all get their turn', { timeout: 60_000 }, async () => {
  const workers = [1, 2, 3].map(() => start('work', url))
  await Promise.all(workers.map((worker) => messageOf(worker)))
  for (const worker of workers) worker.send('go')
  await sleep(2_000)
  const answers = workers.map((worker) =>
    messageOf<{ rounds: number; longest: number; lost: string[] }>(worker),
  )
  for (const worker of workers) worker.send('stop')
  const results = await Promise.all(answers)
  const rounds = results.map((result) => result.rounds)
  const all = rounds.reduce((sum, count) => sum + count, 0)
  assert.ok(Math.min(...rounds) / all > 0.05, `rounds: ${rounds.join(', ')}`)
  assert.ok(Math.max(...results.map((result) => result.longest)) < 1_500, JSON.stringify(results))
  assert.deepEqual(
    results.flatMap((result) => result.lost),
    [],
  )
})

test('what was acknowledged survives kill -9, and the file is whole', { timeout: 60_000 }, async () => {
  const acked: string[] = []
  for (let round = 0; round < 4; round++) {
    const writers = [1, 2].map(() => start('enqueue', url))
    for (const writer of writers) {
      writer.on('message', ({ acked: ids }: { acked?: string[] }) => acked.push(...(ids ?? [])))
    }
    await Promise.all(writers.map((writer) => once(writer, 'message')))
    await sleep(50 + Math.random() * 150)
    for (const writer of writers) writer.kill('SIGKILL')
    await Promise.all(writers.map((writer) => once(writer, 'exit')))
  }
  assert.ok(acked.length > 20, `${acked.length} were acknowledged`)
  const kept: unknown[] = []
  for (let at = 0; at < acked.length; at += 500)
    kept.push(...(await engine.records.get(acked.slice(at, at + 500))))
  assert.equal(kept.filter((task) => task === null).length, 0)
  const db = new DatabaseSync(path)
  assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
  // A task is two rows, and neither is ever there without the other.
  const halves =
    db.prepare(`SELECT (SELECT count(*) FROM windlass_tasks) a, (SELECT count(*) FROM windlass_states) b,
    (SELECT count(*) FROM windlass_tasks JOIN windlass_states USING (seq)) c`)
  const { a, b, c } = { ...halves.get() }
  assert.ok(a === b && b === c && Number(a) >= acked.length, JSON.stringify({ a, b, c, acked: acked.length }))
  db.close()
})

test('another process is heard, with the kind of change', { timeout: 30_000 }, async () => {
  const child = start('once', url)
  await messageOf(child)
  const heard = Promise.withResolvers<number>()
  const stop = engine.watch((hint) => {
    if (hint.kind === 'work') heard.resolve(performance.now())
  })
  child.send('go')
  await messageOf(child)
  const done = performance.now()
  assert.ok((await heard.promise) - done < 1_000)
  stop()
})

test(
  'a heart in a thread of its own beats while the thread of the worker is blocked',
  { timeout: 30_000 },
  async () => {
    const session = newSession({ lease: 60_000 })
    await engine.startSession([session])
    const heart = new Worker(HEART, {
      workerData: { url, session: session.id },
      execArgv: ['--conditions=windlass-source'],
    })
    await once(heart, 'message')
    const [before] = await engine.records.sessions({ state: 'live', host: null })
    // No turn of this thread's event loop for a while, as a handler that computes would have it.
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 500)
    const [afterwards] = await engine.records.sessions({ state: 'live', host: null })
    assert.ok(
      (afterwards?.beat ?? 0) - (before?.beat ?? 0) >= 3,
      `${before?.beat} and then ${afterwards?.beat} beats`,
    )
    heart.postMessage('stop')
    await once(heart, 'exit')
  },
)

test('a watch keeps no process alive', { timeout: 30_000 }, async () => {
  const child = start('watch', url)
  const [code] = (await once(child, 'exit', { signal: AbortSignal.timeout(20_000) })) as [number]
  assert.equal(code, 0)
})
