// From what a handler did (returned, threw, was told to stop) to the ending that core decides on. The one place that
// knows what errors of handlers mean. Computes once per attempt; what is then done with the ending is the runner's.

import type { Ending } from '../core/decide.ts'
import { parseDuration } from '../core/duration.ts'
import { isFatal, retryAfterOf, WindlassError } from '../core/errors.ts'
import { RESULT_CODES, toJsonText } from '../core/json.ts'
import { keepError } from '../core/kept-error.ts'
import { LIMITS } from '../core/limits.ts'
import { issuesText, type SchemaIssue } from '../core/standard-schema.ts'
import type { TaskType } from '../core/task-type.ts'
import type { Attempt } from './attempt.ts'
import { notCommitted } from './complete.ts'
import type { RunSettings } from './context.ts'

const NONE: readonly string[] = []
const SWALLOWED =
  'the handler logged an error and returned nothing, which counts as success; throw the error or call ctx.fail()'

/**
 * The ending of a handler that returned. A handler that ends with nothing after it was told to stop has stopped; one
 * that gives a result has done its work. Null: the task is not ours any more, nothing is to be settled.
 */
export function endingOfReturn(attempt: Attempt, value: unknown, settings: RunSettings): Ending | null {
  if (attempt.stop === 'lost') return null
  const chosen = attempt.failure
  if (chosen !== null) return endingOfChoice(attempt)
  if (attempt.completed && attempt.stop === null) return failed(attempt, notCommitted(), true, null)
  if (attempt.completed) return endingOfStop(attempt, attempt.signal.reason)
  if (value === undefined && attempt.stop !== null) return endingOfStop(attempt, attempt.signal.reason)
  try {
    const text = toJsonText(value, 'result', RESULT_CODES, settings.payloadBytes)
    const result = settings.codecs.encode(text, attempt.task.codec)
    if (value === undefined && attempt.noted?.sawError === true) attempt.warn(SWALLOWED)
    return { kind: 'returned', result, warnings: attempt.warnings ?? NONE }
  } catch (error) {
    return fatal(attempt, error, 'invalid_result')
  }
}

/** The ending of a handler that threw, or null as above. */
export function endingOfThrow(
  attempt: Attempt,
  thrown: unknown,
  type: TaskType,
  settings: RunSettings,
): Ending | null {
  if (attempt.stop === 'lost') return null
  if (isFatal(thrown)) return fatal(attempt, thrown, 'fatal')
  if (attempt.stop !== null) return endingOfStop(attempt, thrown)
  if (attempt.failure !== null) return endingOfChoice(attempt)
  const { again, delay } = readWish(attempt, thrown, type, settings)
  return failed(attempt, thrown, again, delay)
}

/** The ending of a payload that cannot be read or that the schema refuses: no run could ever succeed. */
export function endingOfPayload(
  attempt: Attempt,
  cause: unknown,
  issues: readonly SchemaIssue[] | null,
): Ending {
  const words = issues === null ? 'the stored payload cannot be read' : `payload: ${issuesText(issues)}`
  const error = new WindlassError('invalid_payload', words, cause === null ? {} : { cause })
  return fatal(attempt, error, 'invalid_payload')
}

/** The ending of a handler that was told to stop and did not end within the grace. */
export function endingOfHung(attempt: Attempt): Ending | null {
  return attempt.stop === null ? null : endingOfStop(attempt, attempt.signal.reason)
}

function endingOfStop(attempt: Attempt, thrown: unknown): Ending | null {
  switch (attempt.stop) {
    case 'cancelled':
      return { kind: 'cancelled' }
    case 'shutdown':
      return { kind: 'released', reason: 'drained', delay: 0 }
    case 'timeout':
      return {
        kind: 'failed',
        error: keepError(timeoutError(attempt, thrown)),
        reason: 'timeout',
        delay: null,
        again: true,
        warnings: attempt.warnings ?? NONE,
      }
    default:
      return null
  }
}

/** The abort reason itself, or with what the handler threw instead as its cause. */
function timeoutError(attempt: Attempt, thrown: unknown): unknown {
  const reason: unknown = attempt.signal.reason
  if (thrown === reason || !(reason instanceof WindlassError)) return reason
  return new WindlassError('timeout', reason.message, { cause: thrown })
}

function endingOfChoice(attempt: Attempt): Ending | null {
  const chosen = attempt.failure
  return chosen === null ? null : failed(attempt, chosen.error, chosen.retry, chosen.delay)
}

function failed(attempt: Attempt, thrown: unknown, again: boolean, delay: number | null): Ending {
  return {
    kind: 'failed',
    error: keepError(thrown),
    reason: 'failed',
    delay,
    again,
    warnings: attempt.warnings ?? NONE,
  }
}

function fatal(
  attempt: Attempt,
  thrown: unknown,
  reason: 'fatal' | 'invalid_payload' | 'invalid_result',
): Ending {
  return { kind: 'fatal', error: keepError(thrown), reason, warnings: attempt.warnings ?? NONE }
}

/** What the error, else the retry function of the type, wishes. A wish that cannot be read is a warning. */
function readWish(
  attempt: Attempt,
  thrown: unknown,
  type: TaskType,
  settings: RunSettings,
): { again: boolean; delay: number | null } {
  try {
    const after = retryAfterOf(thrown)
    if (after !== null) return { again: true, delay: readAfter(after, attempt.engineNow(settings.clock)) }
    if (type.retryFunction === null) return { again: true, delay: null }
    const answer = type.retryFunction(thrown, attempt.task.failures + 1)
    if (typeof answer === 'boolean') return { again: answer, delay: null }
    return { again: true, delay: parseDuration(answer, 'the answer of the retry function') }
  } catch (error) {
    const { message } = keepError(error)
    attempt.warn(`the wait before the retry could not be read, the default applies: ${message}`)
    return { again: true, delay: null }
  }
}

function readAfter(after: number | string | Date, now: number): number {
  if (!(after instanceof Date)) return parseDuration(after, 'RetryAfter')
  return parseDuration(Math.min(LIMITS.duration, Math.max(0, after.getTime() - now)), 'RetryAfter')
}
