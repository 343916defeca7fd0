// Where endings become settlements and answers become knowledge: counts what is not settled yet, writes the line that
// says why a task runs again, sends progress before the ending, and closes attempts when the store has spoken.
// Sending itself is the settler's and the reporter's business.

import type { Log } from '../base/log.ts'
import type { Held, Outcome, SettleReply } from '../core/hot-verbs.ts'
import { decide } from '../core/decide.ts'
import { DEFAULT_CRASH, DEFAULT_RETRY } from '../core/retry.ts'
import type { Attempt } from './attempt.ts'
import type { AttemptLines } from './attempt-lines.ts'
import type { Attempts } from './attempts.ts'
import type { Deaths } from './deaths.ts'
import { endingLine } from './ending-words.ts'
import type { WorkerSettings } from './options.ts'
import type { Reporter } from './reporter.ts'
import { Rollups } from './rollups.ts'
import { Settler, type Ended } from './settler.ts'
import type { WorkerCounters } from './status.ts'

export interface DeskPorts {
  readonly settings: WorkerSettings
  readonly reporter: Reporter
  readonly lines: AttemptLines
  readonly counters: WorkerCounters
  readonly held: Attempts
  /** Endings leave for the store in this very turn. */
  readonly sending: () => void
  /** Hear of deaths before they are settled, and of what the store said then. */
  readonly deaths: Pick<Deaths, 'announce' | 'settled'>
  /** Endings made way, or a retry falls due in `due` ms. */
  readonly moved: (due: number | null) => void
}

export class Desk {
  readonly #ports: DeskPorts
  readonly #settler: Settler
  readonly #rollups: Rollups
  readonly #log: Log
  /** Endings that wait for their last report, or for the notice of a death, before they go to the settler. */
  #reporting = 0
  #waiters: (() => void)[] = []
  readonly #handedBack: string[] = []

  constructor(ports: DeskPorts) {
    this.#ports = ports
    const { engine, clock, log, random, callTimeout } = ports.settings
    this.#log = log
    this.#rollups = new Rollups(ports.settings)
    this.#settler = new Settler({
      engine,
      clock,
      log,
      random,
      callTimeout,
      settled: (ended, reply) => this.#settled(ended, reply),
      sending: ports.sending,
      moved: () => this.#moved(null),
    })
  }

  /** Endings that the store has not answered yet. */
  get unsettled(): number {
    return this.#settler.pending + this.#reporting
  }

  /** Takes the outcome of an attempt. */
  take(attempt: Attempt, outcome: Outcome): void {
    const { reporter, deaths } = this.#ports
    const last = reporter.mustWait(attempt) ? reporter.last(attempt) : null
    const announced = outcome.to === 'dead' ? deaths.announce(attempt.task) : null
    if (last === null && announced === null) return this.#settle(attempt, outcome)
    this.#reporting++
    void Promise.all([last, announced]).then(() => {
      this.#reporting--
      this.#settle(attempt, outcome)
    })
  }

  /** Hands back tasks that run under our session and that nobody here holds: uncharged. */
  handBack(tasks: readonly Held[]): void {
    if (tasks.length === 0) return
    const ending = { kind: 'released', reason: 'unclaimed', delay: 0 } as const
    const outcome = decide(ending, NOBODY, 0)
    for (const { id, claim } of tasks) {
      const settlement = { id, claim, guard: 'claim', outcome, followUps: [], logs: [] } as const
      this.#settler.push({ settlement, attempt: null })
    }
  }

  /** The store was reached: what waits in back-off is sent now. */
  reached(): void {
    this.#settler.retry()
  }

  /** Resolves when nothing is unsettled. */
  drained(): Promise<void> {
    if (this.unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => this.#waiters.push(resolve))
  }

  /** Tasks that died by a rescue of this worker. */
  died(tasks: number): void {
    this.#rollups.count('dead', tasks)
  }

  /** Tells what came of the tasks that ended here. Never rejects. */
  stop(): Promise<void> {
    return this.#rollups.stop()
  }

  #settle(attempt: Attempt, outcome: Outcome): void {
    const { clock } = this.#ports.settings
    // Most likely its success is in the store already: said only if it is not.
    if (!attempt.completed) this.#say(attempt, outcome)
    const logs = attempt.noted?.last(attempt.engineNow(clock)) ?? []
    const followUps = outcome.to === 'succeeded' ? (attempt.followUps ?? []) : []
    this.#settler.push({
      settlement: { id: attempt.id, claim: attempt.claim, guard: 'claim', outcome, followUps, logs },
      attempt,
    })
  }

  /** A decision about a failed attempt is kept with the task, so that its log tells the whole story. */
  #say(attempt: Attempt, outcome: Outcome): void {
    const line = endingLine(attempt.task, outcome)
    if (line === null) return
    const { id, type, queue, attempt: number } = attempt.task
    this.#log[line.level](line.message, { task: id, type, queue, attempt: number, reason: outcome.reason })
    if (outcome.kind !== 'retry' && outcome.kind !== 'die') return
    attempt.notes.addDecision({ ...line, at: attempt.engineNow(this.#ports.settings.clock) })
  }

  #settled({ attempt, settlement }: Ended, reply: SettleReply): void {
    const { counters, held, lines } = this.#ports
    const { outcome } = settlement
    if (attempt !== null) {
      attempt.stage = 'closed'
      held.delete(attempt)
    } else if (reply.status === 'applied') this.#noteHandedBack(settlement.id)
    if (reply.status === 'lost') {
      if (attempt === null) return
      this.#ports.deaths.settled(attempt.task, null)
      if (attempt.completed && reply.state === 'succeeded') {
        counters.settled.succeed++
        this.#rollups.count('succeeded')
        lines.finished(attempt, 'succeed', null)
        return
      }
      counters.stale++
      this.#log.warn('an ending came too late: the task is not ours any more, nothing was changed', {
        task: attempt.id,
        attempt: attempt.task.attempt,
        ending: outcome.kind,
      })
      return
    }
    counters.settled[outcome.kind]++
    if (reply.state === 'succeeded' || reply.state === 'dead') this.#rollups.count(reply.state)
    if (attempt !== null) {
      if (attempt.completed) this.#say(attempt, outcome)
      // A cancel that came meanwhile goes before a retry.
      lines.finished(attempt, reply.state === 'cancelled' ? 'cancel' : outcome.kind, outcome.reason)
      this.#ports.deaths.settled(attempt.task, outcome)
    }
    if (settlement.followUps.length > 0) this.#checkFollowUps(settlement.id, settlement.followUps, reply)
    if (reply.state === 'scheduled') this.#ports.moved(outcome.delay)
  }

  /** Told once the store agrees: a late beat may name tasks that have ended meanwhile. One line for those of a turn. */
  #noteHandedBack(id: string): void {
    this.#handedBack.push(id)
    if (this.#handedBack.length > 1) return
    queueMicrotask(() => {
      const ids = this.#handedBack.splice(0)
      this.#log.warn('tasks were claimed for this worker and never reached it: they are handed back', {
        tasks: ids.slice(0, 20),
        count: ids.length,
      })
    })
  }

  #checkFollowUps(parent: string, followUps: readonly { readonly id: string }[], reply: SettleReply): void {
    for (const [i, { id }] of followUps.entries()) {
      const outcome = reply.followUps[i]?.outcome
      if (outcome !== 'conflict' && outcome !== 'duplicate') continue
      this.#log.warn(`a task enqueued by a task was not created: ${outcome}`, { task: id, parent })
    }
  }

  #moved(due: number | null): void {
    this.#ports.moved(due)
    if (this.unsettled === 0) for (const resolve of this.#waiters.splice(0)) resolve()
  }
}

/** A release looks at nothing of the task. */
const NOBODY = {
  retry: DEFAULT_RETRY,
  crash: DEFAULT_CRASH,
  failures: 0,
  crashes: 0,
  losses: 0,
  timeout: null,
} as const
