// How a long-running verb ends: the first SIGTERM, SIGINT or SIGHUP asks it to, the second one does not wait.
// Promises that handlers are there before anything is started. Leaves what stopping means to the verb.

const SIGNALS: readonly NodeJS.Signals[] = ['SIGTERM', 'SIGINT', 'SIGHUP']

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
}

/**
 * Listens to the signals from now on, for the life of this process.
 * @param together signals that come within so many ms after the first one count as one: a service manager may signal
 *   every process of a service, and the supervisor signals its workers, too
 */
export function listenToStop(together = 0): StopRequest {
  let count = 0
  let first = 0
  let onHurry: (() => void) | null = null
  const { promise, resolve } = Promise.withResolvers<string>()
  const ask = (why: string): void => {
    count++
    if (count === 1) {
      first = performance.now()
      resolve(why)
    }
    if (count === 2) onHurry?.()
  }
  for (const signal of SIGNALS) {
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
  }
}
