// How a long-running verb ends: the first SIGTERM, SIGINT or SIGHUP asks it to, the second one does not wait. A verb
// that can begin anew in place may take SIGHUP for that where no terminal can have sent it.
// Promises that handlers are there before anything is started. Leaves what stopping means to the verb.

import { closeSync, openSync } from 'node:fs'

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT']

export interface StopRequest {
  /** Resolves at the first signal, with its name. */
  readonly asked: Promise<string>
  /** Calls back at the second one, at once if it came already. */
  onHurry(hurry: () => void): void
  /** As if a signal had come. */
  ask(why: string): void
  /** As if a signal had come, unless one has. */
  begin(why: string): void
  /** As if two had come. */
  hurry(why: string): void
  /** Calls back at each SIGHUP that is no request to stop. */
  onReload(reload: () => void): void
}

/**
 * Listens to the signals from now on, for the life of this process.
 * @param together signals that come within so many ms after the first one count as one: a service manager may signal
 *   every process of a service, and the supervisor signals its workers, too
 * @param hangUp what SIGHUP means
 */
export function listenToStop(together = 0, hangUp: 'stop' | 'reload' = 'stop'): StopRequest {
  let count = 0
  let first = 0
  let onHurry: (() => void) | null = null
  let onReload: (() => void) | null = null
  const { promise, resolve } = Promise.withResolvers<string>()
  const ask = (why: string): void => {
    count++
    if (count === 1) {
      first = performance.now()
      resolve(why)
    }
    if (count === 2) onHurry?.()
  }
  if (hangUp === 'reload') process.on('SIGHUP', () => onReload?.())
  for (const signal of hangUp === 'stop' ? [...SIGNALS, 'SIGHUP' as const] : SIGNALS) {
    process.on(signal, () => {
      if (count !== 1 || performance.now() - first >= together) ask(signal)
    })
  }
  return {
    asked: promise,
    ask,
    begin(why) {
      if (count === 0) ask(why)
    },
    onHurry(callback) {
      onHurry = callback
      if (count > 1) callback()
    },
    hurry(why) {
      ask(why)
      if (count === 1) ask(why)
    },
    onReload(callback) {
      onReload = callback
    },
  }
}

/** A terminal that closes sends SIGHUP and means the end; without one somebody means "read your config again". */
export function hangUpMeaning(): 'stop' | 'reload' {
  if (process.platform === 'win32') return 'stop'
  try {
    // Opens the terminal that this process belongs to, wherever its output goes.
    closeSync(openSync('/dev/tty', 'r'))
    return 'stop'
  } catch {
    return 'reload'
  }
}
