// An engine that is exchanged underneath a worker: hints, calls and who closes what.

import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test, type TestContext } from 'node:test'

import { systemClock } from '../base/clock.ts'
import { silentLog } from '../base/log.ts'
import { openEngine } from '../engines/open.ts'
import { openMemory } from '../engines/memory/engine.ts'
import { newTask } from '../testing/samples.ts'
import { HotEngine } from './hot-engine.ts'

const OPEN = new URL('../engines/open.ts', import.meta.url).href
const LIMIT = 10_000

async function openStore(t: TestContext) {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-hot-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const engine = await openEngine(`sqlite:${join(folder, 'windlass.db')}`)
  t.after(() => engine.close())
  await engine.migrate()
  return engine
}

test('after it was opened anew, calls and hints go over the new connections and the given engine stays open', async (t) => {
  const engine = await openStore(t)
  const hot = new HotEngine(engine, { openModule: OPEN })
  t.after(() => hot.release())
  let hinted = Promise.withResolvers<void>()
  const unwatch = hot.watch(() => hinted.resolve())
  assert.equal(await hot.reopen(systemClock, LIMIT, silentLog), true)
  // Whatever the given engine would answer now, it is not asked.
  engine.claim = () => new Promise(() => {})
  assert.deepEqual(await hot.claim([]), [])
  const one = newTask()
  await hot.enqueue([one])
  await hinted.promise
  assert.equal((await engine.records.get([one.id]))[0]?.state, 'ready')
  // Twice: what was opened here the first time is closed.
  assert.equal(await hot.reopen(systemClock, LIMIT, silentLog), true)
  hinted = Promise.withResolvers<void>()
  await engine.enqueue([newTask()])
  await hinted.promise
  unwatch()
  await hot.release()
  await assert.rejects(hot.records.get([one.id]), { code: 'engine_closed' })
  assert.equal((await engine.records.get([one.id]))[0]?.id, one.id)
})

test('what cannot be opened anew goes on as it is', async (t) => {
  const engine = await openStore(t)
  const memory = openMemory()
  await memory.migrate()
  for (const hot of [
    new HotEngine(engine, null),
    new HotEngine(engine, { openModule: new URL('./no-such-module.ts', import.meta.url).href }),
    new HotEngine(memory, { openModule: OPEN }),
  ]) {
    assert.equal(await hot.reopen(systemClock, LIMIT, silentLog), false)
    assert.deepEqual(await hot.records.get(['none']), [null])
  }
})

test('one that opens too late is closed again', async (t) => {
  const engine = await openStore(t)
  const hot = new HotEngine(engine, { openModule: OPEN })
  const opening = hot.reopen(systemClock, LIMIT, silentLog)
  await hot.release()
  await opening
  assert.deepEqual(await engine.records.get(['none']), [null])
  assert.deepEqual(await hot.records.get(['none']), [null])
})
