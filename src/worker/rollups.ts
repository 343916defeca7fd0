// Counts the tasks that reached their end here, and tells the sum in the journal: one entry in half a minute in which
// there was one, none otherwise. Nothing rests on it but rates; what cannot be told is told with the next entry.

import { answerOf } from '../base/answer.ts'
import type { Cancel } from '../base/clock.ts'
import { ROLLUP_EVERY, writeRollup } from '../core/rollup.ts'
import type { WorkerSettings } from './options.ts'

type Ports = Pick<WorkerSettings, 'engine' | 'clock' | 'callTimeout' | 'log' | 'name'>

export class Rollups {
  readonly #ports: Ports
  #succeeded = 0
  #dead = 0
  #timer: Cancel | null = null
  #stopped = false

  constructor(ports: Ports) {
    this.#ports = ports
  }

  /** Tasks that reached their end. */
  count(to: 'succeeded' | 'dead', tasks = 1): void {
    if (to === 'dead') this.#dead += tasks
    else this.#succeeded += tasks
    this.#plan()
  }

  /** Tells what was not told yet. Never rejects. */
  stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.()
    this.#timer = null
    return this.#tell()
  }

  #plan(): void {
    if (this.#timer !== null || this.#stopped) return
    this.#timer = this.#ports.clock.timer(ROLLUP_EVERY, () => {
      this.#timer = null
      void this.#tell()
    })
  }

  async #tell(): Promise<void> {
    const { engine, clock, callTimeout, log, name } = this.#ports
    const [succeeded, dead] = [this.#succeeded, this.#dead]
    if (succeeded + dead === 0) return
    this.#succeeded = 0
    this.#dead = 0
    try {
      const now = await answerOf(clock, callTimeout, 'the time', engine.now())
      const entry = writeRollup(name, now, { succeeded, dead })
      await answerOf(clock, callTimeout, 'a roll-up', engine.journal.append([entry]))
    } catch (error) {
      this.#succeeded += succeeded
      this.#dead += dead
      log.debug('a roll-up could not be written; its counts go into the next one', { error })
      this.#plan()
    }
  }
}
