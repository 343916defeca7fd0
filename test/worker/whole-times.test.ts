/** Times that a worker gives to an engine are whole milliseconds, whatever the lease: servers refuse others. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { silentLog } from '../../src/base/log.ts'
import type { SweepRequest } from '../../src/core/hot-verbs.ts'
import { defineTask } from '../../src/core/task-type.ts'
import { openMemory } from '../../src/engines/memory/engine.ts'
import { over } from '../../src/testing/history/recorder.ts'
import { Worker } from '../../src/worker/worker.ts'

for (const lease of ['2s', '25s'] as const)
  test(`a lease of ${lease} leads to sweeps of whole milliseconds`, async (t) => {
    const engine = openMemory()
    await engine.migrate()
    const first = Promise.withResolvers<SweepRequest>()
    const watched = over(engine, {
      sweep: (request) => {
        first.resolve(request)
        return engine.sweep(request)
      },
    })
    const types = [defineTask({ name: 'echo', run: () => null })]
    const worker = new Worker({ engine: watched, types, lease, neighbours: false, log: silentLog })
    t.after(() => worker.stop())
    await worker.start()
    const { every, grace } = await first.promise
    assert.deepEqual([every, grace], [Math.floor(every), Math.floor(grace)])
  })
