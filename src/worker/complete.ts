// Completing the running task inside a transaction of the caller: the success and the caller's own rows are there
// together, or neither is. Only the caller knows whether it commits, so the worker takes nothing for granted: when the
// handler ends it settles "was not committed", which a store that has the success refuses as late. Retries are core's.

import type { Clock } from '../base/clock.ts'
import type { Codecs } from '../core/codec.ts'
import { decide } from '../core/decide.ts'
import type { CallerTransaction, Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import { RESULT_CODES, toJsonText } from '../core/json.ts'
import type { Attempt } from './attempt.ts'

/** What it needs of the worker's settings. An engine that cannot settle is that of a child without a way to the store. */
export interface CompleteSettings {
  readonly engine: Partial<Pick<Engine, 'settle'>>
  readonly codecs: Codecs
  readonly payloadBytes: number
  readonly clock: Clock
}

/**
 * Settles the success of a running attempt, with what it enqueued, inside `tx`.
 * @throws WindlassError `refused` where no transaction can be shared, `lease_lost` when the task is not ours any more;
 *   for failures of the engine its code. Nothing of it is in `tx` then.
 */
export async function completeWithin(
  attempt: Attempt,
  value: unknown,
  tx: CallerTransaction,
  settings: CompleteSettings,
): Promise<void> {
  const { engine, codecs, payloadBytes, clock } = settings
  if (attempt.stop === 'lost') throw lost()
  if (attempt.stage !== 'running')
    throw new WindlassError('refused', 'the attempt has ended; it cannot be completed any more')
  if (engine.settle === undefined)
    throw new WindlassError('refused', 'a transaction cannot be shared with another thread or process')
  const text = toJsonText(value, 'result', RESULT_CODES, payloadBytes)
  const result = codecs.encode(text, attempt.task.codec)
  const outcome = decide({ kind: 'returned', result, warnings: attempt.warnings ?? [] }, attempt.task, 0)
  const { id, claim } = attempt
  const followUps = attempt.followUps ?? []
  const logs = attempt.noted?.last(attempt.engineNow(clock)) ?? []
  const [reply] = await engine.settle([{ id, claim, guard: 'claim', outcome, followUps, logs }], { tx })
  if (reply?.status !== 'applied' && reply?.status !== 'already') throw lost()
  attempt.completed = true
}

function lost(): WindlassError {
  return new WindlassError('lease_lost', 'the task is not ours any more; roll the transaction back')
}

/** What a completed attempt failed of, if the store does not know its success. */
export function notCommitted(): WindlassError {
  return new WindlassError('refused', 'ctx.complete() was called, but its transaction was not committed')
}
