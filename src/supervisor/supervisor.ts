// Keeps a number of worker processes alive: starts them, watches them, reports their deaths, starts them again.
// Promises that a stop lets them drain and leaves no process behind. Later parts (scaling, control socket, adoption
// of workers that outlived their supervisor) come beside it; what one worker needs is in slot.ts.

import { systemClock } from '../base/clock.ts'
import { Service } from '../base/service.ts'
import { WindlassError } from '../core/errors.ts'
import { DEFAULTS } from '../core/limits.ts'
import type { ChildCommand } from './child.ts'
import { ControlServer } from './control-server.ts'
import type { Controlled, StopManner, SupervisorStatus, WorkerFacts } from './control.ts'
import type { DeathReporterOptions } from './death-report.ts'
import type { Tell } from './events.ts'
import { holdPlace } from './lock.ts'
import type { Place } from './place.ts'
import type { RestartRules } from './restart-rules.ts'
import { Slot, type SlotState } from './slot.ts'

export interface SupervisorOptions extends Omit<DeathReporterOptions, 'onError' | 'signal'> {
  /** Where it can be asked; its workers are called `<name>-1`, `<name>-2`, … */
  readonly place: Place
  /** What `status` tells about the program. */
  readonly version?: string
  readonly log?: string | null
  /** Somebody asked over the socket for its stop. Default: it stops itself. */
  readonly askStop?: (how: StopManner) => void
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
export class Supervisor extends Service implements Controlled {
  readonly #options: SupervisorOptions
  readonly #slots: readonly Slot[]
  readonly #tell: Tell
  readonly #server = new ControlServer({
    controlled: {
      status: () => this.status(),
      scale: () => this.scale(),
      restart: () => this.restart(),
      stop: (how) => (this.#options.askStop ?? ((manner) => this.stop(manner)))(how),
    },
    onWorker: () => null,
  })
  #release: (() => void) | null = null
  #since = { wall: 0, mono: 0 }
  #stopping = false

  constructor(options: SupervisorOptions) {
    super()
    this.#options = options
    const { count, command, place, drain = DEFAULTS.drain, ...rest } = options
    const waiting = new Set<string>()
    this.#tell = (event) => {
      options.tell(event)
      if (event.kind !== 'ready' || !waiting.delete(event.worker) || waiting.size > 0) return
      options.tell({ kind: 'all_ready', workers: count })
    }
    this.#slots = Array.from({ length: count }, (_, i) => {
      const name = `${place.name}-${i + 1}`
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

  status(): SupervisorStatus {
    const { place, version = '', log = null, clock = systemClock } = this.#options
    const workers = this.#slots.map((slot) => factsOf(slot))
    const starting = workers.some(({ state }) => state === 'starting')
    return {
      supervisor: {
        pid: process.pid,
        name: place.name,
        version,
        state: this.#stopping ? 'stopping' : starting ? 'starting' : 'running',
        started_at: new Date(this.#since.wall).toISOString(),
        uptime_ms: Math.round(clock.mono() - this.#since.mono),
        rss_mb: Math.round(process.memoryUsage.rss() / 2 ** 20),
        count: this.#slots.length,
        log,
      },
      workers,
    }
  }

  scale(): Promise<void> {
    return Promise.reject(new WindlassError('refused', 'this supervisor cannot scale yet'))
  }

  restart(): Promise<void> {
    return Promise.reject(new WindlassError('refused', 'this supervisor cannot restart its workers yet'))
  }

  /** Lets the workers drain. Once more with `force`: see `force()`. */
  override stop(how: StopManner = { grace: null, force: false }): Promise<void> {
    this.#stopping = true
    const stopped = super.stop()
    if (how.force) this.force()
    return stopped
  }

  protected override async onStart(): Promise<void> {
    const { place, clock = systemClock } = this.#options
    this.#since = { wall: clock.wall(), mono: clock.mono() }
    this.#release = holdPlace(place, () => null)
    try {
      await this.#server.listen(place.socket)
    } catch (error) {
      this.#release()
      throw error
    }
    for (const slot of this.#slots) slot.start()
  }

  protected override async onStop(): Promise<void> {
    await Promise.all(this.#slots.map((slot) => slot.stop()))
    await this.#server.close()
    this.#release?.()
  }
}

function factsOf({ name, pid, state, restarts }: Slot): WorkerFacts {
  const unknown = { uptime_ms: null, rss_mb: null, cpu: null, loop_delay_ms: null, running: null }
  return {
    ...unknown,
    name,
    pid,
    state: state === 'stopped' ? 'restarting' : state,
    finished: null,
    restarts,
    session: null,
    adopted: false,
    last_end: null,
  }
}
