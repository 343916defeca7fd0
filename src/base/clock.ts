// Time of this process as a port: monotonic reading and timers, so that tests move a clock instead of sleeping.
// Nothing that is stored comes from here: stored times are engine time. Wall time is for log lines only.

/** Stops a timer; harmless when it has fired. */
export type Cancel = () => void

export interface Clock {
  /** Milliseconds that only rise, also over SIGSTOP; not comparable between processes. */
  mono(): number
  /** Milliseconds since the epoch by this machine's clock. */
  wall(): number
  /**
   * Calls back once after `ms` (any length; what is no number above 0 counts as 0), never before `timer` returned.
   * Never keeps the process alive by itself unless `keep` is true.
   */
  timer(ms: number, callback: () => void, keep?: boolean): Cancel
}

/** setTimeout overflows above 2³¹−1 ms and would fire at once: long waits are taken in steps. It drops fractions. */
const STEP = 3_600_000

/** The clock of this machine. */
export const systemClock: Clock = {
  mono: () => performance.now(),
  wall: () => Date.now(),
  timer(ms, callback, keep = false) {
    const end = performance.now() + (ms > 0 ? ms : 0)
    let handle: NodeJS.Timeout
    const arm = (): void => {
      const left = end - performance.now()
      handle = setTimeout(left > STEP ? arm : callback, Math.min(Math.max(0, Math.ceil(left)), STEP))
      if (!keep) handle.unref()
    }
    arm()
    return () => clearTimeout(handle)
  },
}

/** Resolves after `ms`, or earlier when the signal aborts; never rejects. Keeps the process alive meanwhile. */
export function sleep(clock: Clock, ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted === true) return resolve()
    const cancel = clock.timer(ms, done, true)
    function done(): void {
      cancel()
      signal?.removeEventListener('abort', done)
      resolve()
    }
    signal?.addEventListener('abort', done, { once: true })
  })
}
