// Engine calls under doubt (reliability.md §2.4): a call that ended unknown, or that changed nothing and may do better
// later, is made again with jittered back-off until a deadline. The caller must make calls that may be repeated.

import { sleep, type Clock } from '../base/clock.ts'
import type { Engine } from '../core/engine.ts'
import { appliedOf, WindlassError } from '../core/errors.ts'

/** What every part of the client stands on. */
export interface Ground {
  /** Opens the engine at the first call. */
  readonly engine: () => Promise<Engine>
  readonly clock: Clock
  /** How long a call is repeated, in ms. */
  readonly deadline: number
  /** 0 ≤ x < 1; for jitter. */
  readonly random: () => number
}

/** True for a failure after which the same call may still succeed. */
export function isRepeatable(error: unknown): boolean {
  return error instanceof WindlassError && (error.applied === 'unknown' || error.retry)
}

/** Wait before try number `tries + 1`: from about 50 ms, doubling up to about 1 s. */
export function backoff(tries: number, random: number): number {
  return Math.min(1_000, 50 * 2 ** Math.min(tries - 1, 10)) * (0.5 + random)
}

/**
 * Makes a call until it is answered, or until the deadline.
 * @param call `doubt`: an earlier try may have been applied
 * @throws the last failure; `unknown` if any try ended so
 */
export async function repeat<T>(
  ground: Ground,
  call: (engine: Engine, doubt: boolean) => Promise<T>,
): Promise<T> {
  const end = ground.clock.mono() + ground.deadline
  let doubt = false
  for (let tries = 1; ; tries++) {
    try {
      return await call(await ground.engine(), doubt)
    } catch (error) {
      const wait = backoff(tries, ground.random())
      doubt ||= appliedOf(error) === 'unknown'
      if (!isRepeatable(error) || ground.clock.mono() + wait > end) throw inDoubt(error, doubt)
      await sleep(ground.clock, wait)
    }
  }
}

/** "Surely not applied" is no longer true once an earlier try ended unknown. Facts are added to `detail`. */
export function inDoubt(
  error: unknown,
  doubt: boolean,
  detail: Readonly<Record<string, unknown>> = {},
): unknown {
  if (!(error instanceof WindlassError)) return error
  return new WindlassError(error.code, error.message, {
    cause: error,
    hint: error.hint,
    applied: doubt ? 'unknown' : error.applied,
    detail: { ...error.detail, ...detail },
  })
}
