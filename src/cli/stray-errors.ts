// Errors of this process that nobody caught: a promise without a catch, a throw in a timer or an event of user code.
// Promises that one is told with its stack and does not kill the process, so that tasks which run beside it end as
// they should. Leaves draining and the exit code to the verb.

import type { Log } from '../base/log.ts'

/** Errors told in full; a process that throws in a timer would fill the log while it drains. */
const TOLD = 10

/**
 * From now on stray errors do not kill the process.
 * @param stop asks for an orderly end; called once
 */
export function watchStrayErrors(log: Log, stop: () => void): void {
  let count = 0
  const tell = (error: unknown, origin: string): void => {
    count++
    if (count <= TOLD)
      log.error(`nobody caught this error (${origin}): the worker drains and ends`, { error })
    if (count === 1) stop()
  }
  process.on('unhandledRejection', (reason) => tell(reason, 'unhandledRejection'))
  process.on('uncaughtException', (error) => tell(error, 'uncaughtException'))
}
