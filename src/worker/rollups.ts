// Counts the tasks that reached their end here, and tells the sum in the journal: one entry in half a minute in which
// there was one, none otherwise. Nothing rests on it but rates; what cannot be told is told with the next entry.
// Whoever tells also drops what is too old, so that the journal stays bounded wherever workers live.

import { answerOf } from '../base/answer.ts'
import type { Cancel } from '../base/clock.ts'
import { LIMITS } from '../core/limits.ts'
import { ROLLUP_EVERY, ROLLUP_KEEP, ROLLUP_STREAM, writeRollup } from '../core/rollup.ts'
import type { WorkerSettings } from './options.ts'

type Ports = Pick<WorkerSettings, 'engine' | 'clock' | 'callTimeout' | 'log' | 'name'>

/** Between two clearings of one worker, the first with its first entry. In ms. */
const CLEAR_EVERY = 3_600_000

export class Rollups {
  readonly #ports: Ports
  #succeeded = 0
  #dead = 0
  #timer: Cancel | null = null
  #stopped = false
  #clearedAt = Number.NEGATIVE_INFINITY

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
      await this.#clear(now)
    } catch (error) {
      this.#succeeded += succeeded
      this.#dead += dead
      log.debug('a roll-up could not be written; its counts go into the next one', { error })
      this.#plan()
    }
  }

  /** Nobody waits for it: what is left is for the next one. */
  async #clear(now: number): Promise<void> {
    const { engine, clock, log } = this.#ports
    if (clock.mono() - this.#clearedAt < CLEAR_EVERY) return
    this.#clearedAt = clock.mono()
    await engine.journal
      .prune(ROLLUP_STREAM, now - ROLLUP_KEEP, LIMITS.page)
      .catch((error: unknown) => log.debug('old roll-ups could not be dropped', { error }))
  }
}
