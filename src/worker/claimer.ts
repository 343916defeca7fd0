// Takes tasks for the free slots, and only for those: one claim in flight, nothing ahead of need. Woken by hints, by
// one timer for what falls due (re-armed every 10 s at least) and by slots that get free. A claim whose outcome is
// unknown, or that is not answered at all, is asked again with the same id; what is given up then, the heart looks for.

import { answerOf } from '../base/answer.ts'
import { sleep, type Cancel } from '../base/clock.ts'
import { appliedOf } from '../core/errors.ts'
import type { ClaimReply, ClaimRequest } from '../core/hot-verbs.ts'
import { mintToken } from '../core/ids.ts'
import type { TaskRecord } from '../core/record.ts'
import { Lanes } from './lanes.ts'
import type { WorkerSettings } from './options.ts'

/** Longest time without asking, whatever hints say; a fourth of the time that makes a worker deaf, where that is less. */
const POLL = 10_000
/** Claims that may follow each other without a turn of the event loop. */
const CLAIMS_PER_TURN = 4

export interface ClaimerPorts {
  readonly settings: WorkerSettings
  /** Tasks that may be taken now. */
  readonly room: () => number
  /** The living session; null while there is none. */
  readonly session: () => string | null
  readonly take: (tasks: readonly TaskRecord[], session: string) => void
  /** The store answered; `emptied`: it has nothing more that this claim could have taken. */
  readonly answered: (emptied: boolean) => void
  readonly gone: (session: string) => void
  /** Nothing more to be had for the moment. */
  readonly quiet: () => void
  /** A claim was given up whose tasks may be ours all the same. */
  readonly unsure: () => void
}

export class Claimer {
  readonly #ports: ClaimerPorts
  readonly #lanes: Lanes
  readonly #poll: number
  readonly #stop = new AbortController()
  #maybe = false
  #busy: Promise<void> | null = null
  #immediate: NodeJS.Immediate | null = null
  #failures = 0
  #sinceTurn = 0
  #claimId: string | null = null
  /** Made before it is needed: after some idleness that takes as long as all the rest of a call. Null: used up. */
  #nextId: string | null = null
  #nextDueIn: number | null = null
  #foundNothing = false
  #timer: Cancel | null = null
  #timerAt = Number.POSITIVE_INFINITY

  constructor(ports: ClaimerPorts) {
    this.#ports = ports
    this.#lanes = new Lanes(ports.settings.queues)
    this.#poll = Math.min(POLL, ports.settings.deafAfter / 4)
  }

  /** The last claim found nothing, and nothing tells that another one would. */
  get foundNothing(): boolean {
    return this.#foundNothing && !this.#maybe && this.#busy === null && this.#immediate === null
  }

  /** Wait until a task of these queues falls due, as last heard; null: none is scheduled. */
  get nextDueIn(): number | null {
    return this.#nextDueIn
  }

  /** True for tokens of the claim that is under way: its reply may still come. */
  asks(claimId: string): boolean {
    return this.#claimId === claimId
  }

  start(): void {
    this.#arm(this.#poll)
    this.wake()
  }

  /** Something may be ready. */
  wake(): void {
    this.#maybe = true
    this.#foundNothing = false
    this.room()
  }

  /** A slot got free: ask, if the last answer left something. One turn later, so that slots are filled together. */
  room(): void {
    if (!this.#maybe || this.#busy !== null || this.#immediate !== null || this.#stop.signal.aborted) return
    this.#immediate = setImmediate(() => {
      this.#immediate = null
      this.now()
    })
  }

  /** Asks in this very turn: a claim that leaves together with endings can share their transaction. */
  now(): void {
    if (!this.#maybe || this.#busy !== null || this.#stop.signal.aborted || this.#ports.room() <= 0) return
    // Between two sessions there is nobody to claim for: the next one wakes, trying until then would only spin.
    if (this.#ports.session() === null) return
    this.#busy = this.#run().then(() => {
      this.#busy = null
      if (this.#maybe) return this.room()
      this.#ports.quiet()
    })
  }

  /** Something falls due in `ms`; null: nothing that is known. */
  due(ms: number | null): void {
    if (ms !== null) this.#arm(ms)
  }

  /** Ends asking; what a claim under way still brings is handed over. */
  async stop(): Promise<void> {
    this.#stop.abort()
    this.#timer?.()
    this.#timer = null
    if (this.#immediate !== null) clearImmediate(this.#immediate)
    this.#immediate = null
    await this.#busy
  }

  async #run(): Promise<void> {
    const { settings } = this.#ports
    while (this.#maybe && !this.#stop.signal.aborted) {
      const limit = this.#ports.room()
      const session = this.#ports.session()
      if (limit <= 0 || session === null) return
      this.#maybe = false
      const reply = await this.#ask(session, limit)
      if (reply === null) {
        this.#maybe = true
        await sleep(settings.clock, this.#pause(), this.#stop.signal)
        continue
      }
      this.#failures = 0
      this.#read(reply, session, limit)
      await this.#yieldSometimes()
    }
  }

  #read(reply: ClaimReply, session: string, limit: number): void {
    const { tasks, more } = reply
    // No claim that brings nothing leaves something behind, whatever it says.
    this.#ports.answered(reply.live && (tasks.length === 0 || (tasks.length < limit && !more)))
    if (!reply.live) {
      this.#ports.gone(session)
      return
    }
    if (more || tasks.length >= limit) this.#maybe = true
    this.#nextDueIn = reply.nextDueIn
    this.#foundNothing = tasks.length === 0
    this.due(reply.nextDueIn)
    if (tasks.length > 0) this.#ports.take(tasks, session)
  }

  /** Null: it failed, and whatever it took unseen is given up here. */
  async #ask(session: string, limit: number): Promise<ClaimReply | null> {
    const { clock, callTimeout } = this.#ports.settings
    const claimId = this.#nextId ?? mintToken()
    this.#nextId = null
    const request = { session, claimId, queues: this.#lanes.next(), limit }
    // Nobody else can run meanwhile what it may have taken: longer than two silent calls it is not kept.
    const until = clock.mono() + 2 * callTimeout
    this.#claimId = claimId
    let doubt = false
    try {
      for (;;) {
        const answer = await this.#try(request)
        if (typeof answer !== 'string') return answer
        doubt ||= answer === 'unknown'
        if (!doubt) return null
        if (clock.mono() >= until || this.#stop.signal.aborted) {
          this.#ports.unsure()
          return null
        }
        await sleep(clock, this.#pause(), this.#stop.signal)
      }
    } finally {
      this.#claimId = null
    }
  }

  /** One call; `no`: it took nothing, `unknown`: it may have. */
  async #try(request: ClaimRequest): Promise<ClaimReply | 'no' | 'unknown'> {
    const { engine, clock, log, callTimeout } = this.#ports.settings
    try {
      const [reply] = await answerOf(clock, callTimeout, 'a claim', engine.claim([request]))
      return reply ?? 'no'
    } catch (error) {
      this.#failures++
      if (this.#failures === 1 || this.#failures % 20 === 0)
        log.warn('the store does not answer claims, trying again', { failures: this.#failures, error })
      return appliedOf(error) === 'no' ? 'no' : 'unknown'
    }
  }

  /** Where neither store nor handlers wait for anything, timers and signals would never get their turn. */
  async #yieldSometimes(): Promise<void> {
    if (this.#sinceTurn++ === 0)
      setImmediate(() => {
        this.#sinceTurn = 0
        this.#nextId ??= mintToken()
      })
    if (this.#sinceTurn > CLAIMS_PER_TURN) await turn()
  }

  #pause(): number {
    return Math.min(5_000, 50 * 2 ** Math.min(this.#failures, 10)) * (0.5 + this.#ports.settings.random() / 2)
  }

  /** The one timer: keeps the process alive, as a worker that waits for work should. */
  #arm(ms: number): void {
    if (this.#stop.signal.aborted) return
    const { clock } = this.#ports.settings
    const at = clock.mono() + Math.min(ms, this.#poll)
    if (this.#timer !== null && this.#timerAt <= at) return
    this.#timer?.()
    this.#timerAt = at
    this.#timer = clock.timer(
      at - clock.mono(),
      () => {
        this.#timer = null
        this.#arm(this.#poll)
        this.wake()
      },
      true,
    )
  }
}

function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}
