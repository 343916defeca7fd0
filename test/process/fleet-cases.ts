/**
 * A fleet that is changed while tasks are enqueued all the time: renewed, scaled up and down, killed as a whole.
 * Promises that no task is lost, that none is charged but for a death that cut it off, and that workers never stop
 * taking work. Which store it is, is the caller's to say.
 */
import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'

import { killGroup } from '../../src/supervisor/worker-process.ts'
import { newTask } from '../../src/testing/samples.ts'
import type { Place, Running } from '../cli/launch.ts'
import { allGone, ask, becomes, endFleet, fewestTaking, LONG, pidsOf, startFleet } from './fleet.ts'
import { countCut, assertUntouched, fleetFiles, FleetLoad } from './fleet-load.ts'
import type { Settle } from './store-place.ts'
import { assertLeft, events, settleSystem } from './up-cases.ts'

const FLEET = LONG ? 4 : 2
/** So many are enqueued at least while workers are renewed again and again. */
const TASKS = LONG ? 10_000 : 100
/** So many run between one change and the next. */
const STEP = LONG ? 500 : 50
/** Numbers of workers, one after the other. */
const SCALES = LONG ? [2, 4, 1, 3, 1, 4] : [3, 1]

/** Declares the tests for an engine; `settle` is null where there is no server. */
export function runFleetCases(engine: string, settle: Settle | null): void {
  const cases = {
    'renewing and scaling under load lose nothing, charge nothing, and workers never stop taking work':
      judgeChanges,
    'tasks of a fleet that was killed with its supervisor run again under the next one': judgeHostLoss,
    'a full log disk loses no task, and the log says how many of its lines are missing': judgeFullDisk,
  }
  // They wait most of their time, and each has a store of its own.
  suite(`${engine}: a fleet under load`, { concurrency: true }, () => {
    for (const [title, judge] of Object.entries(cases))
      if (judge === judgeFullDisk && engine !== 'sqlite' && !LONG)
        // No engine has a part in it.
        test(title, { skip: 'takes long: WINDLASS_LONG=1' }, () => undefined)
      else if (settle === null) test(title, { skip: `NOT PROVEN HERE: ${engine}` }, () => undefined)
      else test(title, { timeout: LONG ? 300_000 : 90_000 }, (t) => judge(t, settle))
  })
}

async function judgeChanges(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle, fleetFiles())
  const up = await startFleet(cli, FLEET)
  const load = new FleetLoad(engine, cli.folder)
  await load.runs(STEP)
  const took: number[] = []
  do {
    took.push(await renew(cli))
    await load.runs(STEP)
  } while (load.ids.length < TASKS)
  assert.ok(fewestTaking(up) >= FLEET, up.stdout)
  for (const count of SCALES) {
    const workers = await ask(cli, { verb: 'scale', count })
    assert.deepEqual(
      workers.map(({ name, state }) => [name, state]),
      Array.from({ length: count }, (_, i) => [`worker-${i + 1}`, 'running']),
    )
    await load.runs(STEP)
  }
  assertUntouched(await load.end())
  assert.ok(fewestTaking(up) >= 1, up.stdout)
  await endFleet(up)
  await assertLeft(place, engine)
  t.diagnostic(`${load.ids.length} tasks; ${FLEET} workers were renewed in ${took.join(', ')} ms`)
}

/** Answers how long it took, in ms. */
async function renew(cli: Place): Promise<number> {
  const before = await ask(cli, { verb: 'status' })
  const began = performance.now()
  const after = await ask(cli, { verb: 'restart', count: null })
  assert.deepEqual(
    after.map(({ name, state }) => [name, state]),
    before.map(({ name }) => [name, 'running']),
  )
  const old = new Set(before.map(({ pid }) => pid))
  assert.ok(after.every(({ pid }) => !old.has(pid)))
  return Math.round(performance.now() - began)
}

async function judgeHostLoss(t: TestContext, settle: Settle): Promise<void> {
  const { place, cli, engine } = await settleSystem(t, settle, fleetFiles('2s'))
  let load: FleetLoad | null = null
  const stuck: string[] = []
  for (let round = 1; round <= (LONG ? 2 : 1); round++) {
    const up = await startFleet(cli, 2)
    load ??= new FleetLoad(engine, cli.folder)
    await load.runs(STEP)
    // Whatever else is hit: this one is cut off for certain.
    const task = newTask({ type: 'waits', queue: 'default', payload: '{"until":"/never"}' })
    await engine.enqueue([task])
    await becomes(engine, task.id, ({ state }) => state === 'running')
    stuck.push(task.id)
    await loseHost(up)
  }
  assert.ok(load)
  await load.rest()
  const next = await startFleet(cli, 1)
  const ended = await load.end()
  const cut = countCut(ended)
  for (const id of stuck) {
    const { attempt, crashes } = await becomes(engine, id, ({ state }) => state === 'succeeded')
    // What was taken behind the next one that blocks is cut off with it.
    assert.ok(crashes >= 1)
    assert.equal(attempt, crashes + 1)
  }
  await endFleet(next)
  await assertLeft(place, engine)
  t.diagnostic(`${ended.tasks.length} tasks, ${cut} were cut off`)
}

/** A fleet is gone from one moment to the next, and nothing of it says so. */
async function loseHost(up: Running): Promise<void> {
  up.signal('SIGKILL')
  for (const pid of pidsOf(up)) killGroup(pid)
  await up.ended
  await allGone(up)
  assert.deepEqual(events(up, 'ended'), [])
}

async function judgeFullDisk(t: TestContext, settle: Settle): Promise<void> {
  const disk = mkdtempSync(join(tmpdir(), 'windlass-disk-'))
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'windlass-test', disk]).status === 0
  t.after(() => {
    if (mounted) spawnSync('umount', ['-l', disk])
    rmSync(disk, { recursive: true, force: true })
  })
  if (!mounted) return t.skip('may not mount')
  const { place, cli, engine } = await settleSystem(t, settle, fleetFiles())
  const other = join(disk, 'other')
  writeFileSync(other, Buffer.alloc(2 ** 20 - 16 * 1_024))
  const file = join(disk, 'w.log')
  const up = await startFleet(cli, 1, { LOG_FILE: file })
  const load = new FleetLoad(engine, cli.folder)
  await up.until((one) => one.stderr.includes('cannot be written'))
  await load.runs(50)
  rmSync(other)
  await up.until((one) => one.stderr.includes('is written again'))
  assertUntouched(await load.end())
  up.signal('SIGTERM')
  const { code, stdout, stderr } = await up.ended
  assert.equal(code, 0)
  assert.equal(stderr.split('cannot be written').length, 2, stderr)
  const lines = readFileSync(file, 'utf8').split('\n').filter(isWhole)
  const missing = lines.filter((line) => line.includes('log lines are missing here'))
  const lost = missing.map((line) => Number((JSON.parse(line) as { lost: unknown }).lost))
  const [said = 0] = lost
  assert.ok(lost.length === 1 && said > 0, missing.join('\n'))
  assert.match(stderr, new RegExp(`is written again; ${said} lines were lost`))
  // What the file lacks is what it says.
  assert.equal(lines.length - 1 + said, stdout.split('\n').length - 1)
  await allGone(up)
  await assertLeft(place, engine)
}

/** The disk was full in the middle of a line. */
function isWhole(line: string): boolean {
  try {
    return line !== '' && typeof JSON.parse(line) === 'object'
  } catch {
    return false
  }
}
