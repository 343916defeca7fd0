/**
 * How a run of crash-worker.ts processes ends and what is said of it: everything that was asked for is done, no task is
 * settled twice, and the history of all calls is one that an engine with the contract can have. Leaves what is done to
 * the processes to the cases.
 */
import assert from 'node:assert/strict'
import { setTimeout as sleep } from 'node:timers/promises'

import type { NewTask } from '../../src/core/hot-verbs.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { checkHistory, type Tally } from '../../src/testing/history/checker.ts'
import type { Final, History } from '../../src/testing/history/history.ts'
import { timeline } from '../../src/testing/history/timeline.ts'
import { CrashLog, historyOf, readLedgers } from './fixtures/crash-log.ts'
import type { Program, System } from './worker-system.ts'

/** Ends the producing of all, waits until every task is final, then ends the processes. */
export async function endAll(system: System, living: readonly Program[]): Promise<void> {
  for (const program of living) program.kill('SIGUSR2')
  await Promise.all(living.map((program) => program.event('quiet')))
  await repeatDoubtful(system)
  await drained(system)
  for (const program of living) program.kill('SIGTERM')
  for (const program of living) assert.equal(await program.exit(), 0)
}

export interface Verdict extends Tally {
  /** Runs that began and never ended. */
  readonly cut: number
}

/** Fails where the run breaks a promise. */
export async function judgeRun(
  system: System,
  { faults, locksRows }: { readonly faults: number; readonly locksRows: boolean },
): Promise<Verdict> {
  const lines = readLedgers(system.folder)
  const ids = new Set(asked(historyOf(lines, NOTHING), false).map(({ id }) => id))
  const final = await finalOf(system, [...ids])
  const history = historyOf(lines, final)
  assert.equal(final.tasks.length, ids.size, 'every task that was asked for is there')
  const { cut } = checkLedger(history, final)
  const { violations: all, tally } = checkHistory(history, faults)
  const violations = all.filter(({ says }) => !(locksRows && says.endsWith('left it behind')))
  const [first] = violations
  assert.deepEqual(violations, [], first === undefined ? '' : timeline(history, first.id))
  await system.place.check()
  return { cut, ...tally }
}

const NOTHING: Final = { now: 0, tasks: [], stats: [], paused: [] }

/** A killed producer does not know what became of its last call; who asks again with the same ids learns it. */
async function repeatDoubtful({ engine, folder }: System): Promise<void> {
  const log = new CrashLog(folder, 'test')
  log.say({ what: 'heal' })
  const doubtful = asked(historyOf(readLedgers(folder), NOTHING), true)
  const repeated = await log.watch(engine).enqueue(doubtful)
  for (const { outcome } of repeated) assert.match(outcome, /^(created|existing)$/)
}

/** Waits until every task has its final state. */
async function drained({ engine }: System): Promise<void> {
  for (const end = Date.now() + 60_000; ;) {
    const stats = await engine.records.stats(null)
    const open = stats.map(({ counts }) => counts.ready + counts.running + counts.scheduled)
    if (open.every((count) => count === 0)) return
    assert.ok(Date.now() < end, `not drained: ${JSON.stringify(stats)}`)
    await sleep(50)
  }
}

async function finalOf({ engine }: System, ids: readonly string[]): Promise<Final> {
  const tasks: TaskRecord[] = []
  for (let at = 0; at < ids.length; at += 500)
    for (const task of await engine.records.get(ids.slice(at, at + 500))) if (task !== null) tasks.push(task)
  return { now: Date.now(), tasks, stats: await engine.records.stats(null), paused: [] }
}

const asked = (history: Pick<History, 'calls'>, unknown: boolean): NewTask[] =>
  history.calls.flatMap((call) =>
    call.verb === 'enqueue' && (!unknown || call.status === 'unknown') ? call.asked : [],
  )

/** What the ledger alone must say, whatever the store thinks. */
function checkLedger({ runs, calls }: History, final: Final): { cut: number } {
  const starts = runs.filter(({ what }) => what === 'start')
  const ended = new Set(runs.filter(({ what }) => what === 'end').map(({ claim }) => claim))
  const attempts = new Map<string, number>()
  for (const { id, attempt } of starts) {
    assert.ok(attempt > (attempts.get(id) ?? 0), `${id} ran attempt ${attempt} after ${attempts.get(id)}`)
    attempts.set(id, attempt)
  }
  const settled = new Map<string, number>()
  for (const call of calls) {
    if (call.verb !== 'settle') continue
    for (const [i, { id, outcome }] of call.asked.entries())
      if (outcome.to === 'succeeded' && call.told?.[i]?.status === 'applied')
        settled.set(id, (settled.get(id) ?? 0) + 1)
  }
  for (const { id, state, attempt } of final.tasks) {
    assert.equal(state, 'succeeded', `${id} is ${state}`)
    assert.equal(attempts.get(id), attempt, `the last run of ${id}`)
    assert.ok((settled.get(id) ?? 0) <= 1, `${id} was settled ${settled.get(id)} times`)
  }
  return { cut: starts.filter(({ claim }) => !ended.has(claim)).length }
}
