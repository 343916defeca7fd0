// A worker that is stopped for longer than its lease and then goes on, beside several others: its tasks have run
// elsewhere by then. What ends late is refused and counted, what still runs is told at once. A run in which no ending
// came too late proves nothing and fails. Which store it is, is the caller's to say.

import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'

import type { Settle } from './store-place.ts'
import { createSystem, type Program, type System } from './worker-system.ts'

/** A process that is stopped inside a transaction keeps its locks, and then others have to wait: not here. */
async function stopBetweenCommits({ place }: System, program: Program): Promise<void> {
  for (let tries = 0; ; tries++) {
    program.kill('SIGSTOP')
    if (await place.isCalm()) return
    assert.ok(tries < 20, 'stopped inside a transaction, again and again')
    program.kill('SIGCONT')
  }
}

const OPTIONS = { lease: '2s', concurrency: 2 }

/** Declares the tests for an engine. */
export function runPauseCases(engine: string, settle: Settle | null): void {
  if (settle === null) {
    test(`${engine}: a pause beyond the lease`, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
    return
  }
  // They wait for leases most of their time, and each has a store of its own.
  suite(`${engine}: a pause beyond the lease`, { concurrency: true }, () => {
    test(
      'a late ending is refused as stale and a running handler is aborted at once',
      { timeout: 60_000 },
      (t) => judgePause(t, settle),
    )
    test(
      'a worker that was stopped while an answer was on its way asks again at once',
      { timeout: 60_000 },
      (t) => judgeOldAnswer(t, settle),
    )
  })
}

async function judgePause(t: TestContext, settle: Settle): Promise<void> {
  const system = await createSystem(t, settle)
  const paused = await system.worker({ ...OPTIONS, name: 'paused' })
  const running = await system.enqueue('first', { ms: 600_000 })
  await paused.event('begin', (line) => line['id'] === running)
  // Its thread is blocked when the signal comes, so its ending is the first thing that happens afterwards.
  const ending = await system.enqueue('block', { ms: 1_000 })
  await paused.event('begin', (line) => line['id'] === ending)
  await stopBetweenCommits(system, paused)
  const others = await Promise.all(
    ['one', 'two'].map((name) => system.worker({ ...OPTIONS, name, concurrency: 1 })),
  )
  const isDone = ({ state }: { state: string }): boolean => state === 'succeeded'
  const before = [await system.becomes(running, isDone), await system.becomes(ending, isDone)]
  assert.deepEqual(
    before.map(({ attempt, losses, crashes, failures }) => [attempt, losses, crashes, failures]),
    [
      [2, 1, 0, 0],
      [2, 1, 0, 0],
    ],
  )
  const pids = new Set(others.map(({ pid }) => pid))
  for (const { result } of before) assert.ok(pids.has((JSON.parse(result ?? '') as { pid: number }).pid))

  paused.kill('SIGCONT')
  const since = performance.now()
  const abort = await paused.event('abort', (line) => line['id'] === running)
  const took = performance.now() - since
  assert.equal(abort['code'], 'lease_lost')
  // Milliseconds as a rule.
  assert.ok(took <= 1_000, `aborted after ${took} ms`)
  await paused.logged(/came too late/)
  await paused.logged(/a new session was started/)
  const stale = paused.said.filter((line) => /came too late/.test(String(line['message'])))
  assert.deepEqual(
    stale.map((line) => [line['task'], line['attempt'], line['ending']]),
    [[ending, 1, 'succeed']],
  )
  const after = [await system.get(running), await system.get(ending)]
  assert.deepEqual(after, before, 'nothing of the first runs is left')

  // It takes part again.
  const next = await system.enqueue('block', { ms: 0 })
  await system.becomes(next, isDone)
  paused.kill('SIGTERM')
  assert.equal(await paused.exit(), 0)
  t.diagnostic(`aborted ${Math.round(took)} ms after the pause`)
}

async function judgeOldAnswer(t: TestContext, settle: Settle): Promise<void> {
  const system = await createSystem(t, settle)
  const openModule = new URL('./fixtures/slow-heart.ts', import.meta.url).href
  // Its one slot is taken, so that no claim tells it before the heart does.
  const paused = await system.worker({ lease: '4s', name: 'paused', concurrency: 1, openModule })
  const id = await system.enqueue('first', { ms: 600_000 })
  await paused.event('begin')
  const heard = paused.said.length
  await paused.hears((line) => line['event'] === 'answered' && paused.said.indexOf(line) >= heard)
  await stopBetweenCommits(system, paused)
  await system.worker({ lease: '1s', name: 'other' })
  await system.becomes(id, ({ state }) => state === 'succeeded', 30_000)
  paused.kill('SIGCONT')
  const since = performance.now()
  const abort = await paused.event('abort')
  const took = performance.now() - since
  assert.equal(abort['code'], 'lease_lost')
  // The old answer, which says that all is well, is no reason to wait for the next beat: that is a third of the lease.
  // Half a second of that is the slow answer itself; without asking again it took 1.8 s.
  assert.ok(took <= 1_500, `aborted after ${took} ms`)
  t.diagnostic(`aborted ${Math.round(took)} ms after the pause`)
}
