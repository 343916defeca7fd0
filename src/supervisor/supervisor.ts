// Keeps a number of worker processes alive: starts them, watches them, reports their deaths, starts them again.
// Promises that a stop lets them drain and leaves no process behind. Later parts (scaling, control socket, adoption
// of workers that outlived their supervisor) come beside it; what one worker needs is in slot.ts.

import { Service } from '../base/service.ts'
import { DEFAULTS } from '../core/limits.ts'
import type { ChildCommand } from './child.ts'
import type { DeathReporterOptions } from './death-report.ts'
import type { Tell } from './events.ts'
import type { RestartRules } from './restart-rules.ts'
import { Slot, type SlotState } from './slot.ts'

export interface SupervisorOptions extends Omit<DeathReporterOptions, 'onError' | 'signal'> {
  /** Workers are called `<name>-1`, `<name>-2`, … Default `worker`. */
  readonly name?: string
  /** How many workers. */
  readonly count: number
  /** How the worker of that name is started. */
  readonly command: (name: string) => ChildCommand
  readonly tell: Tell
  readonly rules?: RestartRules
  /** Longest drain of a worker, in ms. Default 300 s; a little is added for its last settlements. */
  readonly drain?: number
  /** From a forced stop to the kill of what is left, in ms. Default 3 s. */
  readonly patienceAtForce?: number
}

export interface WorkerStatus {
  readonly name: string
  readonly pid: number | null
  readonly state: SlotState
  readonly restarts: number
}

/** What a worker may take beyond its own drain limit before it is killed. */
const AFTER_DRAIN = 15_000

/** The parent of worker processes. */
export class Supervisor extends Service {
  readonly #slots: readonly Slot[]
  readonly #tell: Tell

  constructor(options: SupervisorOptions) {
    super()
    const { count, command, name: base = 'worker', drain = DEFAULTS.drain, ...rest } = options
    const waiting = new Set<string>()
    this.#tell = (event) => {
      options.tell(event)
      if (event.kind !== 'ready' || !waiting.delete(event.worker) || waiting.size > 0) return
      options.tell({ kind: 'all_ready', workers: count })
    }
    this.#slots = Array.from({ length: count }, (_, i) => {
      const name = `${base}-${i + 1}`
      waiting.add(name)
      return new Slot({
        ...rest,
        name,
        command: command(name),
        tell: this.#tell,
        patienceAtStop: drain + AFTER_DRAIN,
      })
    })
  }

  get workers(): readonly WorkerStatus[] {
    return this.#slots.map(({ name, pid, state, restarts }) => ({ name, pid, state, restarts }))
  }

  /** While it stops: nobody waits for handlers any more. */
  force(): void {
    for (const slot of this.#slots) slot.force()
  }

  protected override onStart(): Promise<void> {
    for (const slot of this.#slots) slot.start()
    return Promise.resolve()
  }

  protected override async onStop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()))
  }
}
