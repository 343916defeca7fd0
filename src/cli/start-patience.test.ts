// What is waited for at the start, for how long, and what ends the waiting.

import assert from 'node:assert/strict'
import { test } from 'node:test'

import { WindlassError, type ErrorCode } from '../core/errors.ts'
import { ManualClock } from '../testing/clock.ts'
import { startPatiently } from './start-patience.ts'

const never = new Promise<never>(() => {})

/** Tries of a store that fails with `code` for the first `failures` of them. */
async function tries(code: ErrorCode, failures: number, url: string, stop: Promise<unknown> = never) {
  const clock = new ManualClock()
  const said: unknown[] = []
  let count = 0
  const log = { warn: (_: string, fields?: object) => void said.push(fields) }
  const started = startPatiently(
    async () => {
      if (++count <= failures) throw new WindlassError(code, 'planned', { applied: 'no' })
    },
    { log, stop, url, clock },
  ).then(
    () => 'started',
    (error: unknown) => (error as WindlassError).code,
  )
  const end = { came: false }
  void started.finally(() => (end.came = true))
  for (let turn = 0; turn < 1_000 && !end.came; turn++) await clock.pass(250)
  return { came: await started, count, said: said.length, took: clock.mono() }
}

test('a busy store is waited for, and so is a server; a file that cannot be opened is not', async () => {
  assert.deepEqual((await tries('engine_busy', 3, 'sqlite:x.db')).came, 'started')
  assert.deepEqual((await tries('engine_unreachable', 3, 'postgres://db/x')).came, 'started')
  const file = await tries('engine_unreachable', 1, 'sqlite:x.db')
  assert.deepEqual([file.came, file.count], ['engine_unreachable', 1])
})

test('after a minute it is given up, and until then the log says so every ten seconds', async () => {
  const { came, said, took } = await tries('engine_busy', Number.POSITIVE_INFINITY, 'sqlite:x.db')
  assert.equal(came, 'engine_busy')
  assert.ok(took >= 60_000 && took < 62_000, `${took} ms`)
  assert.equal(said, 6)
})

test('a stop ends the waiting', async () => {
  const stopped = await tries('engine_busy', Number.POSITIVE_INFINITY, 'sqlite:x.db', Promise.resolve())
  assert.equal(stopped.came, 'engine_busy')
  assert.ok(stopped.count <= 2)
})
