// Runs attempts: gives each a slot, has its handler called here or in a child, watches its time and computes its
// outcome once. Promises that a slot is free when its handler ends or its child is killed, and that every task taken
// ends in exactly one outcome, or in none when it was lost. Sending outcomes is the settler's business.

import { decide, type Ending } from '../core/decide.ts'
import { formatDuration } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import type { Outcome } from '../core/hot-verbs.ts'
import { DEFAULTS } from '../core/limits.ts'
import type { TaskRecord } from '../core/record.ts'
import type { TaskType } from '../core/task-type.ts'
import { Alarms } from './alarms.ts'
import { Attempt, type StopWhy } from './attempt.ts'
import type { AttemptLines } from './attempt-lines.ts'
import { Attempts } from './attempts.ts'
import type { Board } from './board.ts'
import { endingOfHung } from './endings.ts'
import type { Isolator, IsolatorPorts } from './isolation/isolator.ts'
import type { WorkerSettings } from './options.ts'
import { Quarantine } from './quarantine.ts'
import { cleanUpAfter, runAttempt, type RunPorts } from './run.ts'
import { Suspects } from './suspects.ts'

/** What the start of a child may take without being charged to the task's time. */
const START = 3_000

export interface RunnerPorts {
  readonly settings: WorkerSettings
  readonly board: Board
  readonly run: Omit<RunPorts, 'done' | 'cleaning'>
  readonly isolator: Isolator
  readonly lines: AttemptLines
  /** The outcome is fixed; it is to reach the store. */
  readonly ended: (attempt: Attempt, outcome: Outcome) => void
  /** A slot got free. */
  readonly room: () => void
}

export class Runner {
  /** Attempts that take a slot: also those that are settled while their handler still goes on. */
  readonly running = new Attempts('runningAt')
  /** What this process holds, as a heartbeat tells it: waiting, running, and ended but not settled. */
  readonly held = new Attempts('heldAt')
  readonly #ports: RunnerPorts
  readonly #settings: WorkerSettings
  readonly #alarms: Alarms
  readonly #quarantine = new Quarantine()
  readonly #suspects = new Suspects()
  readonly #slots: number[]
  readonly #run: RunPorts
  readonly #isolated: IsolatorPorts
  #idleWaiters: (() => void)[] = []

  constructor(ports: RunnerPorts) {
    this.#ports = ports
    this.#settings = ports.settings
    this.#slots = Array.from(
      { length: ports.settings.concurrency },
      (_, i) => ports.settings.concurrency - 1 - i,
    )
    this.#run = {
      ...ports.run,
      done: (attempt, ending) => this.#done(attempt, ending),
      cleaning: (attempt) => this.#alarms.set(attempt, this.#settings.clock.mono() + this.#settings.grace),
    }
    const { done, cleaning } = this.#run
    const { touch } = ports.run.context
    this.#isolated = { begun: (attempt) => this.#begun(attempt), cleaning, done, touch }
    this.#alarms = new Alarms(ports.settings.clock, this.held, (attempt, now) => this.#ring(attempt, now))
  }

  /** How many tasks can be started now. */
  get room(): number {
    const free = Math.max(0, this.#slots.length - this.#suspects.waiting.length)
    return this.#quarantine.room(free, this.running.size)
  }

  /** Tasks that wait to run alone. */
  get waiting(): readonly Attempt[] {
    return [...this.#quarantine.waiting, ...this.#suspects.waiting]
  }

  /** Takes what a claim brought and starts it in that order; or, with `start` false, hands it back. */
  take(tasks: readonly TaskRecord[], session: string, start: boolean): void {
    const now = this.#settings.clock.mono()
    this.#quarantine.claimed()
    const attempts = tasks.map((task) => new Attempt(task, session, now))
    for (const attempt of attempts) this.held.add(attempt)
    for (const attempt of attempts) {
      if (start) this.#admit(attempt)
      else this.#end(attempt, { kind: 'released', reason: 'drained', delay: 0 })
    }
    this.#letNext()
  }

  /** Resolves when no handler runs any more. */
  idle(): Promise<void> {
    if (this.running.size === 0) return Promise.resolve()
    return new Promise((resolve) => this.#idleWaiters.push(resolve))
  }

  /** The task is to be cancelled; the handler has the grace to end. */
  cancel(attempt: Attempt): void {
    if (attempt.stage === 'waiting' && this.#unqueue(attempt)) {
      this.#end(attempt, { kind: 'cancelled' })
      this.#letNext()
      return
    }
    if (attempt.stage !== 'running' || (attempt.stop !== null && attempt.stop !== 'timeout')) return
    // The grace of a timeout that came before goes on; it does not begin anew.
    const sooner = attempt.stop === 'timeout' ? attempt.alarmAt : Number.POSITIVE_INFINITY
    attempt.stop = null
    this.#tell(attempt, 'cancelled', new WindlassError('cancelled', 'the task was cancelled'), sooner)
  }

  /** The task is not ours any more: the handler is told, nothing is settled. False: it had ended already. */
  lose(attempt: Attempt, why: string): boolean {
    const stage = attempt.stage
    // An ending that is on its way is the store's to judge: its token guards it.
    if (stage === 'ended' || stage === 'closed') return false
    this.#close(attempt)
    attempt.tell('lost', new WindlassError('lease_lost', why))
    if (this.#settings.hung === 'abandon' && attempt.slot >= 0) this.#ports.board.clear(attempt.slot)
    if (stage === 'waiting' && this.#unqueue(attempt)) this.#letNext()
    return true
  }

  /** Tells every handler that the worker stops; what waits is handed back. */
  shutdown(): void {
    const reason = new WindlassError('shutdown', 'the worker stops')
    this.handBackWaiting()
    for (const attempt of this.running) {
      if (attempt.stage !== 'running' || attempt.stop !== null) continue
      attempt.tell('shutdown', reason)
    }
  }

  /** Hands back what was claimed and not started. */
  handBackWaiting(): void {
    for (const attempt of this.waiting) {
      this.#unqueue(attempt)
      this.#end(attempt, { kind: 'released', reason: 'drained', delay: 0 })
    }
  }

  /** Hands back what still runs, uncharged; children are killed, handlers of this thread left to themselves. */
  releaseRunning(): void {
    for (const attempt of this.running) {
      const ending = { kind: 'released', reason: 'drained', delay: 0 } as const
      if (attempt.remote !== null) this.#cut(attempt, ending)
      else if (attempt.stage === 'running') this.#end(attempt, ending)
    }
  }

  stop(): void {
    this.#alarms.stop()
  }

  #admit(attempt: Attempt): void {
    const { types, codecs } = this.#settings
    const type = types.get(attempt.task.type)
    const delay = DEFAULTS.unknownTypeDelay
    if (type === undefined) {
      this.#end(attempt, { kind: 'released', reason: 'unknown_type', delay })
      this.#settings.log.warn('handed back: this worker does not know the task type', {
        task: attempt.id,
        type: attempt.task.type,
      })
    } else if (!codecs.knows(attempt.task.codec)) {
      this.#end(attempt, { kind: 'released', reason: 'unknown_codec', delay })
      this.#settings.log.warn('handed back: this worker does not know the codec', {
        task: attempt.id,
        codec: attempt.task.codec,
      })
    } else if (attempt.task.payloadVersion > type.version) {
      this.#end(attempt, { kind: 'released', reason: 'unknown_version', delay })
      this.#settings.log.warn('handed back: this worker knows an older version of the task type', {
        task: attempt.id,
        type: attempt.task.type,
        version: attempt.task.payloadVersion,
        known: type.version,
      })
    } else if (Quarantine.suspects(attempt)) {
      if (this.#ports.isolator.knows(type)) this.#suspects.add(attempt)
      else this.#quarantine.add(attempt)
      const { timeout } = attempt.task
      if (timeout !== null) this.#alarms.set(attempt, attempt.claimedAt + timeout / 2)
    } else this.#start(attempt, type)
  }

  /** Takes a task that waits out of its line. */
  #unqueue(attempt: Attempt): boolean {
    return this.#quarantine.remove(attempt) || this.#suspects.remove(attempt)
  }

  /** Starts a suspect in a process of its own, or here when it is alone. */
  #letNext(): void {
    const { clock, types } = this.#settings
    const suspects = this.#suspects
    while (suspects.waiting.length > 0 && this.#slots.length > 0 && this.#quarantine.room(1, 0) > 0) {
      const next = suspects.next(clock.mono())
      if (next === null) break
      const type = types.get(next.attempt.task.type)
      if (next.start && type !== undefined) this.#start(next.attempt, type, true)
      else this.#end(next.attempt, { kind: 'released', reason: 'drained', delay: 0 })
    }
    for (;;) {
      const next = this.#quarantine.next(this.running.size, this.#settings.clock.mono())
      if (next === null) return
      const type = this.#settings.types.get(next.attempt.task.type)
      if (next.start && type !== undefined) this.#start(next.attempt, type)
      else this.#end(next.attempt, { kind: 'released', reason: 'drained', delay: 0 })
    }
  }

  #start(attempt: Attempt, type: TaskType, apart = false): void {
    const { clock, grace } = this.#settings
    const { timeout } = attempt.task
    attempt.slot = this.#slots.pop() ?? -1
    attempt.stage = 'running'
    attempt.startedAt = clock.mono()
    this.running.add(attempt)
    this.#ports.lines.begins(attempt)
    if (apart || type.isolation !== 'inline')
      return this.#ports.isolator.run(attempt, type, apart, this.#isolated)
    if (timeout !== null) {
      if (attempt.slot >= 0) this.#ports.board.put(attempt.slot, attempt.id, timeout + grace)
      this.#alarms.set(attempt, attempt.startedAt + timeout)
    }
    runAttempt(attempt, type, this.#run)
  }

  /**
   * A child is ready and calls the handler: its time counts from now, and ends by a kill. What the start took beyond
   * a moment is the task's loss: sweepers know the deadline that the claim has set.
   */
  #begun(attempt: Attempt): void {
    const { timeout } = attempt.task
    const now = this.#settings.clock.mono()
    attempt.startedAt = now
    if (timeout === null || attempt.stage !== 'running' || attempt.stop !== null) return
    this.#alarms.set(attempt, Math.min(now, attempt.claimedAt + START) + timeout)
  }

  /** The handler, its clean-ups included, has ended: the slot is free. */
  #done(attempt: Attempt, ending: Ending | null): void {
    this.running.delete(attempt)
    if (attempt.slot >= 0) {
      this.#ports.board.clear(attempt.slot)
      this.#slots.push(attempt.slot)
    }
    this.#quarantine.ended(attempt)
    this.#suspects.ended(attempt)
    if (attempt.stage !== 'running') this.#endedLate(attempt)
    else if (ending === null) this.#close(attempt)
    else this.#end(attempt, ending)
    this.#letNext()
    this.#ports.room()
    if (this.running.size === 0) for (const resolve of this.#idleWaiters.splice(0)) resolve()
  }

  #close(attempt: Attempt): void {
    attempt.stage = 'closed'
    this.held.delete(attempt)
  }

  #endedLate(attempt: Attempt): void {
    this.#settings.log.info('a handler ended after its attempt was given up; its result is not taken', {
      task: attempt.id,
      attempt: attempt.task.attempt,
      stopped: attempt.stop,
    })
  }

  /** Fixes the outcome, once. */
  #end(attempt: Attempt, ending: Ending): void {
    attempt.stage = 'ended'
    attempt.alarmAt = Number.POSITIVE_INFINITY
    this.#ports.lines.ended(attempt)
    this.#ports.ended(attempt, decide(ending, attempt.task, this.#settings.random()))
  }

  #tell(attempt: Attempt, why: StopWhy, reason: WindlassError, sooner = Number.POSITIVE_INFINITY): void {
    attempt.tell(why, reason)
    const graceEnds = this.#settings.clock.mono() + this.#settings.grace
    this.#alarms.set(attempt, Math.min(graceEnds, sooner))
  }

  /** Its time has come: soft timeout, then the end of the grace. */
  #ring(attempt: Attempt, now: number): void {
    if (attempt.stage === 'waiting') {
      // Half its time went by before it could start: a new claim gives it a new deadline.
      if (this.#quarantine.remove(attempt)) this.#quarantine.handedBack()
      else if (!this.#suspects.remove(attempt)) return
      this.#end(attempt, { kind: 'released', reason: 'drained', delay: 0 })
      return
    }
    if (attempt.stage !== 'running') return
    if (attempt.stop === null && attempt.pending === null) {
      const after = formatDuration(now - attempt.startedAt)
      this.#tell(
        attempt,
        'timeout',
        new WindlassError('timeout', `the handler ran for ${after}, its timeout is over`),
      )
      return
    }
    // A process that kills itself leaves a hung handler to the heart, so that the retry never runs beside it.
    const inline = attempt.remote === null
    if (inline && attempt.pending === null && attempt.stop === 'timeout' && this.#settings.hung === 'kill')
      return
    const ending = attempt.pending ?? endingOfHung(attempt)
    if (ending === null) return
    if (inline) return this.#giveUp(attempt, ending)
    this.#settings.log.warn('a handler did not end within the grace: its thread or process is killed', {
      task: attempt.id,
      type: attempt.task.type,
      attempt: attempt.task.attempt,
      stopped: attempt.stop,
    })
    this.#cut(attempt, ending)
  }

  /** Kills the child of an attempt; its slot is free at once. */
  #cut(attempt: Attempt, ending: Ending): void {
    attempt.remote?.cut()
    this.#done(attempt, ending)
  }

  /** Ends an attempt whose handler goes on; the slot stays taken until it ends. */
  #giveUp(attempt: Attempt, ending: Ending): void {
    this.#settings.log.warn('a handler did not end within the grace; its slot stays taken until it does', {
      task: attempt.id,
      type: attempt.task.type,
      attempt: attempt.task.attempt,
      stopped: attempt.stop,
    })
    if (this.#settings.hung === 'abandon' && attempt.slot >= 0) this.#ports.board.clear(attempt.slot)
    this.#end(attempt, ending)
    if (attempt.pending === null) void cleanUpAfter(attempt)
  }
}
