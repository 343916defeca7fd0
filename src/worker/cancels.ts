// Hears of cancels quickly: a hint leads to a beat that only asks, so that a cancel from any process arrives within a
// second. Without hints the heart's own beats bring it. Throttled, for where the engine cannot say what changed any
// write of a neighbour looks like a cancel.

import type { Cancel } from '../base/clock.ts'
import type { BeatReply, Hint } from '../core/hot-verbs.ts'
import type { WorkerSettings } from './options.ts'

/** Between two questions after a hint that names a cancel, and after one that names nothing. */
const NAMED = 50
const VAGUE = 400

export interface CancelsPorts {
  readonly settings: WorkerSettings
  readonly session: () => string | null
  readonly running: () => number
  readonly answered: (session: string, reply: BeatReply) => void
}

export class Cancels {
  readonly #ports: CancelsPorts
  #askedAt = Number.NEGATIVE_INFINITY
  #timer: Cancel | null = null
  #timerAt = 0
  #asking = false
  #again = false
  #stopped = false

  constructor(ports: CancelsPorts) {
    this.#ports = ports
  }

  hint(kind: Hint['kind']): void {
    if (kind !== 'cancel' && kind !== 'any') return
    if (this.#stopped || this.#ports.running() === 0) return
    const { clock } = this.#ports.settings
    const now = clock.mono()
    const at = Math.max(now, this.#askedAt + (kind === 'cancel' ? NAMED : VAGUE))
    if (this.#timer !== null && this.#timerAt <= at) return
    this.#timer?.()
    this.#timerAt = at
    this.#timer = clock.timer(at - now, () => {
      this.#timer = null
      void this.#ask()
    })
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.()
    this.#timer = null
  }

  async #ask(): Promise<void> {
    // A hint that came after the question was sent may not be in its answer.
    if (this.#asking) this.#again = true
    const session = this.#ports.session()
    if (session === null || this.#asking || this.#ports.running() === 0) return
    const { engine, clock, callTimeout, log } = this.#ports.settings
    this.#asking = true
    this.#askedAt = clock.mono()
    try {
      const [reply] = await engine.heartbeat([
        { session, renew: false, held: NO_ANSWER_WANTED, unclaimedAfter: callTimeout, draining: false },
      ])
      if (reply !== undefined) this.#ports.answered(session, reply)
    } catch (error) {
      log.debug('asking for cancels failed; the next heartbeat brings them', { error })
    } finally {
      this.#asking = false
      if (this.#again) {
        this.#again = false
        this.hint('cancel')
      }
    }
  }
}

/** Whether the store agrees on what is held is the heart's question. */
const NO_ANSWER_WANTED = { count: 0, hash: 0, list: null }
