/** Workers without a supervisor: asked to drain, hurried when they are late, killed when they do not listen. */
import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test, type TestContext } from 'node:test'

import { TOKEN_VARIABLE } from '../supervisor/messages.ts'
import { makePlace, placeOf, type Place } from '../supervisor/place.ts'
import { stateOf, writeState, type SavedWorker } from '../supervisor/state.ts'
import { ManualClock } from '../testing/clock.ts'
import { readIdentity, startTimeOf } from '../worker/identity.ts'
import { endLeftBehind, leftBehind } from './left-behind.ts'

/** Says each SIGTERM and does nothing about it. */
const DEAF = "process.on('SIGTERM', () => console.log('told')); console.log('up'); setInterval(() => {}, 1e6)"

interface Left {
  readonly place: Place
  readonly saved: SavedWorker
  readonly lines: AsyncIterator<string>
}

/** A supervisor that has ended. */
const GONE = { ...readIdentity(), startTime: '1' }

async function launch(t: TestContext, name: string): Promise<Omit<Left, 'place'>> {
  const child = spawn(process.execPath, ['-e', DEAF], {
    detached: true,
    env: { ...process.env, [TOKEN_VARIABLE]: `secret of ${name}` },
    stdio: ['ignore', 'pipe', 'ignore'],
  })
  const exited = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await exited
  })
  const pid = child.pid ?? 0
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]()
  await lines.next()
  const saved = {
    name,
    pid,
    start_time: startTimeOf(pid),
    token: `secret of ${name}`,
    session: 's',
    ready: true,
    leaving: false,
    restarts: 2,
    started_at: new Date().toISOString(),
  }
  return { saved, lines }
}

async function leave(t: TestContext): Promise<Left> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-left-'))
  t.after(() => rmSync(folder, { recursive: true, force: true }))
  const { saved, lines } = await launch(t, 'worker-1')
  const place = placeOf(folder)
  makePlace(place)
  writeState(place, stateOf(GONE, [saved, { ...saved, name: 'worker-2', token: 'another' }]))
  return { place, saved, lines }
}

const skip = process.platform !== 'linux' && 'reads /proc'

test(
  'one that does not listen is told twice, then killed; a stranger of its pid is no worker',
  { skip },
  async (t) => {
    const { place, saved, lines } = await leave(t)
    const { pid } = saved
    assert.deepEqual(
      leftBehind(place).map(({ name, state, restarts }) => [name, state, restarts]),
      [['worker-1', 'running', 2]],
    )
    const clock = new ManualClock()
    const looks: unknown[] = []
    const ended = endLeftBehind(place, {
      grace: 10_000,
      onLook: (left) => looks.push(left.map((one) => one.pid)),
      clock,
    })
    assert.equal((await lines.next()).value, 'told')
    await clock.pass(9_900)
    assert.deepEqual(looks.at(-1), [pid])
    await clock.pass(200)
    assert.equal((await lines.next()).value, 'told')
    await clock.pass(3_000)
    // Killed; it takes the system a moment.
    for (let done = false; !done; await clock.pass(100)) {
      done = await Promise.race([
        ended.then(() => true),
        new Promise<false>((resolve) => setImmediate(resolve, false)),
      ])
    }
    assert.deepEqual(looks.at(-1), [])
    assert.equal((await lines.next()).done, true)
  },
)

test('a supervisor that comes while they drain keeps its own workers', { skip }, async (t) => {
  const { place, saved, lines } = await leave(t)
  const clock = new ManualClock()
  const looks: unknown[] = []
  const ended = endLeftBehind(place, {
    grace: 0,
    onLook: (left) => looks.push(left.map(({ name }) => name)),
    clock,
  })
  assert.equal((await lines.next()).value, 'told')
  const another = await launch(t, 'worker-3')
  const holder = { ...readIdentity(), startTime: startTimeOf(process.pid) }
  writeState(place, stateOf(holder, [saved, another.saved]))
  assert.deepEqual(leftBehind(place), [])
  process.kill(saved.pid, 'SIGKILL')
  await lines.next()
  for (let done = false; !done; await clock.pass(1_000)) {
    done = await Promise.race([
      ended.then(() => true),
      new Promise<false>((resolve) => setImmediate(resolve, false)),
    ])
  }
  assert.ok(looks.flat().every((name) => name === 'worker-1'))
  // It heard of nothing: only now.
  process.kill(another.saved.pid, 'SIGTERM')
  assert.equal((await another.lines.next()).value, 'told')
})
