// One attempt in this process, from the claim to the settled ending: what it is, where it stands, what it was told.
// Plain state with few allocations, for it is made once per task; runner, settler, heart and stop all look at it.
// Nothing here decides anything.

import type { Clock } from '../base/clock.ts'
import type { Ending } from '../core/decide.ts'
import type { WindlassError } from '../core/errors.ts'
import type { Held, NewTask } from '../core/hot-verbs.ts'
import type { TaskRecord } from '../core/record.ts'
import { Notes } from './notes.ts'

/** Why an attempt was told to stop. */
export type StopWhy = 'timeout' | 'cancelled' | 'lost' | 'shutdown'

/**
 * `waiting`: held, not started (a suspect waits until it is alone). `running`: its handler, or its clean-up, goes on.
 * `ended`: its outcome is fixed and waits to be settled. `closed`: the store knows, or the task is not ours any more.
 */
export type Stage = 'waiting' | 'running' | 'ended' | 'closed'

/** An ending chosen by `ctx.fail()`. */
export interface ChosenFailure {
  readonly error: Error
  readonly retry: boolean
  readonly delay: number | null
}

/** The child that runs the handler, as the attempt sees it. */
export interface RemoteRun {
  tell(why: StopWhy, reason: WindlassError): void
  /** Kills the child; nothing more is heard of it. */
  cut(): void
}

export class Attempt implements Held {
  readonly task: TaskRecord
  readonly session: string
  readonly id: string
  readonly claim: string
  /** Monotonic time of the claim's answer. */
  readonly claimedAt: number
  stage: Stage = 'waiting'
  /** −1: takes no slot. */
  slot = -1
  /** Its places among those that are held and those that run; −1: it is not there. */
  heldAt = -1
  runningAt = -1
  startedAt = 0
  /** Monotonic time of its end; known only where a line about it will be written. */
  endedAt = 0
  /** The level at which the log says that it begins and that it finished; `sum`: one line for many. */
  told: 'info' | 'debug' | 'sum' | null = null
  /** Monotonic time at which the runner looks at it again. */
  alarmAt = Number.POSITIVE_INFINITY
  stop: StopWhy | null = null
  /** Set when the handler has ended and its clean-ups run: how it ended. */
  pending: Ending | null = null
  failure: ChosenFailure | null = null
  /** `ctx.complete()` put its success into a transaction of the caller, who may have committed it. */
  completed = false
  /** Null: the handler runs in this thread. */
  remote: RemoteRun | null = null
  followUps: NewTask[] | null = null
  cleanups: (() => void | Promise<void>)[] | null = null
  warnings: string[] | null = null
  #notes: Notes | null = null
  #controller: AbortController | null = null
  #abortReason: WindlassError | null = null

  constructor(task: TaskRecord, session: string, claimedAt: number) {
    this.task = task
    this.session = session
    this.id = task.id
    this.claim = task.claim ?? ''
    this.claimedAt = claimedAt
  }

  /** Made on first use: most handlers never look at it. */
  get signal(): AbortSignal {
    this.#controller ??= new AbortController()
    if (this.#abortReason !== null && !this.#controller.signal.aborted)
      this.#controller.abort(this.#abortReason)
    return this.#controller.signal
  }

  /** Progress and log lines, made on first use. */
  get notes(): Notes {
    this.#notes ??= new Notes()
    return this.#notes
  }

  /** The same, if anything was ever noted. */
  get noted(): Notes | null {
    return this.#notes
  }

  /** Tells the handler to stop. The first reason stands, except that a lost task overrules all others. */
  tell(why: StopWhy, reason: WindlassError): void {
    if (this.stop === null || why === 'lost') this.stop = why
    this.remote?.tell(why, reason)
    if (this.#abortReason !== null) return
    this.#abortReason = reason
    this.#controller?.abort(reason)
  }

  warn(text: string): void {
    this.warnings ??= []
    this.warnings.push(text)
  }

  /** Engine time, as near as this process can tell without asking. */
  engineNow(clock: Clock): number {
    return Math.round((this.task.startedAt ?? 0) + clock.mono() - this.claimedAt)
  }
}
