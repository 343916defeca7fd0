// A disk that is full: SQLite on a small tmpfs under a worker. What cannot be written is refused as not applied, what
// must be written is kept and sent again, and all goes on by itself when there is room. Needs root to mount.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { appendFileSync, mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { PassThrough } from 'node:stream'
import { test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { createLog } from '../../src/base/log.ts'
import { WindlassError } from '../../src/core/errors.ts'
import type { Engine } from '../../src/core/engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import { defineTask } from '../../src/core/task-type.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newSession, newTask } from '../../src/testing/samples.ts'
import { Worker } from '../../src/worker/worker.ts'

const MIB = 1024 * 1024
const BLOCK = JSON.stringify({ fill: 'x'.repeat(60_000) })

/** A disk of 8 MiB, unmounted when the test ends; null where this user may not mount. */
function smallDisk(t: TestContext): string | null {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'windlass-test', folder])
  t.after(() => {
    if (mounted.status === 0) assert.equal(spawnSync('umount', ['-l', folder]).status, 0)
    rmdirSync(folder)
  })
  return mounted.status === 0 ? folder : null
}

async function until(what: string, look: () => boolean | Promise<boolean>, ms = 20_000): Promise<void> {
  for (const end = Date.now() + ms; !(await look());) {
    assert.ok(Date.now() < end, `not within ${ms} ms: ${what}`)
    await sleep(20)
  }
}

async function refusal(call: Promise<unknown>): Promise<WindlassError> {
  const error: unknown = await call.then(
    () => null,
    (thrown: unknown) => thrown,
  )
  assert.ok(error instanceof WindlassError, 'the call was not refused')
  return error
}

/** Enqueues until there is no room; answers what was acknowledged. */
async function fill(engine: Engine): Promise<{ acked: string[]; error: WindlassError; refused: string }> {
  const acked: string[] = []
  for (let i = 0; i < 1_000; i++) {
    const task = newTask({ id: `fill-${i}`, type: 'fill', queue: 'later', payload: BLOCK })
    try {
      await engine.enqueue([task])
      acked.push(task.id)
    } catch (error) {
      assert.ok(error instanceof WindlassError)
      return { acked, error, refused: task.id }
    }
  }
  return assert.fail('the disk was never full')
}

/** Leaves no room at all: neither on the disk nor, for small changes, in the log that has grown already. */
async function takeTheRest(engine: Engine, path: string): Promise<void> {
  const page = Buffer.alloc(4_096)
  assert.throws(
    () => {
      for (;;) appendFileSync(path, page)
    },
    { code: 'ENOSPC' },
  )
  const changes = [
    () => engine.enqueue([newTask({ type: 'fill', queue: 'later' })]),
    () => engine.startSession([newSession({ types: [], queues: ['none'], lease: 3_600_000 })]),
  ]
  for (const change of changes) {
    await until('no small change fits', () =>
      change().then(
        () => false,
        () => true,
      ),
    )
  }
}

interface Scene {
  readonly engine: Engine
  readonly worker: Worker
  readonly lines: string[]
  /** Ids of runs, in the order in which they began. */
  readonly begun: string[]
  readonly aborted: string[]
  readonly open: () => void
}

async function scene(t: TestContext, path: string): Promise<Scene> {
  const engine = await openEngine(`sqlite:${path}`)
  await engine.migrate()
  const gate = Promise.withResolvers<void>()
  const begun: string[] = []
  const aborted: string[] = []
  const hold = defineTask({
    name: 'hold',
    async run(_: unknown, { id, signal }) {
      begun.push(id)
      signal.addEventListener('abort', () => aborted.push(id))
      await gate.promise
      return { id }
    },
  })
  const lines: string[] = []
  const destination = new PassThrough().on('data', (chunk: Buffer) => lines.push(chunk.toString()))
  const log = createLog({ level: 'warn', json: true, destination })
  const worker = new Worker({ engine, types: [hold], queues: ['now'], lease: '2s', log })
  await worker.start()
  t.after(async () => {
    gate.resolve()
    await worker.stop({ drain: '1s' })
    await engine.close()
  })
  return { engine, worker, lines, begun, aborted, open: () => gate.resolve() }
}

async function refusesAll({ engine, worker }: Scene, refused: string): Promise<void> {
  const again = await refusal(engine.enqueue([newTask({ id: 'small', type: 'hold', queue: 'now' })]))
  assert.deepEqual([again.code, again.applied], ['engine_full', 'no'])
  assert.deepEqual(await engine.records.get([refused, 'small']), [null, null], 'nothing of it is there')
  const session = newSession()
  const started = await refusal(engine.startSession([session]))
  assert.deepEqual([started.code, started.applied], ['engine_full', 'no'])
  const ask = { session: worker.status().session ?? '', claimId: mintToken(), queues: ['later'], limit: 1 }
  const claimed = await refusal(engine.claim([ask]))
  assert.deepEqual([claimed.code, claimed.applied], ['engine_full', 'no'])
}

test(
  'a full disk refuses, holds endings back, and all goes on when there is room',
  { timeout: 90_000 },
  async (t) => {
    const folder = smallDisk(t)
    if (folder === null) return t.skip('mounting a small tmpfs needs root')
    const path = join(folder, 'store.db')
    const ballast = join(folder, 'ballast')
    const here = await scene(t, path)
    const { engine, worker, lines, begun } = here
    const { session } = worker.status()
    await engine.enqueue([newTask({ id: 'held', type: 'hold', queue: 'now' })])
    await until('the task runs', () => begun.includes('held'))
    writeFileSync(ballast, Buffer.alloc(5 * MIB))
    const { acked, error, refused } = await fill(engine)
    assert.deepEqual([error.code, error.applied], ['engine_full', 'no'])
    assert.ok(acked.length > 5, `${acked.length} fitted`)
    await takeTheRest(engine, join(folder, 'rest'))
    await refusesAll(here, refused)

    // The handler ends while nothing can be written.
    here.open()
    await until('the ending is held back', () =>
      lines.some((line) => /endings could not be settled/.test(line)),
    )
    assert.equal(worker.status().unsettled, 1)
    await until('more than a lease went by without a beat', async () => {
      const sessions = await engine.records.sessions({ state: 'live', host: null })
      return sessions.some(({ id, expiresAt }) => id === session && expiresAt < Date.now())
    })
    assert.equal((await engine.records.get(['held']))[0]?.state, 'running')
    assert.deepEqual(here.aborted, [], 'in doubt, go on')

    rmSync(ballast)
    await until(
      'the ending is settled',
      async () => (await engine.records.get(['held']))[0]?.state === 'succeeded',
    )
    const [held] = await engine.records.get(['held'])
    assert.deepEqual([held?.attempt, held?.losses, held?.releases], [1, 0, 0])
    assert.equal(
      (await engine.enqueue([newTask({ id: 'after', type: 'hold', queue: 'now' })]))[0]?.outcome,
      'created',
    )
    await until(
      'new work is done',
      async () => (await engine.records.get(['after']))[0]?.state === 'succeeded',
    )
    assert.equal(worker.status().session, session, 'the same session as before')
    assert.equal((await engine.records.get(acked)).filter((task) => task === null).length, 0)
    const db = new DatabaseSync(path)
    assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
    db.close()
  },
)
