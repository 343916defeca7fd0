// Keeps the session alive: a beat every third of the lease, on whichever thread it lives. Carries what is held, fetches
// the differences, notices that the store is out of reach or that the session is dead, and ends the session (and the
// process) of a handler that outlived its deadline, or of a worker that runs nothing and never answers again. What any of
// this means for the attempts is the worker's business.

import { answerOf } from '../base/answer.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import { Loop } from '../base/loop.ts'
import type { Engine } from '../core/engine.ts'
import type { Beat, BeatReply, SessionEnd } from '../core/hot-verbs.ts'
import { keepError } from '../core/kept-error.ts'
import type { Board } from './board.ts'
import type { HeldAnswer, News, UpkeepSettings } from './news.ts'
import type { Witness } from './witness.ts'

/** How often deadlines are looked at. */
const LOOK = 1_000
/** Longest time between two beats. */
const BEAT_MOST = 10_000
/** How much longer the heart waits where the worker itself gives up a hung handler. */
const COURTESY = 3_000
const NOTHING: HeldAnswer = { count: 0, hash: 0, list: null }

export interface HeartPorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly settings: UpkeepSettings
  readonly board: Board
  readonly witness: Witness
  readonly tell: (news: News) => void
  /** What the worker holds right now; null: it does not answer (a handler blocks its thread). */
  readonly ask: (list: boolean) => Promise<HeldAnswer | null>
  /** Kills this process, or its group; the words are for stderr, where the thread that keeps the log cannot say them. */
  readonly kill: (words: string | null) => void
}

export class Heart {
  readonly #ports: HeartPorts
  readonly #loop: Loop
  readonly #every: number
  #session: string | null = null
  #draining = false
  #held: HeldAnswer = NOTHING
  /** Beats in a row that the worker was asked for and did not answer. Counted: of a stop of the process none comes. */
  #mute = 0
  #reachedAt = 0
  #doubted = false
  /** An answer of this beat took so long that it says little of now. */
  #oldNews = false
  #look: Cancel | null = null

  constructor(ports: HeartPorts) {
    this.#ports = ports
    const { lease } = ports.settings
    // Long leases are renewed more often than need be: a beat is also what brings a cancel when no hint does.
    this.#every = Math.min(lease / 3, BEAT_MOST)
    this.#loop = new Loop({
      run: () => this.#beat(),
      interval: this.#every,
      clock: ports.clock,
      maxBackoff: Math.min(5_000, lease / 6),
      onError: (error, failures) => this.#failed(error, failures),
    })
  }

  get session(): string | null {
    return this.#session
  }

  start(): void {
    this.#reachedAt = this.#ports.clock.mono()
    this.#loop.start()
    this.#watchDeadlines()
  }

  async stop(): Promise<void> {
    this.#look?.()
    this.#look = null
    await this.#loop.stop()
  }

  /** Beats for this session from now on; null: for none. */
  follow(session: string | null): void {
    this.#session = session
    this.#ports.witness.reset()
    this.#reachedAt = this.#ports.clock.mono()
    this.#doubted = false
    this.#loop.wake()
  }

  /** Compares with the store now what is held. */
  look(): void {
    this.#loop.wake()
  }

  /** Tells the store that no more is taken. */
  drain(): void {
    this.#draining = true
    this.#loop.wake()
  }

  /** Answers when to beat again, if sooner than usual. */
  async #beat(): Promise<number | undefined> {
    const session = this.#session
    if (session === null) return
    this.#oldNews = false
    await this.#tellHeld(session)
    return this.#oldNews ? 0 : undefined
  }

  async #tellHeld(session: string): Promise<void> {
    const fresh = await this.#ports.ask(false)
    if (fresh !== null) this.#held = { ...fresh, list: null }
    const reply = await this.#send(session, true, this.#held)
    if (reply === null || reply.status === 'gone') return
    // With nothing held, on either side, it is no handler that keeps the event loop: no deadline will end this.
    this.#mute = fresh === null && this.#held.count === 0 && !reply.mismatch ? this.#mute + 1 : 0
    if (this.#mute * this.#every >= this.#ports.settings.deafAfter) await this.#endMute(session)
    // Without an answer from the worker the list would be old, and old lists accuse the innocent.
    if (!reply.mismatch || fresh === null) return
    const list = await this.#ports.ask(true)
    if (list !== null) await this.#send(session, false, list)
  }

  /** Null: another session took over meanwhile, the answer is nobody's. */
  async #send(session: string, renew: boolean, held: HeldAnswer): Promise<BeatReply | null> {
    const { clock, engine, settings, tell, witness } = this.#ports
    const sent = clock.mono()
    const beat: Beat = {
      session,
      renew,
      held,
      unclaimedAfter: settings.callTimeout,
      draining: this.#draining,
    }
    const [reply] = await answerOf(clock, settings.callTimeout, 'a heartbeat', engine.heartbeat([beat]))
    if (reply === undefined || session !== this.#session) return null
    if (reply.status === 'gone') {
      this.follow(null)
      tell({ kind: 'gone', session, why: 'the store declared this session dead' })
      return reply
    }
    if (renew) witness.note({ sent, received: clock.mono(), engine: reply.now })
    if (this.#doubted) tell({ kind: 'log', level: 'info', message: 'the store answers again', fields: {} })
    this.#reachedAt = sent
    this.#doubted = false
    // This process, or the way to the store, stood still meanwhile: it may be dead by now, whatever the answer says.
    this.#oldNews ||= clock.mono() - sent > settings.lease / 6
    tell({ kind: 'beat', session, reply })
    return reply
  }

  #failed(error: unknown, failures: number): void {
    const { clock, settings, tell } = this.#ports
    const session = this.#session
    if (session === null) return
    const away = clock.mono() - this.#reachedAt
    if (failures === 1 || failures % 50 === 0) {
      const fields = { failures, away_ms: Math.round(away), error: keepError(error) }
      const message = 'the store does not answer heartbeats; handlers go on in doubt'
      tell({ kind: 'log', level: 'warn', message, fields })
    }
    if (this.#doubted || away < settings.doubt) return
    this.#doubted = true
    tell({ kind: 'doubt', session, after: away })
  }

  #watchDeadlines(): void {
    this.#look = this.#ports.clock.timer(LOOK, () => {
      const margin = this.#ports.settings.hung === 'kill' ? 0 : COURTESY
      const ids = this.#ports.board.overdue(margin)
      const session = this.#session
      if (ids.length === 0 || session === null) return this.#watchDeadlines()
      void this.#endHung(session, ids).then(() => this.#watchDeadlines())
    })
  }

  /** The event loop stands still for ever, and nothing of the store's is in it: another process takes its place. */
  async #endMute(session: string): Promise<void> {
    if (this.#ports.settings.hung !== 'kill') return
    await this.#tellEnd({ session, cause: 'stopped', culprits: null })
    this.#ports.kill('windlass: the event loop stands still and no task runs: the process is ended')
  }

  /** False: the store did not answer, or too late. */
  #tellEnd(end: SessionEnd): Promise<boolean> {
    const { engine, settings, clock } = this.#ports
    const ended = engine.endSession([end]).then(
      () => true,
      () => false,
    )
    const waited = new Promise<boolean>((resolve) => clock.timer(settings.callTimeout, () => resolve(false)))
    return Promise.race([ended, waited])
  }

  /** The session dies with its culprits named; then the process, so that no retry runs beside a hung handler. */
  async #endHung(session: string, ids: readonly string[]): Promise<void> {
    const { settings, tell, kill } = this.#ports
    const fields = { tasks: ids, session }
    const message = 'handlers outlived their deadline and the grace: the session is ended'
    tell({ kind: 'log', level: 'error', message, fields })
    const known = await this.#tellEnd({ session, cause: 'deadline', culprits: ids })
    if (settings.hung === 'kill') kill(null)
    // Not told: the next look tries again.
    if (!known || session !== this.#session) return
    this.follow(null)
    tell({ kind: 'gone', session, why: 'a handler outlived its deadline and the grace' })
  }
}
