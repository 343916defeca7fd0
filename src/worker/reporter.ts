// Carries progress and log lines of running attempts to the store: one call a second at most for all of them, and one
// more for the last progress of an attempt before its ending. What is told here may be lost; nothing rests on it, but
// the answers do tell of cancels and of tasks that are not ours any more.

import { answerOf } from '../base/answer.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import type { Engine } from '../core/engine.ts'
import { appliedOf } from '../core/errors.ts'
import type { Report, ReportReply } from '../core/hot-verbs.ts'
import { LIMITS } from '../core/limits.ts'
import type { Attempt } from './attempt.ts'

/** Shortest time between two calls. */
const SPACING = 1_000

export interface ReporterPorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  /** How long the engine lets a call take, in ms. */
  readonly callTimeout: number
  readonly answered: (attempt: Attempt, reply: ReportReply) => void
}

export class Reporter {
  readonly #ports: ReporterPorts
  readonly #dirty = new Set<Attempt>()
  #leaving = new Set<Attempt>()
  #leave: Promise<void> | null = null
  #flight: Promise<void> | null = null
  #flying: ReadonlySet<Attempt> = new Set()
  #timer: Cancel | null = null
  #lastAt = Number.NEGATIVE_INFINITY

  constructor(ports: ReporterPorts) {
    this.#ports = ports
  }

  /** The attempt has something to tell. */
  touch(attempt: Attempt): void {
    this.#dirty.add(attempt)
    this.#plan()
  }

  /** Something of this attempt is, or should be, on its way before its ending. */
  mustWait(attempt: Attempt): boolean {
    const notes = attempt.noted
    return notes !== null && (notes.hasProgress || this.#flying.has(attempt))
  }

  /** Tells the last progress, before the ending is settled. Attempts of one tick share a call. Never rejects. */
  last(attempt: Attempt): Promise<void> {
    this.#dirty.delete(attempt)
    this.#leaving.add(attempt)
    this.#leave ??= this.#sendLeaving()
    return this.#leave
  }

  stop(): void {
    this.#timer?.()
    this.#timer = null
    this.#dirty.clear()
  }

  async #sendLeaving(): Promise<void> {
    // A flight may carry lines of these very attempts; its answer comes first, and more attempts join meanwhile.
    await this.#flight
    const attempts = [...this.#leaving]
    this.#leaving = new Set()
    this.#leave = null
    await this.#send(attempts)
  }

  #plan(): void {
    if (this.#timer !== null || this.#flight !== null || this.#dirty.size === 0) return
    const { clock } = this.#ports
    const wait = Math.max(0, this.#lastAt + SPACING - clock.mono())
    this.#timer = clock.timer(wait, () => {
      this.#timer = null
      this.#lastAt = clock.mono()
      const attempts = [...this.#dirty].filter((one) => one.stage === 'running')
      this.#dirty.clear()
      this.#flying = new Set(attempts)
      this.#flight = this.#send(attempts).then(() => {
        this.#flight = null
        this.#flying = new Set()
        this.#plan()
      })
    })
  }

  async #send(attempts: readonly Attempt[]): Promise<void> {
    for (let from = 0; from < attempts.length; from += LIMITS.batch)
      await this.#sendPage(attempts.slice(from, from + LIMITS.batch))
  }

  async #sendPage(attempts: readonly Attempt[]): Promise<void> {
    const taken = attempts.map((attempt) => attempt.notes.take())
    const reports = attempts.map(({ id, claim }, i): Report => ({
      id,
      claim,
      progress: taken[i]?.progress ?? null,
      logs: taken[i]?.logs ?? [],
    }))
    try {
      const { clock, engine, callTimeout } = this.#ports
      const replies = await answerOf(clock, callTimeout, 'a report', engine.report(reports))
      for (const [i, attempt] of attempts.entries()) {
        const reply = replies[i]
        if (reply !== undefined && attempt.stage === 'running') this.#ports.answered(attempt, reply)
      }
    } catch (error) {
      this.#ports.log.debug('a report of progress and log lines failed', { error })
      // Lines that surely were not taken are told later; of the others nobody knows, and twice is worse than never.
      for (const [i, attempt] of attempts.entries())
        attempt.notes.putBack(
          taken[i]?.progress ?? null,
          appliedOf(error) === 'no' ? (taken[i]?.logs ?? []) : [],
        )
      for (const attempt of attempts) if (attempt.stage === 'running') this.#dirty.add(attempt)
    }
  }
}
