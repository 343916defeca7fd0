// The checker: could an engine that keeps the contract have shown this history? One check per promise.
// Promises that a verdict names the promise, the task and the reason, and that a run which met no fault and no stale
// settlement is called vacuous, not good. Leaves the checks to the files beside it.

import * as claims from './claim-checks.ts'
import { factsOf, isApplied, tokensOf, type Facts } from './facts.ts'
import type { History, Violation } from './history.ts'
import * as lives from './life-checks.ts'
import * as runtime from './runtime-checks.ts'
import * as sessions from './session-checks.ts'
import * as stores from './store-checks.ts'

/** Every check by name. */
export const CHECKS = {
  lost: lives.lost,
  invented: lives.invented,
  trace: lives.trace,
  settledTwice: lives.settledTwice,
  stale: lives.stale,
  overlap: lives.overlap,
  attempts: lives.attempts,
  resurrected: lives.resurrected,
  ran: lives.ran,
  early: claims.early,
  expired: claims.expired,
  paused: claims.paused,
  order: claims.order,
  fifo: claims.fifo,
  unique: stores.unique,
  counters: stores.counters,
  bytes: stores.bytes,
  already: stores.already,
  liveness: stores.liveness,
  cancelled: stores.cancelled,
  revived: sessions.revived,
  rescuedAlive: sessions.rescuedAlive,
  entitled: runtime.entitled,
  slots: runtime.slots,
  oneOutcome: runtime.oneOutcome,
  firedTwice: runtime.firedTwice,
} as const satisfies Record<string, (facts: Facts) => Violation[]>

export type CheckName = keyof typeof CHECKS

/** What a history holds: the more of the rare things, the more its verdict is worth. */
export interface Tally {
  /** Engine calls. */
  calls: number
  /** Tasks whose enqueue was acknowledged. */
  tasks: number
  /** Runs of handlers. */
  runs: number
  /** Runs of a task beyond its first. */
  reruns: number
  /** Calls whose outcome stayed unknown. */
  unknown: number
  refused: number
  /** Settlements that came too late and changed nothing. */
  stale: number
  rescued: number
  /** Faults that fired. */
  faults: number
}

export interface Verdict {
  readonly violations: readonly (Violation & { readonly check: CheckName })[]
  readonly tally: Tally
}

/** Judges a history. `faults`: how many fired in it. */
export function checkHistory(history: History, faults = 0): Verdict {
  const facts = factsOf(history)
  const violations = (Object.keys(CHECKS) as CheckName[]).flatMap((name) =>
    CHECKS[name](facts).map((violation) => ({ ...violation, check: name })),
  )
  return { violations, tally: { ...tallyOf(facts), faults } }
}

function tallyOf({ history, lives }: Facts): Omit<Tally, 'faults'> {
  const all = [...lives.values()]
  const settles = all.flatMap((life) => life.settles)
  return {
    calls: history.calls.length,
    tasks: all.filter(({ enqueues }) => enqueues.some(({ reply }) => reply?.outcome === 'created')).length,
    runs: history.runs.filter(({ what }) => what === 'start').length,
    reruns: all.reduce((sum, life) => sum + Math.max(0, tokensOf(life).length - 1), 0),
    unknown: history.calls.filter(({ status }) => status === 'unknown').length,
    refused: history.calls.filter(({ status }) => status === 'not_applied').length,
    stale: settles.filter(({ reply }) => reply?.status === 'lost').length,
    rescued: settles.filter((one) => one.settlement.guard === 'rescue' && isApplied(one)).length,
  }
}

/** Adds tallies of several runs. */
export function addTally(sum: Tally, next: Tally): Tally {
  const names = Object.keys(next) as (keyof Tally)[]
  return Object.fromEntries(names.map((name) => [name, sum[name] + next[name]])) as unknown as Tally
}

/** An empty tally to add to. */
export const NO_TALLY: Tally = {
  calls: 0,
  tasks: 0,
  runs: 0,
  reruns: 0,
  unknown: 0,
  refused: 0,
  stale: 0,
  rescued: 0,
  faults: 0,
}

/** Why a tally proves nothing; empty: it proves something. */
export function vacuous({ faults, stale, tasks, unknown, rescued }: Tally): string[] {
  return [
    ...(tasks === 0 ? ['no task was enqueued'] : []),
    ...(faults === 0 ? ['no fault fired'] : []),
    ...(unknown === 0 ? ['no call ended in doubt'] : []),
    ...(stale === 0 ? ['no stale settlement was seen'] : []),
    ...(rescued === 0 ? ['no task was rescued'] : []),
  ]
}
