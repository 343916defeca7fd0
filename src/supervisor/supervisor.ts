// Keeps a number of worker processes alive: starts them, watches them, reports their deaths, starts them again, and lets
// itself be asked over its socket. Promises one supervisor a place, that a stop lets workers drain and leaves no process
// behind, and that workers which outlived the last supervisor go on under this one. Leaves the workers to crew.ts.

import type { Socket } from 'node:net'

import { systemClock, type Cancel, type Clock } from '../base/clock.ts'
import { Service } from '../base/service.ts'
import { WindlassError } from '../core/errors.ts'
import { DEFAULTS } from '../core/limits.ts'
import { readIdentity } from '../worker/identity.ts'
import type { ChildCommand } from './child.ts'
import { ControlServer } from './control-server.ts'
import type { Controlled, StopManner, SupervisorStatus } from './control.ts'
import { Crew } from './crew.ts'
import { DeathDesk, type DeathDeskOptions } from './death-desk.ts'
import type { SupervisorEvent, Tell } from './events.ts'
import { holdPlace } from './lock.ts'
import { readHello } from './messages.ts'
import type { Place } from './place.ts'
import { NO_LIMITS, type RecycleLimits } from './recycle-rules.ts'
import type { RestartRules } from './restart-rules.ts'
import { removeState, stateOf, writeState } from './state.ts'
import { findSurvivors, holderOf, type LeftBehind } from './survivors.ts'

export interface SupervisorOptions extends DeathDeskOptions {
  /** Where it can be asked; its workers are called `<name>-1`, `<name>-2`, … */
  readonly place: Place
  /** How many workers. */
  readonly count: number
  /** How the worker of that name is started. */
  readonly command: (name: string) => ChildCommand
  readonly tell: Tell
  readonly rules?: RestartRules
  /** When a worker is renewed though nothing is wrong. Default never. */
  readonly recycle?: RecycleLimits
  /** Longest drain of a worker, in ms. Default 300 s; a little is added for its last settlements. */
  readonly drain?: number
  /** From a forced stop to the kill of what is left, in ms. Default 3 s. */
  readonly patienceAtForce?: number
  /** What `status` tells about the program. */
  readonly version?: string
  readonly log?: string | null
  /** The place is held and can be asked; workers come next. */
  readonly onHeld?: () => void
  /** Somebody asked over the socket for its stop. Default: it stops itself. */
  readonly askStop?: (how: StopManner) => void
}

/** What a worker may take beyond its own drain limit before it is killed. */
const AFTER_DRAIN = 15_000
/** How often it is looked whether a worker is to be recycled, in ms. */
const LOOK = 1_000

const ORDERLY: StopManner = { grace: null, force: false }

/** The parent of worker processes. */
export class Supervisor extends Service implements Controlled {
  readonly #options: SupervisorOptions
  readonly #clock: Clock
  readonly #self = readIdentity()
  readonly #desk: DeathDesk
  readonly #crew: Crew
  readonly #server: ControlServer
  #count: number
  #since = { wall: 0, mono: 0 }
  #look: Cancel | null = null
  #stopping = false
  #allReady = false
  /** Null: no place is held. */
  #release: (() => void) | null = null
  #unsaved = false

  constructor(options: SupervisorOptions) {
    super()
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#count = options.count
    const {
      place,
      command,
      rules,
      recycle = NO_LIMITS,
      drain = DEFAULTS.drain,
      patienceAtForce = 3_000,
    } = options
    const tell = (event: SupervisorEvent): void => this.#tell(event)
    this.#desk = new DeathDesk({ ...options, tell })
    this.#crew = new Crew({
      base: place.name,
      command,
      socket: place.socket,
      ...(rules === undefined ? {} : { rules }),
      recycle,
      tell,
      desk: this.#desk,
      clock: this.#clock,
      patienceAtStop: drain + AFTER_DRAIN,
      patienceAtForce,
      changed: () => this.#save(),
    })
    this.#server = new ControlServer({
      controlled: {
        status: () => this.status(),
        scale: (count) => this.scale(count),
        restart: (count) => this.restart(count),
        stop: options.askStop ?? ((how) => this.stop(how)),
      },
      onWorker: (hello, socket) => this.#meet(hello, socket),
      clock: this.#clock,
    })
  }

  status(): SupervisorStatus {
    const { place, version = '', log = null } = this.#options
    return {
      supervisor: {
        pid: process.pid,
        name: place.name,
        version,
        state: this.#state(),
        started_at: new Date(this.#since.wall).toISOString(),
        uptime_ms: Math.round(this.#clock.mono() - this.#since.mono),
        rss_mb: Math.round(process.memoryUsage.rss() / 2 ** 20),
        count: this.#count,
        log,
      },
      workers: this.#crew.facts(),
    }
  }

  async scale(count: number): Promise<void> {
    this.#refuseWhileStopping()
    if (count !== this.#count) this.#tell({ kind: 'scaled', from: this.#count, to: count })
    this.#count = count
    const scaled = this.#crew.scale(count)
    // Those that were waited for may be among those too many.
    this.#lookReady()
    await scaled
  }

  async restart(count: number | null): Promise<void> {
    this.#refuseWhileStopping()
    const before = this.#count
    await this.#crew.renew(Math.min(count ?? before, before))
    // Whoever said another number meanwhile said it last.
    if (count !== null && !this.#stopping && this.#count === before) await this.scale(count)
  }

  /**
   * Lets the workers drain and end. It may be called again, to shorten that.
   * @returns when no process is left
   */
  override stop(how: StopManner = ORDERLY): Promise<void> {
    this.#stopping = true
    const stopped = super.stop()
    if (how.force) this.force()
    else if (how.grace !== null) {
      const cancel = this.#clock.timer(how.grace, () => this.force())
      void stopped.then(cancel)
    }
    return stopped
  }

  /** While it stops: nobody waits for handlers any more. */
  force(): void {
    this.#crew.force()
  }

  protected override async onStart(): Promise<void> {
    const { place } = this.#options
    this.#since = { wall: this.#clock.wall(), mono: this.#clock.mono() }
    this.#release = holdPlace(place, () => holderOf(place, this.#self))
    const left = findSurvivors(place, this.#self)
    try {
      await this.#server.listen(place.socket)
    } catch (error) {
      this.#release()
      this.#release = null
      throw error
    }
    this.#options.onHeld?.()
    this.#takeOver(left)
    // A worker that cannot start is told as events, and tried again.
    void this.#crew.scale(this.#count).catch(() => {})
    this.#lookReady()
    this.#watch()
  }

  protected override async onStop(): Promise<void> {
    this.#look?.()
    await this.#crew.retire()
    await this.#desk.close()
    removeState(this.#options.place)
    const release = this.#release
    this.#release = null
    await this.#server.close()
    release?.()
  }

  #takeOver({ living, dead }: LeftBehind): void {
    this.#crew.adopt(living, this.#self)
    for (const { name, pid, session } of dead) {
      this.#tell({ kind: 'found_dead', worker: name, pid })
      if (session !== null) this.#desk.report(name, session, { code: null, signal: null, error: null }, false)
    }
  }

  /** A process says that it is a worker of ours. */
  #meet(hello: object, socket: Socket): ((value: unknown) => void) | null {
    const said = readHello(hello)
    if (said === null) return null
    const life = this.#crew.lives.find(({ process }) => process.link.token === said.token)
    if (life === undefined || life.process.pid !== said.pid) return null
    const { ready, session, vitals } = said
    return life.process.link.attach(socket, { ready, session, vitals })
  }

  #watch(): void {
    this.#look = this.#clock.timer(LOOK, () => {
      this.#watch()
      if (this.#unsaved) this.#save()
      this.#crew.recycle()
    })
  }

  #state(): SupervisorStatus['supervisor']['state'] {
    if (this.#stopping) return 'stopping'
    if (this.#crew.restarting) return 'restarting'
    return this.#allReady ? 'running' : 'starting'
  }

  #tell(event: SupervisorEvent): void {
    this.#options.tell(event)
    if (this.#allReady || (event.kind !== 'ready' && event.kind !== 'adopted')) return
    // In a turn of its own: several workers are taken over one after the other.
    queueMicrotask(() => this.#lookReady())
  }

  #lookReady(): void {
    const ready = this.#crew.lives.filter((life) => life.ready && !life.leaving).length
    if (this.#allReady || ready < this.#count) return
    this.#allReady = true
    this.#options.tell({ kind: 'all_ready', workers: this.#count })
  }

  #save(): void {
    if (this.#release === null) return
    try {
      writeState(this.#options.place, stateOf(this.#self, this.#crew.saved()))
      this.#unsaved = false
    } catch (error) {
      if (!this.#unsaved) this.#tell({ kind: 'unsaved', error })
      this.#unsaved = true
    }
  }

  #refuseWhileStopping(): void {
    if (this.#stopping)
      throw new WindlassError('refused', 'this supervisor is stopping', { hint: 'Start another one then.' })
  }
}
