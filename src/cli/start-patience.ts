// Waiting for a store at the start of a long-running verb: another process may hold it for a moment, or its server may
// come up later than this process. Promises to say so, to go on at once when the store answers, and to give up after a
// minute or when somebody asks to stop. Leaves what is to be done with the store to the verb.

import { sleep, systemClock, type Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { WindlassError } from '../core/errors.ts'

/** How long a store is waited for, in ms. */
const PATIENCE = 60_000
/** Between two tries. */
const PAUSE = 250
/** How often the log says that it still waits. */
const SAY = 10_000

export interface StartPatience {
  readonly log: Pick<Log, 'warn'>
  /** Ends the waiting. */
  readonly stop: Promise<unknown>
  /** URL of the engine: a file that cannot be opened stays so, a server may come. */
  readonly url: string
  readonly clock?: Clock
}

/**
 * Does it as soon as the store lets it.
 * @throws the last failure when the time is up or the stop was asked for, any other failure at once
 */
export async function startPatiently<T>(start: () => Promise<T>, options: StartPatience): Promise<T> {
  const { log, stop, url, clock = systemClock } = options
  const since = clock.mono()
  const stopped = new AbortController()
  void stop.then(() => stopped.abort())
  let said = Number.NEGATIVE_INFINITY
  for (;;) {
    try {
      return await start()
    } catch (error) {
      const waited = clock.mono() - since
      if (!mayPass(error, url) || waited >= PATIENCE || stopped.signal.aborted) throw error
      if (clock.mono() - said >= SAY) {
        said = clock.mono()
        log.warn('the store is busy or away: waiting for it', { waited_ms: Math.round(waited), error })
      }
      await sleep(clock, PAUSE, stopped.signal)
    }
  }
}

function mayPass(error: unknown, url: string): boolean {
  if (!(error instanceof WindlassError)) return false
  if (error.code === 'engine_unreachable') return !/^(sqlite|memory):/i.test(url)
  return error.code === 'engine_busy' || error.code === 'engine_timeout'
}
