// Telling the store that a worker process died: its session ends, and what it ran is given back at once.
// Promises to go on telling while the store is out of reach, until it is told or the time is up (the lease ends the
// session then). Leaves the rules to core/decide.ts, and seeing the death to child.ts.

import { sleep, systemClock, type Clock } from '../base/clock.ts'
import { settleOrphan, settleRescued, type Rescuing } from '../base/rescue.ts'
import type { Engine } from '../core/engine.ts'
import type { Orphan, Outcome, SessionEnd } from '../core/hot-verbs.ts'
import { DEFAULTS } from '../core/limits.ts'
import type { TaskRecord } from '../core/record.ts'

/** What of the contract a death report needs. */
export type DeathRegister = Pick<Engine, 'endSession' | 'sweep'> & Rescuing

export interface DeathReport {
  /** False: the store knew already, from the worker itself or from a neighbour. */
  readonly news: boolean
  /** Tasks that were running and are settled now. */
  readonly rescued: number
}

export interface DeathReporterOptions {
  readonly engine: DeathRegister
  /** Finished tasks kept at most: a sweep purges too. */
  readonly keepCount?: number
  readonly keepBytes?: number | null
  readonly clock?: Clock
  /** How long to go on telling, in ms. Default twice the lease. */
  readonly patience?: number
  /** Aborted: nobody waits any more, one last try. */
  readonly signal?: AbortSignal
  readonly onError?: (error: unknown) => void
  /** What is known of the death, for the attempts that it ended. */
  readonly detail?: string
  /** Hears what became of each task, once the store has it. */
  readonly onRescued?: (task: TaskRecord, outcome: Outcome) => void
}

const PAGE = 200

/**
 * Ends the session and rescues its tasks.
 * @returns null: the store could not be reached in time
 */
export async function reportDeath(
  end: SessionEnd,
  options: DeathReporterOptions,
): Promise<DeathReport | null> {
  const { engine, signal, clock = systemClock, patience = 2 * DEFAULTS.lease } = options
  const until = clock.mono() + patience
  let news = false
  for (let tries = 1; ; tries++) {
    try {
      const [answer] = await engine.endSession([end])
      news ||= answer === 'ended'
      return { news, rescued: await rescue(end.session, options) }
    } catch (error) {
      if (tries === 1) options.onError?.(error)
      if (clock.mono() >= until || signal?.aborted === true) return null
      await sleep(clock, Math.min(5_000, 100 * 2 ** Math.min(tries, 10)), signal)
    }
  }
}

/** A sweep of our own: the turn of the workers may be seconds away. */
async function rescue(session: string, options: DeathReporterOptions): Promise<number> {
  const { engine, keepCount = DEFAULTS.keepCount, keepBytes = DEFAULTS.keepBytes, detail } = options
  let rescued = 0
  let cursor: string | null = null
  do {
    const reply = await engine.sweep({
      session: null,
      every: 0,
      declare: false,
      extend: false,
      grace: DEFAULTS.grace,
      limit: PAGE,
      cursor,
      keepCount,
      keepBytes,
    })
    const mine = reply.orphans.filter(({ task }) => task.session === session)
    const others = reply.orphans.filter(({ task }) => task.session !== session)
    rescued += await settleAll(options, mine, detail ?? null)
    await settleAll(options, others, null)
    cursor = reply.cursor
  } while (cursor !== null)
  return rescued
}

/** Answers how many were applied. */
async function settleAll(
  { engine, onRescued }: DeathReporterOptions,
  orphans: readonly Orphan[],
  detail: string | null,
): Promise<number> {
  const settlements = orphans.map((one) => settleOrphan(one, detail, Math.random()))
  const tasks = orphans.map(({ task }) => task)
  // What cannot be settled now is found again by the workers' sweeps.
  const applied = await settleRescued(engine, tasks, settlements, [], () => {})
  for (const [i, { outcome }] of settlements.entries()) {
    const task = tasks[i]
    if (applied[i] === true && task !== undefined) onRescued?.(task, outcome)
  }
  return applied.filter(Boolean).length
}
