// How this process is, for its supervisor: memory, share of a core, delay of its event loop. Promises to cost next to
// nothing: a timer of the runtime and a few numbers once a second. Leaves telling it to reporting.ts.

import { monitorEventLoopDelay } from 'node:perf_hooks'

import { systemClock, type Clock } from '../base/clock.ts'
import type { Vitals } from './messages.ts'

/** Between two looks at the event loop, in ms; what is told is what a look came late. */
const RESOLUTION = 20
/** Delays are those of the last so many readings. */
const READINGS = 5

/** Reads how this process is. */
export class VitalsMeter {
  readonly #clock: Clock
  readonly #delays = monitorEventLoopDelay({ resolution: RESOLUTION })
  /** The first reading is about all of the life until then: about a moment it would tell a wild number. */
  #cpu = { user: 0, system: 0 }
  #at: number
  #readings = 0
  #before = 0

  constructor(clock: Clock = systemClock) {
    this.#clock = clock
    this.#at = clock.mono() - process.uptime() * 1_000
    this.#delays.enable()
  }

  /** Since the last reading, and the delays of the last few. */
  read(work: Pick<Vitals, 'running' | 'finished'>): Vitals {
    const now = this.#clock.mono()
    const { user, system } = process.cpuUsage(this.#cpu)
    const cpu = now > this.#at ? ((user + system) / 1_000 / (now - this.#at)) * 100 : 0
    this.#cpu = process.cpuUsage()
    this.#at = now
    return { ...work, rss: process.memoryUsage.rss(), cpu, loop_delay: this.#delay() }
  }

  close(): void {
    this.#delays.disable()
  }

  #delay(): number {
    // Nothing was measured yet: the runtime then tells a number that means nothing.
    const p99 = this.#delays.count === 0 ? 0 : this.#delays.percentile(99) / 1e6 - RESOLUTION
    const now = Math.max(0, p99)
    const told = Math.max(now, this.#before)
    this.#readings++
    if (this.#readings % READINGS === 0) {
      this.#before = now
      this.#delays.reset()
    }
    return told
  }
}
