// A worker process that a supervisor before this one started, and that outlived it. It is no child of ours: its end is
// seen by its pid and start time. Promises that no signal ever reaches another process that got its pid.
// Leaves which processes are to be adopted to survivors.ts.

import { systemClock, type Clock } from '../base/clock.ts'
import type { ProcessIdentity } from '../core/record.ts'
import { isGone, startTimeOf } from '../worker/identity.ts'
import { Link } from './link.ts'
import type { SavedWorker } from './state.ts'
import { killGroup, type ProcessEnd, type WorkerProcess } from './worker-process.ts'

/** How often it is looked whether it lives, in ms. */
const LOOK = 250

/** A worker process that was found. */
export class Adopted implements WorkerProcess {
  readonly adopted = true
  readonly pid: number
  readonly startTime: string
  readonly since: number
  readonly link: Link
  readonly lastLines: readonly string[] = []
  readonly ended: Promise<ProcessEnd>
  readonly #self: ProcessIdentity
  readonly #clock: Clock

  /** @param self this process: the survivor is one of the same host, boot and pid namespace */
  constructor(saved: SavedWorker, self: ProcessIdentity, clock: Clock = systemClock) {
    const { pid, start_time, token, session, ready, started_at } = saved
    this.pid = pid
    this.startTime = start_time
    this.since = clock.mono() - Math.max(0, clock.wall() - Date.parse(started_at))
    this.link = new Link(token, { lines: true }, { ready, session })
    this.#self = self
    this.#clock = clock
    this.ended = this.#end()
  }

  terminate(): void {
    this.#signal()
  }

  release(): void {
    if (!this.link.release()) this.#signal()
  }

  kill(): void {
    if (!this.#gone()) killGroup(this.pid)
  }

  #signal(): void {
    try {
      if (!this.#gone()) process.kill(this.pid, 'SIGTERM')
    } catch {
      // It ended just now.
    }
  }

  #gone(): boolean {
    return isGone({ ...this.#self, pid: this.pid, startTime: this.startTime }, this.#self)
  }

  #end(): Promise<ProcessEnd> {
    return new Promise((resolve) => {
      const look = (): void => {
        if (!this.#gone()) return void this.#clock.timer(LOOK, look, true)
        // What it had started is still there under its number, unless that is somebody else's by now.
        const now = startTimeOf(this.pid)
        if (now === '' || now === this.startTime) killGroup(this.pid)
        void this.link.drained().then(() => resolve({ code: null, signal: null, error: null }))
      }
      this.#clock.timer(LOOK, look, true)
    })
  }
}
