// Waiting for the answer of a store, but not for ever: a connection that swallows a reply must not hold up a worker.
// Promises that the call itself is not touched, and that silence is told as an unknown outcome, which its caller repeats
// with the same ids. Engines have time limits of their own; this is for the one that forgets.

import type { Clock } from './clock.ts'
import { WindlassError } from '../core/errors.ts'

/** What a call may take beyond the engine's own limit, in ms, so that the engine has the first word. */
const MARGIN = 500

/**
 * The answer of `call`.
 * @param limit how long the engine itself lets a call take, in ms
 * @throws WindlassError `engine_timeout` (unknown) when it does not come
 */
export function answerOf<T>(clock: Clock, limit: number, verb: string, call: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const cancel = clock.timer(limit + MARGIN, () =>
      reject(new WindlassError('engine_timeout', `the store did not answer ${verb}`, { applied: 'unknown' })),
    )
    call.then(
      (answer) => {
        cancel()
        resolve(answer)
      },
      (error: Error) => {
        cancel()
        reject(error)
      },
    )
  })
}
