/** Processes that outlived the last supervisor are in the crew's care until the last one of them is gone. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { test, type TestContext } from 'node:test'

import { ManualClock } from '../testing/clock.ts'
import { readIdentity, startTimeOf } from '../worker/identity.ts'
import { Crew } from './crew.ts'
import { DeathDesk } from './death-desk.ts'
import { NO_LIMITS } from './recycle-rules.ts'
import type { SavedWorker } from './state.ts'

/** A process that was told to drain and does not hurry. */
function launch(t: TestContext, name: string): { saved: SavedWorker; end: () => Promise<void> } {
  const child = spawn('sleep', ['1000'], { detached: true, stdio: 'ignore' })
  const exited = once(child, 'exit')
  const end = async (): Promise<void> => {
    child.kill('SIGKILL')
    await exited
  }
  t.after(end)
  const pid = child.pid ?? 0
  const saved = {
    name,
    pid,
    start_time: startTimeOf(pid),
    token: `of ${pid}`,
    session: null,
    ready: true,
    leaving: true,
    restarts: 0,
    started_at: new Date().toISOString(),
  }
  return { saved, end }
}

test('of two that drain under one name the second is not forgotten when the first is gone', async (t) => {
  const clock = new ManualClock()
  const tell = (): void => {}
  const unasked = (): never => assert.fail('no store is asked')
  const engine = {
    endSession: unasked,
    sweep: unasked,
    settle: unasked,
    documents: { put: unasked },
  }
  const crew = new Crew({
    base: 'worker',
    command: () => ({ file: 'sleep', args: ['1000'], env: {} }),
    socket: '/nowhere',
    recycle: NO_LIMITS,
    tell,
    desk: new DeathDesk({ engine, tell, clock }),
    clock,
    patienceAtStop: 300_000,
    patienceAtForce: 3_000,
    changed: () => {},
  })
  const first = launch(t, 'worker-1')
  const second = launch(t, 'worker-1')
  crew.adopt([first.saved, second.saved], readIdentity())
  const pids = (): (number | null)[] => crew.facts().map(({ pid }) => pid)
  assert.deepEqual(pids(), [first.saved.pid, second.saved.pid])
  await first.end()
  while (pids().includes(first.saved.pid)) await clock.pass(250)
  await clock.pass(250)
  assert.deepEqual(pids(), [second.saved.pid])
  const retired = crew.retire()
  await second.end()
  while (pids().length > 0) await clock.pass(250)
  await retired
})
