// One attempt that runs in a child: sends the task there, and turns what comes back into what a run beside the others
// would have done to the attempt. Promises that `done` is called at most once, also when the child dies, and never
// after `cut`. Which child, and whether it is used again, is the isolator's business.

import type { Cancel } from '../../base/clock.ts'
import type { Ending } from '../../core/decide.ts'
import { WindlassError } from '../../core/errors.ts'
import { keepError } from '../../core/kept-error.ts'
import { DEFAULTS } from '../../core/limits.ts'
import type { KeptError } from '../../core/record.ts'
import type { Attempt, StopWhy } from '../attempt.ts'
import { endingOfHung } from '../endings.ts'
import type { WorkerSettings } from '../options.ts'
import type { Cell, CellListener } from './cell.ts'
import type { FromChild } from './messages.ts'

/** How long a child may take to load the task types. */
const BOOT = 30_000
/** Until a task runs again whose child died before it could begin. */
const SOON = 1_000
/** What the clean-ups get of a task that is not ours any more: another attempt may run already. */
const LOST = 1_000

export interface RemotePorts {
  readonly settings: WorkerSettings
  /** The handler is about to be called: its time counts from now. */
  readonly begun: (attempt: Attempt) => void
  /** The handler has ended, the clean-ups begin. */
  readonly cleaning: (attempt: Attempt) => void
  /** It has something to report. */
  readonly touch: (attempt: Attempt) => void
  /** All is over. Null: there is nothing to settle. */
  readonly done: (attempt: Attempt, ending: Ending | null) => void
  /** The child is not needed any more; `fit`: it can run another task. */
  readonly leave: (cell: Cell, fit: boolean) => void
}

export class Remote implements CellListener {
  readonly #attempt: Attempt
  readonly #ports: RemotePorts
  #cell: Cell | null = null
  #boot: Cancel | null = null
  #kill: Cancel | null = null
  #begun = false
  #over = false

  constructor(attempt: Attempt, ports: RemotePorts) {
    this.#attempt = attempt
    this.#ports = ports
  }

  start(cell: Cell): void {
    const { clock } = this.#ports.settings
    this.#cell = cell
    cell.used++
    const { task, claimedAt } = this.#attempt
    this.#boot = clock.timer(BOOT, () => this.#unfit(`it was not ready within ${BOOT / 1_000} s`))
    cell.send({ kind: 'run', task, age: clock.mono() - claimedAt })
  }

  /** The handler is to stop. */
  tell(why: StopWhy, reason: WindlassError): void {
    if (this.#over) return
    this.#cell?.send({ kind: 'tell', why, code: reason.code, message: reason.message })
    if (why !== 'lost') return
    const { clock, grace } = this.#ports.settings
    this.#kill ??= clock.timer(Math.min(LOST, grace), () => {
      this.cut()
      this.#ports.done(this.#attempt, null)
    })
  }

  /** Kills the child, without a word to anybody. */
  cut(): void {
    this.#end(false)
  }

  readonly message = (message: FromChild): void => {
    if (this.#over) return
    const attempt = this.#attempt
    const { settings, touch } = this.#ports
    switch (message.kind) {
      case 'ready':
        return
      case 'failed':
        return this.#unfit(message.message)
      case 'begun':
        return this.#begin()
      case 'notes': {
        const { progress } = message
        if (progress !== null)
          attempt.notes.setProgress(progress.percent, progress.message ?? undefined, progress.at)
        for (const line of message.logs) attempt.notes.addLine(line)
        if (attempt.stage === 'running') touch(attempt)
        return
      }
      case 'log':
        return settings.log[message.level](message.message, message.fields)
      case 'enqueue':
        return void this.#enqueue(message)
      case 'completed':
        attempt.completed = true
        return
      case 'ended':
        return this.#ended(message)
    }
  }

  readonly stalled = (stack: string): void => {
    if (this.#begun) this.#attempt.warn(`the event loop of its process stands still, blocked by\n${stack}`)
  }

  readonly ended = (cause: KeptError): void => {
    if (this.#over) return
    const attempt = this.#attempt
    this.#end(false)
    this.#ports.done(attempt, this.#begun ? this.#endingOfDeath(cause) : this.#notRun())
    if (!this.#begun) this.#tellUnfit(cause.message)
  }

  #begin(): void {
    this.#begun = true
    this.#boot?.()
    this.#ports.begun(this.#attempt)
  }

  #ended({ ending, followUps, over }: Extract<FromChild, { kind: 'ended' }>): void {
    const attempt = this.#attempt
    attempt.followUps = followUps.length === 0 ? null : [...followUps]
    if (!over) {
      attempt.pending = ending
      return this.#ports.cleaning(attempt)
    }
    this.#end(true)
    this.#ports.done(attempt, ending)
  }

  /** How the attempt ended when its child died: as the handler had, as it was told to, or by a crash. */
  #endingOfDeath(error: KeptError): Ending | null {
    const attempt = this.#attempt
    if (attempt.stop === 'lost') return null
    if (attempt.pending !== null) return attempt.pending
    if (attempt.stop !== null) return endingOfHung(attempt)
    return { kind: 'crashed', error, warnings: attempt.warnings ?? [] }
  }

  #unfit(why: string): void {
    if (this.#over) return
    this.#end(false)
    this.#tellUnfit(why)
    this.#ports.done(this.#attempt, this.#notRun())
  }

  #tellUnfit(why: string): void {
    const { task, id } = this.#attempt
    const fields = { task: id, type: task.type, why }
    this.#ports.settings.log.error('a child for tasks could not start: its task is handed back', fields)
  }

  async #enqueue({ call, task }: Extract<FromChild, { kind: 'enqueue' }>): Promise<void> {
    const answer = { kind: 'enqueued', call } as const
    try {
      const [reply = null] = await this.#ports.settings.engine.enqueue([task])
      if (!this.#over) this.#cell?.send({ ...answer, reply, failure: null })
    } catch (error) {
      const known =
        error instanceof WindlassError ? error : new WindlassError('internal', keepError(error).message)
      const { code, message, applied } = known
      if (!this.#over) this.#cell?.send({ ...answer, reply: null, failure: { code, message, applied } })
    }
  }

  #end(fit: boolean): void {
    if (this.#over) return
    this.#over = true
    this.#boot?.()
    this.#kill?.()
    if (this.#cell !== null) this.#ports.leave(this.#cell, fit)
  }

  /** The handler never began: the task is as it was, and may fare better in another child or elsewhere. */
  #notRun(): Ending | null {
    if (this.#attempt.stop !== null) return endingOfHung(this.#attempt)
    const delay = this.#cell?.ready === true ? SOON : DEFAULTS.unknownTypeDelay
    return { kind: 'released', reason: 'child_failed', delay }
  }
}
