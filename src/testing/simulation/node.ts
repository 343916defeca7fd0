// A simulated process: a clock of its own that runs a little fast or slow, and timers and answers that stop with it.
// A crash drops all that is pending; a pause holds it back, in order, until it goes on. What was sent before is on its
// way and arrives all the same. What runs on the node is others' business.

import type { Cancel, Clock } from '../../base/clock.ts'
import type { World } from './world.ts'

export class SimulatedNode implements Clock {
  readonly name: string
  readonly #world: World
  readonly #speed: number
  readonly #born: number
  readonly #wallAtBirth: number
  #state: 'running' | 'paused' | 'dead' = 'running'
  #heldBack: (() => void)[] = []

  /** @param drift how much faster its clock runs, in parts of one */
  constructor(name: string, world: World, drift: number) {
    this.name = name
    this.#world = world
    this.#speed = 1 + drift
    this.#born = world.now
    this.#wallAtBirth = world.now
  }

  get alive(): boolean {
    return this.#state !== 'dead'
  }

  get paused(): boolean {
    return this.#state === 'paused'
  }

  mono(): number {
    return (this.#world.now - this.#born) * this.#speed
  }

  wall(): number {
    return this.#wallAtBirth + this.mono()
  }

  timer(ms: number, callback: () => void): Cancel {
    // Never early, not even by a rounding: a part that looks at its clock would arm again for no time at all.
    return this.hear(ms / this.#speed + 1e-6, callback)
  }

  /** Runs in `ms` of true time: at once if the node runs then, after a pause, or never. */
  hear(ms: number, callback: () => void): Cancel {
    let off = false
    const run = (): void => {
      if (off || this.#state === 'dead') return
      if (this.#state === 'paused') this.#heldBack.push(run)
      else callback()
    }
    const cancel = this.#world.after(ms, run)
    return () => {
      off = true
      cancel()
    }
  }

  /** SIGKILL: nothing of it goes on. */
  crash(): void {
    this.#state = 'dead'
    this.#heldBack = []
  }

  /** SIGSTOP: its clock goes on, it does not. */
  pause(): void {
    if (this.#state === 'running') this.#state = 'paused'
  }

  /** SIGCONT: what fell due meanwhile happens now, in order, each as an event of its own. */
  resume(): void {
    if (this.#state !== 'paused') return
    this.#state = 'running'
    for (const run of this.#heldBack.splice(0)) this.#world.after(0, run)
  }
}
