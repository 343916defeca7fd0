// The one place where an ending becomes an outcome: retry or dead, when again, what is charged (CONTRACT 5, 7, 9).
// A pure function over plain records; engines, workers and sweepers all rely on it and know no rule of their own.
// Whatever it is given, delays come out as whole milliseconds from 0 to 10 years and warnings within their limits.

import { cut, wordsAsError } from './kept-error.ts'
import type { Outcome } from './hot-verbs.ts'
import { LIMITS } from './limits.ts'
import type { CrashPolicy, DeathCause, KeptError, Reason, TaskRecord } from './record.ts'
import { retryDelay } from './retry.ts'

/** How an attempt ended, as seen by whoever saw it end. */
export type Ending =
  | { readonly kind: 'returned'; readonly result: string | null; readonly warnings: readonly string[] }
  /** `delay` set: the handler or a policy function chose the wait. `again` false: no retry by the policy function. */
  | {
      readonly kind: 'failed'
      readonly error: KeptError
      readonly reason: 'failed' | 'timeout'
      readonly delay: number | null
      readonly again: boolean
      readonly warnings: readonly string[]
    }
  | {
      readonly kind: 'fatal'
      readonly error: KeptError
      readonly reason: Reason
      readonly warnings: readonly string[]
    }
  | { readonly kind: 'cancelled' }
  | { readonly kind: 'snoozed'; readonly delay: number }
  | { readonly kind: 'released'; readonly reason: Reason; readonly delay: number }
  /** The thread or process of its own died while its session lives; the error says of what. */
  | { readonly kind: 'crashed'; readonly error: KeptError; readonly warnings: readonly string[] }
  /** Its session died. `culprit` null: nobody was named. `detail`: what is known of the death besides, in words. */
  | {
      readonly kind: 'orphaned'
      readonly cause: DeathCause
      readonly culprit: boolean | null
      readonly detail?: string | null
    }
  /** Past its deadline while its session lives. */
  | { readonly kind: 'overdue' }

/** What the rules look at. */
export type Judged = Pick<TaskRecord, 'retry' | 'crash' | 'failures' | 'crashes' | 'losses' | 'timeout'>

const NOTHING: Outcome = Object.freeze({
  kind: 'release',
  to: 'ready',
  delay: 0,
  charge: {},
  reason: null,
  result: null,
  error: null,
  warnings: [],
})

/**
 * The outcome of an ending. Failures are charged for what the handler did, crashes for a death that was seen, losses for
 * one that was not; everything else is free.
 * @param random 0 ≤ x < 1, for jitter
 */
export function decide(ending: Ending, task: Judged, random: number): Outcome {
  switch (ending.kind) {
    case 'returned':
      return {
        ...NOTHING,
        kind: 'succeed',
        to: 'succeeded',
        result: ending.result,
        warnings: bounded(ending.warnings),
      }
    case 'failed':
      return afterFailure(ending, task, random)
    case 'fatal':
      return {
        ...NOTHING,
        kind: 'die',
        to: 'dead',
        charge: { failures: 1 },
        reason: ending.reason,
        error: ending.error,
        warnings: bounded(ending.warnings),
      }
    case 'cancelled':
      return { ...NOTHING, kind: 'cancel', to: 'cancelled', reason: 'cancelled' }
    case 'snoozed':
      return {
        ...NOTHING,
        kind: 'snooze',
        to: 'scheduled',
        delay: wait(ending.delay),
        charge: { snoozes: 1 },
      }
    case 'released':
      return afterRelease(ending.reason, wait(ending.delay))
    case 'crashed':
      return { ...afterCrash(task, '', ending.error), warnings: bounded(ending.warnings) }
    case 'orphaned':
      return afterDeath(ending, task, random)
    case 'overdue':
      return { ...afterFailure(overdueEnding(task), task, random), kind: 'deadline' }
  }
}

/** A wait that somebody else computed: a handler, a policy function, a row of another version. */
function wait(ms: number): number {
  const whole = Math.round(ms)
  return whole > 0 ? Math.min(whole, LIMITS.duration) : 0
}

function bounded(warnings: readonly string[]): readonly string[] {
  if (warnings.length === 0) return warnings
  return warnings.slice(0, LIMITS.warnings).map((text) => cut(text, LIMITS.warningBytes))
}

function afterFailure(ending: Extract<Ending, { kind: 'failed' }>, task: Judged, random: number): Outcome {
  const planned = ending.again ? retryDelay(task.retry, task.failures + 1, random) : null
  const base = {
    ...NOTHING,
    charge: { failures: 1 },
    error: ending.error,
    warnings: bounded(ending.warnings),
  }
  if (planned === null) {
    const reason =
      ending.reason === 'timeout'
        ? 'timeout'
        : ending.again && task.retry.retries > 0
          ? 'retries_exhausted'
          : 'failed'
    return { ...base, kind: 'die', to: 'dead', reason }
  }
  return {
    ...base,
    kind: 'retry',
    to: 'scheduled',
    delay: wait(ending.delay ?? planned),
    reason: ending.reason,
  }
}

/** A release without delay goes back to its old place; charged nothing but its own counter. */
function afterRelease(reason: Reason, delay: number): Outcome {
  const to = delay > 0 ? 'scheduled' : 'ready'
  return { ...NOTHING, kind: 'release', to, delay, charge: { releases: 1 }, reason }
}

function overdueEnding(task: Judged): Extract<Ending, { kind: 'failed' }> {
  const error = wordsAsError(
    'timeout',
    'Timeout',
    `ran longer than ${task.timeout ?? 0} ms and did not end when told to`,
  )
  return { kind: 'failed', error, reason: 'timeout', delay: null, again: true, warnings: [] }
}

function afterDeath(
  { cause, culprit, detail }: Extract<Ending, { kind: 'orphaned' }>,
  task: Judged,
  random: number,
): Outcome {
  const more = detail === undefined || detail === null ? '' : `: ${detail}`
  switch (cause) {
    // A clean stop hands back what it runs; what is left over costs nothing.
    case 'stopped':
      return afterRelease('drained', 0)
    case 'deadline':
      if (culprit === true) return { ...afterFailure(overdueEnding(task), task, random), kind: 'deadline' }
      // Nobody named: one of them hangs, so it cannot be free for ever.
      return culprit === false ? afterRelease('bystander', 0) : afterCrash(task, more)
    case 'killed':
      return culprit === false ? afterRelease('bystander', 0) : afterCrash(task, more)
    case 'expired':
    case 'missing':
      return afterLoss(task, cause, more)
  }
}

function afterCrash(task: Judged, more: string, cause?: KeptError): Outcome {
  const crashes = task.crashes + 1
  const error =
    cause ??
    wordsAsError(
      'crash',
      'Crash',
      `the process died while it ran this task (crash ${crashes} of ${task.crash.crashes})${more}`,
    )
  const base = { ...NOTHING, kind: 'crash' as const, charge: { crashes: 1 }, error }
  if (crashes >= task.crash.crashes) return { ...base, to: 'dead', reason: 'poison' }
  return { ...base, to: 'scheduled', delay: crashDelay(task.crash, crashes) }
}

function afterLoss(task: Judged, cause: 'expired' | 'missing', more: string): Outcome {
  const losses = task.losses + 1
  const words =
    cause === 'missing'
      ? 'the session that ran this task is gone'
      : 'the session that ran this task stopped renewing its lease'
  const error = wordsAsError(
    cause === 'missing' ? 'session_missing' : 'lease_expired',
    'Loss',
    `${words} (loss ${losses} of ${task.crash.losses})${more}`,
  )
  const base = { ...NOTHING, kind: 'loss' as const, charge: { losses: 1 }, error }
  if (losses >= task.crash.losses) return { ...base, to: 'dead', reason: 'lost' }
  return { ...base, to: 'scheduled', delay: crashDelay(task.crash, losses) }
}

function crashDelay(policy: CrashPolicy, count: number): number {
  return wait(policy.delays[Math.min(count, policy.delays.length) - 1] ?? 0)
}
