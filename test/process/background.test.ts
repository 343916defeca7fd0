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

describe(
  'the worker manager',
  { concurrency: true, skip: process.platform !== 'linux' && 'reads /proc' },
  () => {
    test('start -d leaves workers that are ready; status shows them, stop ends them', async (t) => {
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
      const [again, other, stopped] = [
        await place.json(['start', '-n', 'mail', '-d']),
        await place.json(['status']),
        await place.json(['stop', '-n', 'mail']),
      ]
      assert.deepEqual([again.code, errorOf(again).code], [1, 'already_running'])
      assert.deepEqual([other.code, errorOf(other).code], [3, 'not_running'])
      assert.deepEqual([stopped.code, (stopped.document['supervisor'] as Document)['pid']], [0, pid])
      assert.deepEqual(processesIn(place.folder), [])
      assert.match(readFileSync(join(place.folder, 'logs/mail.log'), 'utf8'), /windlass is down/)
    })

    test('start -d tells what the start failed with, and leaves nothing', async (t) => {
      const place = settle(t, { ...FILES, 'tasks.ts': "throw new Error('the handler file is broken')" })
      const [loop, away] = await Promise.all([
        place.json(['start', '1', '-d']),
        place.json(['start', '-d', '-n', 'other', '--engine', 'sqlite:tasks.ts/x.db']),
      ])
      assert.deepEqual([loop.code, errorOf(loop).code], [1, 'child_failed'])
      assert.match(errorOf(loop).message, /worker-1 died 3 times in a row[^]*the handler file is broken/)
      assert.deepEqual([away.code, errorOf(away).code], [4, 'engine_unreachable'])
      assert.deepEqual(processesIn(place.folder), [])
    })

    test('without a log file there is no background', async (t) => {
      const place = settle(t)
      const answer = await place.json(['start', '-d'], { env: { LOG_FILE: 'tasks.ts/worker.log' } })
      assert.deepEqual([answer.code, errorOf(answer).code], [1, 'log_not_writable'])
      assert.match(errorOf(answer).message, /tasks\.ts\/worker\.log cannot be written/)
      assert.equal(existsSync(join(place.folder, 'windlass.db')), false)
    })

    test('stop asks a supervisor in the foreground, too', async (t) => {
      const place = settle(t)
      const start = place.start(['start', '-c', '1'])
      await start.until((one) => one.stdout.includes('all workers are ready'))
      const stopped = await place.run(['stop'])
      assert.deepEqual([stopped.code, (await start.ended).code], [0, 0])
      assert.match(stopped.stdout, /^worker \(pid \d+\) and 1 workers have stopped\n$/)
    })
  },
)
