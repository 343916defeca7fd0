// Upkeep of the store, in turns with all other processes: one sweep in the sixth of a lease, rescue of what it finds,
// page by page. Declares death by time only while the witness allows it; after a clock jump it extends leases instead.
// What an orphan becomes is core's decision.

import { answerOf } from '../base/answer.ts'
import type { Clock } from '../base/clock.ts'
import { Loop } from '../base/loop.ts'
import type { SweepReply } from '../core/hot-verbs.ts'
import { keepError } from '../core/kept-error.ts'
import type { TaskRecord } from '../core/record.ts'
import type { UpkeepSettings } from './news.ts'
import { rescue, type RescuePorts } from './rescue.ts'
import type { Witness } from './witness.ts'

const PAGE = 1_000
/** A sweep that was full comes back this soon. */
const SOON = 50

export interface SweeperPorts extends RescuePorts {
  readonly clock: Clock
  readonly settings: UpkeepSettings
  readonly witness: Witness
  readonly session: () => string | null
}

export class Sweeper {
  readonly #ports: SweeperPorts
  readonly #loop: Loop
  readonly #every: number
  #full = false

  constructor(ports: SweeperPorts) {
    this.#ports = ports
    this.#every = Math.round(ports.settings.lease / 6)
    this.#loop = new Loop({
      run: () => this.#turn(),
      interval: this.#every,
      clock: ports.clock,
      onError: (error, failures) => {
        if (failures !== 3) return
        const fields = { failures, error: keepError(error) }
        ports.tell({ kind: 'log', level: 'warn', message: 'sweeps fail, trying again', fields })
      },
    })
  }

  /** The first sweep is at once: a worker that starts cleans up what others left. */
  start(): void {
    this.#loop.start()
  }

  stop(): Promise<void> {
    return this.#loop.stop()
  }

  /** A death was just witnessed: bring back its tasks without waiting for a turn. */
  async now(): Promise<void> {
    const first = await this.#sweep(0, null)
    await this.#rest(first)
  }

  async #turn(): Promise<number> {
    // A little less than the turn, so that a lone process does not miss every second one.
    const reply = await this.#sweep(this.#full ? 0 : Math.floor(this.#every * 0.95), null)
    this.#full = reply.turn && Math.max(reply.purged, reply.expired, reply.promoted) >= PAGE
    await this.#rest(reply)
    return this.#full ? SOON : this.#every * (1 + this.#ports.random() / 10)
  }

  async #rest(first: SweepReply): Promise<void> {
    for (let reply = first; ;) {
      await rescue({ orphans: reply.orphans, overdue: this.#surelyOverdue(reply.overdue) }, this.#ports)
      if (reply.cursor === null) return
      reply = await this.#sweep(0, reply.cursor)
    }
  }

  /** After a jump of the clock every deadline looks passed: one is believed when its time was seen to go by. */
  #surelyOverdue(tasks: readonly TaskRecord[]): readonly TaskRecord[] {
    const { clock, witness } = this.#ports
    const steady = witness.steadyFor(clock.mono())
    return tasks.filter(({ timeout }) => timeout === null || steady >= timeout)
  }

  async #sweep(every: number, cursor: string | null): Promise<SweepReply> {
    const { engine, settings, witness, clock, tell } = this.#ports
    if (cursor === null && witness.mayDeclare(clock.mono())) await this.#lookAtClock()
    const extend = cursor === null && witness.jumped
    const swept = engine.sweep({
      session: this.#ports.session(),
      every,
      declare: cursor === null && witness.mayDeclare(clock.mono()),
      extend,
      // Later than the worker's own hard end, so that whoever runs the task has the first word.
      grace: settings.grace + Math.max(5_000, Math.ceil(settings.lease / 3)),
      limit: PAGE,
      cursor,
      keepCount: settings.keepCount,
      keepBytes: settings.keepBytes,
    })
    const reply = await answerOf(clock, settings.callTimeout, 'a sweep', swept)
    if (extend && reply.turn) {
      witness.extended()
      const message = 'the clock of the store jumped: every live lease was extended'
      tell({ kind: 'log', level: 'warn', message, fields: {} })
    }
    for (const session of reply.declaredDead) {
      const message = 'a worker stopped renewing its lease: it counts as dead, its tasks run again'
      tell({ kind: 'log', level: 'warn', message, fields: { session } })
    }
    return reply
  }

  /** A jump since the last beat would make every lease look over: whoever declares looks first. */
  async #lookAtClock(): Promise<void> {
    const { engine, clock, witness } = this.#ports
    const sent = clock.mono()
    const now = await engine.now()
    witness.check({ sent, received: clock.mono(), engine: now })
  }
}
