// `windlass drill kill-worker`: kills a worker of its own on the configured store, and measures how soon its tasks run
// again, whether any ran twice and whether any was lost. Promises exit 1 when that is not what is promised, and that
// nothing stays: neither in the store nor a process, also after Ctrl-C. Leaves processes to drill-stage.ts.

import { randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Command } from 'commander'

import type { MessageKey, Params } from '../base/messages/messages.ts'
import { formatDuration } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { DrillStage } from './drill-stage.ts'
import { drillTask } from './drill-task.ts'
import { holds, judge, limitOf, type Run, type Verdict } from './drill-verdict.ts'
import { runDrillWorker } from './drill-worker.ts'
import { EXIT } from './exit-codes.ts'
import { openWindlass } from './open.ts'
import { listenToStop } from './stop-signals.ts'
import { openTrial } from './trial.ts'
import { readWhole } from './values.ts'

interface Flags {
  readonly rounds: string
  readonly concurrency: string
  readonly hostLoss?: true
}

/** Tells people how it goes. */
type Say = (key: MessageKey, params: Params) => void

/** What a drill is to do. */
interface Plan {
  readonly rounds: number
  readonly concurrency: number
  readonly hostLoss: boolean
  /** Longest rescue that keeps the promise, in ms. */
  readonly limit: number
}

/** A rescue is waited for so much longer than it may take, in ms, before the task counts as lost. */
const PATIENCE = 30_000
/** How long tasks may take to be taken, in ms, and to be settled when they have ended. */
const TAKE = 60_000
const SETTLE = 10_000

export function define(command: Command, cli: Cli): void {
  command
    .argument('<what>', 'what to try: kill-worker')
    .option('--rounds <n>', 'how often', '1')
    .option('--concurrency <n>', 'tasks at the same time in the worker that is killed', '4')
    .option('--host-loss', 'nobody sees the death, as when the whole host is gone: the lease has to end it')
    .action(async (what: string, flags: Flags) => {
      if (what === 'worker' || what === 'stranger') return runDrillWorker(cli, what === 'stranger')
      if (what !== 'kill-worker')
        throw new WindlassError('invalid_option', `drill tries \`kill-worker\`, not ${JSON.stringify(what)}`)
      await drill(cli, flags)
    })
}

async function drill(cli: Cli, flags: Flags): Promise<void> {
  const rounds = readWhole(flags.rounds, '--rounds', 1, 1_000)
  const concurrency = readWhole(flags.concurrency, '--concurrency', 1, 1_000)
  const stop = listenToStop()
  const { settings } = await openWindlass(cli)
  const hostLoss = flags.hostLoss === true
  const plan = { rounds, concurrency, hostLoss, limit: limitOf(hostLoss ? settings.lease : null) }
  const trial = openTrial(settings)
  const stage = new DrillStage(cli, trial.windlass, concurrency)
  const verdicts: Verdict[] = []
  const stopped = stop.asked.then((why) => {
    throw new WindlassError('refused', `the drill was stopped: ${why}`, { hint: 'Nothing of it is left.' })
  })
  // Nobody may be waiting for it when it comes.
  stopped.catch(() => {})
  try {
    refuseLonely((await trial.windlass.engine()).address)
    for (let round = 1; round <= rounds; round++) {
      const say: Say = (key, params) => cli.out.note(cli.out.say(key, { round, ...params }))
      const verdict = await Promise.race([runRound(stage, trial.windlass, plan, say), stopped])
      verdicts.push(verdict)
      say('drill.round', { seconds: seconds(verdict.rescue_ms) })
    }
  } finally {
    await stage.close()
    await trial.remove()
  }
  answer(cli, maskSecrets(settings.engine.url), plan, verdicts)
}

/** What only this process can see is of no use to others. */
function refuseLonely(address: unknown): void {
  if (address !== null) return
  throw new WindlassError('invalid_option', 'this store lives in one process, and a drill runs several', {
    hint: 'Use sqlite:path or a server engine.',
  })
}

async function runRound(stage: DrillStage, windlass: Windlass, plan: Plan, say: Say): Promise<Verdict> {
  if (plan.hostLoss) await stage.startAlone()
  else await stage.startFleet(2, 'worker')
  const until = join(stage.folder, randomUUID())
  const inputs = Array.from({ length: plan.concurrency }, () => ({ until }))
  const ids = (await windlass.enqueueMany(drillTask, inputs)).map(({ id }) => id)
  const own = (): Run[] => stage.runs.filter(({ task }) => ids.includes(task))
  await stage.until('tasks that begin', TAKE, () => (own().length >= ids.length ? true : null))
  // Only now, so that the tasks run in the one that is killed.
  if (plan.hostLoss) await stage.startFleet(1, 'stranger')
  const [pid, count] = busiest(own())
  const kill = stage.kill(pid)
  writeFileSync(until, '')
  say('drill.killed', { pid, count, limit: formatDuration(plan.limit) })
  const allEnded = (): true | null =>
    ids.every((id) => own().some(({ task, ended }) => task === id && ended !== null)) ? true : null
  await stage.until('reruns', plan.limit + PATIENCE, allEnded).catch(() => null)
  const verdict = judge(await successes(windlass, ids), own(), kill)
  await stage.clear()
  return verdict
}

/** The process that runs the most tasks: all of them have room in one. */
function busiest(runs: readonly Run[]): readonly [pid: number, tasks: number] {
  const counts = new Map<number, number>()
  for (const { pid } of runs) counts.set(pid, (counts.get(pid) ?? 0) + 1)
  return [...counts].toSorted((a, b) => b[1] - a[1])[0] ?? [0, 0]
}

/** Which tasks came to their end. */
async function successes(windlass: Windlass, ids: readonly string[]): Promise<Map<string, boolean>> {
  const states = await Promise.all(
    ids.map(async (id): Promise<[string, boolean]> => {
      const task = await windlass.tasks.wait(id, { timeout: SETTLE }).catch(() => null)
      return [id, task?.state === 'succeeded']
    }),
  )
  return new Map(states)
}

function answer(cli: Cli, engine: string, plan: Plan, verdicts: readonly Verdict[]): void {
  const { out } = cli
  const ok = verdicts.every((verdict) => holds(verdict, plan.limit))
  const times = verdicts.map(({ rescue_ms }) => rescue_ms)
  const sum = (key: 'duplicates' | 'lost'): number => verdicts.reduce((all, one) => all + one[key], 0)
  const found = {
    rescue_ms: times.every((ms) => ms !== null) ? Math.max(...times) : null,
    duplicates: sum('duplicates'),
    lost: sum('lost'),
  }
  cli.exit = ok ? EXIT.ok : EXIT.failure
  const { hostLoss, limit } = plan
  const document = { ok, engine, host_loss: hostLoss, limit_ms: limit, ...found, rounds: verdicts }
  out.answer(document, () =>
    [
      out.say(found.rescue_ms === null ? 'drill.no_rescue' : 'drill.rescue', {
        seconds: seconds(found.rescue_ms),
        limit: formatDuration(limit),
      }),
      out.say('drill.duplicates', { count: found.duplicates }),
      out.say('drill.lost', { count: found.lost }),
      '',
      out.style(ok ? 'green' : 'red', out.say(ok ? 'drill.ok' : 'drill.failed')),
    ].join('\n'),
  )
}

function seconds(ms: number | null): string {
  return ms === null ? '–' : (ms / 1_000).toFixed(2)
}
