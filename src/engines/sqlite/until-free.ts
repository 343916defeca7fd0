// Repeats what another connection's lock refuses, without blocking the event loop, until the call's time is over.
// For looks, opening and migrating; units of work wait in their own way (patience.ts).

import { setTimeout as sleep } from 'node:timers/promises'

import { busyFor, failureOf, isBusy } from './failure.ts'

/**
 * @param patience how long to go on asking, in ms
 * @throws WindlassError `engine_busy` after that, else what the action's error means
 */
export async function untilFree<R>(patience: number, action: () => R): Promise<R> {
  const since = performance.now()
  for (;;) {
    try {
      return action()
    } catch (error) {
      if (!isBusy(error)) throw failureOf(error)
      const waited = performance.now() - since
      if (waited >= patience) throw busyFor(waited, error)
    }
    await sleep(1 + Math.random() * 5)
  }
}
