// The steps of the tour, each on its own queue or ids, so that any number of runs can share one store.

import { execFileSync } from 'node:child_process'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Windlass } from 'windlass'

import type { Checks } from './checks.ts'
import { findTool, outsideDigests } from './oracle.ts'
import { ROOT } from './system.ts'
import { digest, flaky, later, long, step } from './tasks.ts'

export interface Tour {
  readonly windlass: Windlass
  readonly checks: Checks
  readonly print: (line: string) => void
  readonly progress: (done: number, total: number) => void
}

function filesUnder(folder: string): string[] {
  const entries = readdirSync(join(ROOT, folder), { recursive: true, withFileTypes: true })
  return entries
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .toSorted()
}

/** Every file under docs/ and src/ becomes a task; an outside tool has the last word. */
export async function digestFiles({ windlass, checks, print, progress }: Tour): Promise<void> {
  const paths = [...filesUnder('docs'), ...filesUnder('src')]
  print(`1. real input: ${paths.length} files under docs/ and src/ become file.digest tasks`)
  const began = performance.now()
  const handles = await windlass.enqueueMany(
    digest,
    paths.map((path) => ({ path })),
  )
  let done = 0
  const results = await Promise.all(
    handles.map(async (handle) => {
      const result = await handle.result({ timeout: '60s' })
      progress(++done, handles.length)
      return result
    }),
  )
  print(`     done in ${((performance.now() - began) / 1_000).toFixed(2)} s`)
  const tool = findTool()
  if (tool === null) return checks.check(false, 'sha256sum, shasum or openssl is on this machine')
  const expected = outsideDigests(tool, paths)
  const equal = results.filter((result, i) => result.sha256 === expected[i]).length
  checks.check(
    equal === paths.length && paths.length > 0,
    `${equal} of ${paths.length} digests equal those of ${tool.command}`,
  )
  checkCounts(checks, paths, results)
}

interface Counts {
  readonly bytes: number
  readonly lines: number
  readonly words: number
}

function checkCounts(checks: Checks, paths: readonly string[], results: readonly Counts[]): void {
  const sum = (field: keyof Counts): number => results.reduce((total, one) => total + one[field], 0)
  // LC_ALL=C: a character is a byte and a line ends with a newline, as the task counts them.
  const text = execFileSync('wc', ['-l', '-c'], {
    input: Buffer.concat(paths.map((path) => readFileSync(path))),
    env: { ...process.env, LC_ALL: 'C' },
    encoding: 'utf8',
  })
  const [lines, bytes] = text.trim().split(/\s+/).map(Number)
  const equal = sum('lines') === lines && sum('bytes') === bytes
  checks.check(
    equal,
    `${sum('lines')} lines and ${sum('bytes')} bytes equal those of wc; ${sum('words')} words`,
  )
}

/** Fails twice and then succeeds, on a shortened retry list. */
export async function retryStep({ windlass, checks, print }: Tour): Promise<void> {
  print('2. retries: a task fails twice on a retry list of 200 ms and 400 ms')
  const handle = await windlass.enqueue(flaky, {}, { retry: { delays: ['200ms', '400ms'] } })
  const { attempts } = await handle.result({ timeout: '30s' })
  const task = await windlass.tasks.get(handle.id)
  checks.check(
    attempts === 3 && task?.failures === 2,
    `succeeded in attempt ${attempts} after ${task?.failures} failures`,
  )
}

/** Steps of all priorities, enqueued in mixed order while their queue is paused. */
export async function priorityStep({ windlass, checks, print }: Tour): Promise<void> {
  print('3. priorities: 66 steps of priority 0 to 10 wait in a paused queue, then it is resumed')
  await windlass.queues.pause('tour-steps')
  const handles = await Promise.all(
    Array.from({ length: 66 }, (_, number) =>
      windlass.enqueue(step, { number }, { priority: (number * 7) % 11 }),
    ),
  )
  const waiting = await windlass.tasks.why(handles[0]?.id ?? '')
  checks.check(waiting.reason === 'queue_paused', `why does the first one not run? ${waiting.detail}`)
  await windlass.queues.resume('tour-steps')
  await Promise.all(handles.map((handle) => handle.result({ timeout: '30s' })))
  const tasks = await Promise.all(handles.map((handle) => windlass.tasks.get(handle.id)))
  const started = tasks
    .map((task) => ({ at: Date.parse(task?.started_at ?? ''), priority: task?.priority ?? -1 }))
    .toSorted((a, b) => a.at - b.at || b.priority - a.priority)
  const inOrder = started.every((one, i) => i === 0 || one.priority <= (started[i - 1]?.priority ?? -1))
  checks.check(
    inOrder,
    `started from priority ${started[0]?.priority} down to ${started.at(-1)?.priority}, never upwards`,
  )
}

/** A delayed task is not started before its time. */
export async function delayStep({ windlass, checks, print }: Tour): Promise<void> {
  print('4. delays: a task is enqueued for 1.5 s later')
  const handle = await windlass.enqueue(later, { note: 'not yet' }, { delay: '1500ms' })
  const why = await windlass.tasks.why(handle.id)
  checks.check(why.reason === 'due_later', `it waits: ${why.detail}`)
  await handle.result({ timeout: '30s' })
  const task = await windlass.tasks.get(handle.id)
  const waited = Date.parse(task?.started_at ?? '') - Date.parse(task?.created_at ?? '')
  checks.check(waited >= 1_500 && waited < 4_500, `started ${waited} ms after it was enqueued`)
}

/** The worker of a long task is killed with SIGKILL; its task runs again on the other one. */
export async function killStep({ windlass, checks, print }: Tour): Promise<void> {
  print('5. a worker dies: its process is killed with SIGKILL in the middle of a long task')
  const handle = await windlass.enqueue(long, {})
  const pid = await workerOf(windlass, handle.id)
  if (pid === null) return checks.check(false, 'the long task was started by a worker')
  process.kill(pid, 'SIGKILL')
  const killedAt = Date.now()
  print(`     worker with pid ${pid} killed`)
  const result = await handle.result({ timeout: '60s' })
  const task = await windlass.tasks.get(handle.id)
  const attempts = await windlass.tasks.attempts(handle.id)
  const seconds = (Date.parse(task?.started_at ?? '') - killedAt) / 1_000
  print(`     its task ran again ${seconds.toFixed(2)} s after the kill`)
  checks.check(
    result.attempt === 2 && task?.state === 'succeeded',
    `succeeded in attempt ${result.attempt}, nothing lost`,
  )
  checks.check(
    attempts.some((one) => one.outcome === 'crash'),
    `the first attempt is told as ${attempts[0]?.outcome ?? 'unknown'}`,
  )
  checks.check(seconds < 9, `${seconds.toFixed(2)} s is quick`)
}

async function workerOf(windlass: Windlass, id: string): Promise<number | null> {
  const until = performance.now() + 15_000
  while (performance.now() < until) {
    const workers = await windlass.workers()
    const worker = workers.find((one) => one.running.includes(id))
    if (worker !== undefined) return worker.pid
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
  return null
}

/** In the end nothing of the tour is dead or left over. */
export async function totals({ windlass, checks, print }: Tour): Promise<void> {
  print('6. what the store says')
  const stats = await windlass.stats()
  const ours = stats.filter((one) => ['files', 'tour', 'tour-steps'].includes(one.queue))
  for (const one of ours)
    print(`     ${one.queue}: ${one.succeeded} succeeded, ${one.dead} dead, ${one.ready + one.running} open`)
  checks.check(ours.length === 3 && ours.every((one) => one.dead === 0), 'no task of the tour is dead')
}
