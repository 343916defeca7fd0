/** Bulk verbs under doubt: a reply that was lost is neither a refusal nor a second deed. */
import assert from 'node:assert/strict'
import { test } from 'node:test'

import { systemClock } from '../base/clock.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { openMemory } from '../engines/memory/engine.ts'
import { newTask } from '../testing/samples.ts'
import { runBulk, type BulkVerb } from './bulk.ts'
import type { Ground } from './repeat.ts'

/** The engine with `count` waiting tasks in queue `q`; the first answer to an action is lost. */
async function system(count: number): Promise<{ engine: Engine; ground: Ground }> {
  const engine: Engine = openMemory({ namespace: 'bulk', now: null, callTimeout: 1_000 })
  await engine.migrate()
  await engine.enqueue(Array.from({ length: count }, (_, i) => newTask({ id: `t${i}`, queue: 'q' })))
  const { records } = engine
  const act = records.act.bind(records)
  let calls = 0
  records.act = async (actions) => {
    const replies = await act(actions)
    if (calls++ % 2 === 0) throw new WindlassError('engine_timeout', 'no answer came', { applied: 'unknown' })
    return replies
  }
  const ground: Ground = {
    engine: async () => engine,
    clock: systemClock,
    deadline: 5_000,
    random: () => 0,
  }
  return { engine, ground }
}

test('what was done before the answer was lost counts as done, once', async (t) => {
  const { engine, ground } = await system(25)
  t.after(() => engine.close())
  for (const verb of ['cancel', 'retry', 'cancel', 'delete'] satisfies BulkVerb[]) {
    const { matched, done, refused } = await runBulk(ground, { verb, filter: { queue: 'q' } })
    assert.deepEqual([verb, matched, done, refused], [verb, 25, 25, 0])
  }
  assert.equal((await runBulk(ground, { verb: 'delete', filter: { queue: 'q' } })).matched, 0)
})

test('no filter, a wrong verb, a wrong key: nothing is done', async (t) => {
  const { engine, ground } = await system(1)
  t.after(() => engine.close())
  for (const options of [
    { verb: 'cancel', filter: {} },
    { verb: 'cancel', filter: { queue: undefined } },
    { verb: 'forget', filter: { queue: 'q' } },
    { verb: 'cancel', filter: { queue: 'q', limit: 5 } },
    { verb: 'cancel', filter: { queue: 'q' }, dryrun: true },
  ])
    await assert.rejects(runBulk(ground, options as never), WindlassError)
  assert.equal((await engine.records.get(['t0']))[0]?.state, 'ready')
})
