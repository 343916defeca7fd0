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
}

/** Listens to the signals from now on, for the life of this process. */
export function listenToStop(): StopRequest {
  let count = 0
  let hurry: (() => void) | null = null
  const { promise, resolve } = Promise.withResolvers<string>()
  const ask = (why: string): void => {
    count++
    if (count === 1) resolve(why)
    if (count === 2) hurry?.()
  }
  for (const signal of SIGNALS) process.on(signal, () => ask(signal))
  return {
    asked: promise,
    ask,
    onHurry(callback) {
      hurry = callback
      if (count > 1) callback()
    },
  }
}
