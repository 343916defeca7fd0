/** The worker manager's verbs with real processes: in the background, asked, stopped, and what is refused. */
import assert from 'node:assert/strict'
import { existsSync, readdirSync, readFileSync, readlinkSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test, type TestContext } from 'node:test'

import { FILES } from '../cli/fixtures.ts'
import { errorOf, Place, type Document } from '../cli/launch.ts'
import { lives } from './isolation-rig.ts'

/** Processes whose folder this is: whoever went to the background is no child of anybody here. */
function processesIn(folder: string): number[] {
  return readdirSync('/proc')
    .map(Number)
    .filter((pid) => pid > 0 && cwdOf(pid).startsWith(folder) && lives(pid))
}

function cwdOf(pid: number): string {
  try {
    return readlinkSync(`/proc/${pid}/cwd`)
  } catch {
    return ''
  }
}

function settle(t: TestContext, files = FILES): Place {
  const place = new Place(t, files)
  t.after(() => {
    for (const pid of processesIn(place.folder)) process.kill(pid, 'SIGKILL')
  })
  return place
}

function workersOf({ document }: { document: Document }): Document[] {
  return document['workers'] as Document[]
}

function pidsOf(answer: { document: Document }): unknown[] {
  return workersOf(answer).map(({ pid }) => pid)
}

async function judgeLife(t: TestContext): Promise<void> {
  const place = settle(t)
  const started = await place.json(['start', '2', '-d', '-n', 'mail'])
  assert.equal(started.code, 0)
  const status = await place.json(['status', '-n', 'mail'])
  assert.deepEqual(Object.keys(status.document), ['supervisor', 'workers'])
  assert.deepEqual(
    workersOf(status).map(({ name, state, restarts }) => [name, state, restarts]),
    [
      ['mail-1', 'running', 0],
      ['mail-2', 'running', 0],
    ],
  )
  const { pid, log } = status.document['supervisor'] as Document
  assert.equal(log, join(place.folder, 'logs/mail.log'))
  const pids = [pid, ...workersOf(status).map((one) => one['pid'])]
  assert.deepEqual(new Set(processesIn(place.folder)), new Set(pids))
  const again = await place.json(['start', '-n', 'mail', '-d'])
  assert.deepEqual([again.code, errorOf(again).code], [1, 'already_running'])
  assert.match(errorOf(again).message, new RegExp(`pid ${String(pid)}$`))
  // The one that was refused never said that it is up.
  assert.equal(readFileSync(log, 'utf8').match(/windlass is up/g)?.length, 1)
  const scaled = await place.json(['scale', '1', '-n', 'mail'])
  assert.deepEqual([scaled.code, pidsOf(scaled)], [0, pidsOf(status).slice(0, 1)])
  const renewed = await place.json(['restart', '2', '-n', 'mail'])
  assert.deepEqual(
    workersOf(renewed).map(({ name, state }) => [name, state]),
    [
      ['mail-1', 'running'],
      ['mail-2', 'running'],
    ],
  )
  assert.equal(pidsOf(renewed).includes(pidsOf(scaled)[0]), false)
  const stopped = await place.run(['stop', '-n', 'mail'])
  assert.deepEqual(
    [stopped.code, stopped.stdout],
    [0, `mail (pid ${String(pid)}) has stopped, and its workers: 2\n`],
  )
  assert.deepEqual(processesIn(place.folder), [])
  const after = await place.json(['stop', '-n', 'mail'])
  assert.deepEqual([after.code, errorOf(after).code], [3, 'not_running'])
  assert.match(readFileSync(join(place.folder, 'logs/mail.log'), 'utf8'), /windlass is down/)
}

async function judgeLeftBehind(t: TestContext): Promise<void> {
  const place = settle(t)
  const start = place.start(['start', '--json'])
  await start.until((one) => one.stdout.includes('all workers are ready'), 60_000)
  start.signal('SIGKILL')
  await start.ended
  const status = await place.json(['status'])
  assert.deepEqual(
    [status.code, errorOf(status).code, status.document['supervisor']],
    [3, 'not_running', null],
  )
  const pids = pidsOf(status)
  assert.deepEqual(new Set(processesIn(place.folder)), new Set(pids))
  const people = await place.run(['status'])
  assert.equal(people.code, 3)
  assert.match(people.stdout, new RegExp(`^worker-1 +${String(pids[0])} +running`, 'm'))
  const stopped = await place.json(['stop'])
  assert.deepEqual([stopped.code, stopped.document['supervisor'], pidsOf(stopped)], [0, null, pids])
  assert.deepEqual(processesIn(place.folder), [])
}

async function judgeMute(t: TestContext): Promise<void> {
  const place = settle(t)
  const start = place.start(['start', '1', '--json'])
  await start.until((one) => one.stdout.includes('all workers are ready'), 60_000)
  start.signal('SIGSTOP')
  const stopped = await place.json(['stop', '--force'])
  assert.deepEqual([stopped.code, stopped.document['supervisor'], pidsOf(stopped).length], [0, null, 1])
  assert.equal((await start.ended).signal, 'SIGKILL')
  assert.deepEqual(processesIn(place.folder), [])
}

async function judgeFailedStart(t: TestContext): Promise<void> {
  const place = settle(t, { ...FILES, 'tasks.ts': "throw new Error('the handler file is broken')" })
  const [loop, away] = await Promise.all([
    place.json(['start', '1', '-d']),
    place.json(['start', '-d', '-n', 'other', '--engine', 'sqlite:tasks.ts/x.db']),
  ])
  assert.deepEqual([loop.code, errorOf(loop).code], [1, 'child_failed'])
  assert.match(errorOf(loop).message, /worker-1 died 3 times in a row[^]*the handler file is broken/)
  assert.deepEqual([away.code, errorOf(away).code], [4, 'engine_unreachable'])
  assert.deepEqual(processesIn(place.folder), [])
}

async function judgeNoLog(t: TestContext): Promise<void> {
  const place = settle(t)
  const answer = await place.json(['start', '-d'], { env: { LOG_FILE: 'tasks.ts/worker.log' } })
  assert.deepEqual([answer.code, errorOf(answer).code], [1, 'log_not_writable'])
  assert.match(errorOf(answer).message, /tasks\.ts\/worker\.log cannot be written/)
  assert.equal(existsSync(join(place.folder, 'windlass.db')), false)
}

const only = { concurrency: true, skip: process.platform !== 'linux' && 'reads /proc' }

describe('the worker manager', only, () => {
  test('start -d leaves workers that are ready; status shows them, stop ends them', judgeLife)
  test('workers that outlive their supervisor are shown, and ended', judgeLeftBehind)
  test('a supervisor that does not answer is ended by force', judgeMute)
  test('start -d tells what the start failed with, and leaves nothing', judgeFailedStart)
  test('without a log file there is no background', judgeNoLog)
})
