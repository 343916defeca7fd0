// The place of one worker: keeps a process in it alive, under one name, until it is told to end. Promises that restarts
// back off by the rules, that a renewal starts the new process before the old one drains, and that after `retire`
// nothing of it runs. Leaves one process to life.ts, and how many places there are to supervisor.ts.

import { systemClock, type Cancel, type Clock } from '../base/clock.ts'
import { WindlassError } from '../core/errors.ts'
import { Child, type ChildCommand } from './child.ts'
import type { WorkerFacts } from './control.ts'
import { wordsFor } from './death-desk.ts'
import type { LeaveReason, RenewReason } from './events.ts'
import { Life, type LifePorts } from './life.ts'
import { DEAF_EXIT } from './messages.ts'
import type { RecycleLimits, RecycleReason } from './recycle-rules.ts'
import { afterDeath, RESTART_RULES, type RestartRules } from './restart-rules.ts'
import type { SavedWorker } from './state.ts'
import type { ProcessEnd, WorkerProcess } from './worker-process.ts'

export interface SlotOptions extends LifePorts {
  readonly command: ChildCommand
  /** Where the supervisor listens. */
  readonly socket: string
  readonly rules?: RestartRules
  readonly restarts?: number
}

/** How long a new process may take until it takes work, in ms, before a renewal gives it up. */
const READY = 120_000

/** A worker that is kept alive. */
export class Slot {
  readonly #options: SlotOptions
  readonly #clock: Clock
  #current: Life | null = null
  /** The one that is to take the place of the current one. */
  #next: Life | null = null
  readonly #leaving = new Set<Life>()
  #retired: LeaveReason | null = null
  #deaths = 0
  #restarts: number
  #lastEnd: string | null = null
  #timer: Cancel | null = null

  constructor(options: SlotOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
    this.#restarts = options.restarts ?? 0
  }

  get name(): string {
    return this.#options.name
  }

  /** Every process of this name, the current one first. */
  get lives(): readonly Life[] {
    return [this.#current, this.#next, ...this.#leaving].filter((life) => life !== null)
  }

  /**
   * Starts it.
   * @throws WindlassError `child_failed` when the process ends before it takes work; it is tried again all the same
   */
  async start(): Promise<void> {
    this.#timer = null
    const life = this.#spawn()
    this.#current = life
    if (!(await life.began) && this.#retired === null) throw this.#failure(life)
  }

  /** Takes a process in that is there already. */
  adopt(process: WorkerProcess, leaving: boolean): void {
    const life = this.#watch(process)
    if (leaving || this.#current !== null) {
      this.#leaving.add(life)
      life.leave('restart', leaving)
    } else this.#current = life
  }

  /**
   * Another process takes the place of the current one: it starts, takes work, then the old one drains and ends.
   * @throws WindlassError `child_failed` when the new one ends before it takes work; then the old one goes on
   */
  async renew(why: RenewReason): Promise<void> {
    if (this.#retired !== null) return
    if (this.#current === null) {
      this.#timer?.()
      return this.start()
    }
    this.#options.tell({ kind: 'renewing', worker: this.name, why })
    const life = this.#spawn()
    this.#next = life
    const late = this.#clock.timer(READY, () => life.process.kill())
    const ready = await life.began
    late()
    // Everything that is here is told to end already.
    if (this.#hasRetired) return
    if (!ready) {
      const { lastLines: lines } = life.process
      this.#options.tell({ kind: 'not_renewed', worker: this.name, why, lines })
      throw this.#failure(life)
    }
    await this.#replace(life, why)
  }

  /** Lets every process drain and end; resolves when they are gone. */
  async retire(why: LeaveReason): Promise<void> {
    this.#retired = why
    this.#timer?.()
    const lives = this.lives
    for (const life of lives) life.leave(why)
    await Promise.all(lives.map(({ over }) => over))
  }

  /** During a stop: nobody waits for handlers any more. */
  force(): void {
    for (const life of this.lives) life.hurry()
  }

  /** Why it is to be renewed; null: it may go on, or is being renewed. */
  whyRecycle(limits: RecycleLimits): RecycleReason | null {
    if (this.#next !== null || this.#retired !== null) return null
    return this.#current?.whyRecycle(limits) ?? null
  }

  facts(): WorkerFacts[] {
    const more = { restarts: this.#restarts, last_end: this.#lastEnd }
    const rows = this.lives.map((life) => ({ ...life.facts(), ...more }))
    return rows.length > 0 || this.#retired !== null ? rows : [{ ...NO_PROCESS, name: this.name, ...more }]
  }

  saved(): SavedWorker[] {
    return this.lives.map((life) => life.saved(this.#restarts)).filter((one) => one !== null)
  }

  /** A getter, as it changes while others are waited for. */
  get #hasRetired(): boolean {
    return this.#retired !== null
  }

  async #replace(life: Life, why: RenewReason): Promise<void> {
    // The old one may have died meanwhile: then the new one has its place already.
    if (this.#next !== life) return
    const old = this.#current
    this.#current = life
    this.#next = null
    this.#deaths = 0
    if (old === null) return
    this.#leaving.add(old)
    old.leave(why)
    await old.over
  }

  #spawn(): Life {
    const { command, socket, tell, name } = this.#options
    const onLine = (text: string, stream: 'stdout' | 'stderr'): void =>
      tell({ kind: 'line', worker: name, stream, text })
    return this.#watch(new Child(command, socket, onLine, this.#clock))
  }

  #watch(process: WorkerProcess): Life {
    const life = new Life(process, this.#options)
    void life.over.then((end) => this.#ended(life, end))
    // In a turn of its own: the caller puts it into its place first.
    queueMicrotask(this.#options.changed)
    return life
  }

  #ended(life: Life, end: ProcessEnd): void {
    const wasCurrent = life === this.#current
    this.#leaving.delete(life)
    if (life === this.#next) this.#next = null
    if (wasCurrent) {
      this.#current = this.#next
      this.#next = null
      this.#lastEnd = wordsFor(end)
      if (this.#retired === null) this.#follow(life, end)
    }
    this.#options.changed()
  }

  /** The process that was to stay has ended. */
  #follow(life: Life, end: ProcessEnd): void {
    const { tell, name, rules = RESTART_RULES } = this.#options
    this.#restarts++
    if (this.#current !== null) return
    // Somebody asked it to stop, and it did; or it wants to begin anew, which took it a while to find out: no deaths.
    const deaf = end.code === DEAF_EXIT
    const clean = (end.code === 0 || deaf) && life.ready
    const next = clean
      ? { deaths: 0, delay: deaf ? 0 : rules.first, loop: false }
      : afterDeath(this.#deaths, this.#clock.mono() - life.process.since, rules)
    this.#deaths = next.deaths
    if (next.loop)
      tell({ kind: 'crash_loop', worker: name, deaths: next.deaths, lines: life.process.lastLines })
    tell({ kind: 'restart', worker: name, delay: next.delay, deaths: next.deaths })
    // A failure is told by its own end.
    const again = (): void => void this.start().catch(() => {})
    this.#timer = this.#clock.timer(next.delay, again, true)
  }

  #failure(life: Life): WindlassError {
    const last = life.process.lastLines.at(-1)
    const message = `${this.name} ended before it took work${last === undefined ? '' : `: ${last}`}`
    return new WindlassError('child_failed', message)
  }
}

const NO_PROCESS = {
  pid: null,
  state: 'restarting',
  uptime_ms: null,
  rss_mb: null,
  cpu: null,
  loop_delay_ms: null,
  running: null,
  finished: null,
  session: null,
  adopted: false,
} as const
