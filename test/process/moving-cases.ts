/**
 * A task that moves from state to state while somebody counts: each count is of one moment, so that who waits for a queue
 * to be empty is not told so by chance. Which engine it is, is the caller's to say.
 */
import assert from 'node:assert/strict'
import { test, type TestContext } from 'node:test'

import type { Engine } from '../../src/core/engine.ts'
import { mintToken } from '../../src/core/ids.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newSession, newTask, outcomes } from '../../src/testing/samples.ts'
import type { Settle } from './store-place.ts'
import { createSystem } from './worker-system.ts'

const LOOKS = 300

/** Declares the test for an engine; `settle` is null where there is no server. */
export function runMovingCases(engine: string, settle: Settle | null): void {
  const title = `${engine}: a task that moves while somebody counts is counted once`
  if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
  else test(title, (t) => judgeCounts(t, settle))
}

async function judgeCounts(t: TestContext, settle: Settle): Promise<void> {
  const { engine, url } = await createSystem(t, settle)
  const mover = await openEngine(url)
  await engine.enqueue([newTask({ queue: 'default' })])
  const over = new AbortController()
  const moving = move(mover, over.signal)
  const seen = new Set<number>()
  for (let look = 0; look < LOOKS; look++) {
    const [stats] = await engine.records.stats(['default'])
    const { ready, running, scheduled } = stats?.counts ?? { ready: 0, running: 0, scheduled: 0 }
    seen.add(ready + running + scheduled)
  }
  over.abort()
  const moves = await moving
  await mover.close()
  assert.deepEqual([...seen], [1])
  assert.ok(moves > 10, `it moved ${moves} times only: the run proves nothing`)
}

/** Takes the task and gives it back, again and again; answers how often. */
async function move(engine: Engine, over: AbortSignal): Promise<number> {
  const session = newSession()
  await engine.startSession([session])
  for (let moves = 0; ; moves++) {
    if (over.aborted) return moves
    const [reply] = await engine.claim([
      { session: session.id, claimId: mintToken(), queues: ['default'], limit: 1 },
    ])
    const [task] = reply?.tasks ?? []
    assert.ok(task?.claim)
    const outcome = outcomes.release()
    await engine.settle([
      { id: task.id, claim: task.claim, guard: 'claim', outcome, followUps: [], logs: [] },
    ])
  }
}
