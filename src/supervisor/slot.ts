// The place of one worker: keeps a process in it alive, under one name, until it is told to stop.
// Promises that every death is reported to the store at once, that restarts back off by the rules, and that after
// `stop` nothing of it runs. Leaves how many places there are to supervisor.ts.

import { systemClock, type Cancel, type Clock } from '../base/clock.ts'
import type { SessionEnd } from '../core/hot-verbs.ts'
import { Child, type ChildCommand, type ChildEnd } from './child.ts'
import { reportDeath, type DeathReporterOptions } from './death-report.ts'
import type { Tell } from './events.ts'
import { DEAF_EXIT } from './messages.ts'
import { afterDeath, RESTART_RULES, type RestartRules } from './restart-rules.ts'

export type SlotState = 'starting' | 'running' | 'draining' | 'restarting' | 'stopped'

export interface SlotOptions extends Omit<DeathReporterOptions, 'onError' | 'signal'> {
  readonly name: string
  readonly command: ChildCommand
  readonly tell: Tell
  readonly rules?: RestartRules
  /** Longest drain, in ms; then the process group is killed and its tasks are handed back. */
  readonly patienceAtStop: number
  /** From a forced stop to the kill, in ms. */
  readonly patienceAtForce?: number
}

/** How long a stop waits for reports that do not reach the store, in ms. */
const LAST_REPORTS = 1_000

/** A worker that is kept alive. */
export class Slot {
  readonly #options: SlotOptions
  readonly #clock: Clock
  #child: Child | null = null
  #life: Promise<void> = Promise.resolve()
  #state: SlotState = 'stopped'
  #stopping = false
  #wasReady = false
  #killedByUs = false
  #deaths = 0
  #restarts = 0
  #timer: Cancel | null = null
  readonly #reports = new Set<Promise<void>>()
  readonly #hurry = new AbortController()

  constructor(options: SlotOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  get name(): string {
    return this.#options.name
  }

  get state(): SlotState {
    return this.#state
  }

  get pid(): number | null {
    return this.#child?.pid ?? null
  }

  get restarts(): number {
    return this.#restarts
  }

  start(): void {
    this.#life = this.#live()
  }

  /** Lets the process drain and end; resolves when it is gone and its death, if it was one, was told. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#timer?.()
    if (this.#child !== null) {
      this.#state = 'draining'
      this.#child.terminate()
      this.#timer = this.#killAfter(this.#options.patienceAtStop)
    }
    await this.#life
    this.#timer?.()
    this.#state = 'stopped'
    // Somebody waits for us, and the lease ends an untold session too.
    const cancel = this.#clock.timer(LAST_REPORTS, () => this.#hurry.abort(), true)
    await Promise.all(this.#reports)
    cancel()
  }

  /** During a stop: the process hands back at once what it runs, else it is killed. */
  force(): void {
    if (this.#child === null) return
    this.#child.release()
    this.#timer?.()
    this.#timer = this.#killAfter(this.#options.patienceAtForce ?? 3_000)
  }

  #killAfter(ms: number): Cancel {
    return this.#clock.timer(ms, () => {
      this.#killedByUs = true
      this.#child?.kill()
    })
  }

  async #live(): Promise<void> {
    const { tell, name } = this.#options
    this.#state = 'starting'
    this.#wasReady = false
    const started = this.#clock.mono()
    const child = new Child(
      this.#options.command,
      {
        onReady: () => {
          this.#wasReady = true
          if (this.#state === 'starting') this.#state = 'running'
          tell({ kind: 'ready', worker: name, pid: child.pid ?? 0, after: this.#clock.mono() - started })
        },
        onSession: () => {},
        onLine: (text, stream) => tell({ kind: 'line', worker: name, stream, text }),
      },
      this.#clock,
    )
    this.#child = child
    if (child.pid !== null) tell({ kind: 'started', worker: name, pid: child.pid })
    this.#afterEnd(child, await child.ended)
  }

  #afterEnd(child: Child, end: ChildEnd): void {
    const { tell, name } = this.#options
    this.#child = null
    tell({
      kind: 'ended',
      worker: name,
      pid: child.pid,
      code: end.code,
      signal: end.signal,
      error: end.error?.message ?? null,
      expected: this.#stopping,
    })
    if (child.session !== null) this.#report(child.session, end)
    if (!this.#stopping) this.#restart(child, end)
  }

  /** Always told, also after exit code 0: user code can end the process in the middle of a task. */
  #report(session: string, { code, signal }: ChildEnd): void {
    const { tell, name } = this.#options
    const clean = code === 0
    const how = signal === null ? `ended with exit code ${code ?? 'unknown'}` : `was ended by ${signal}`
    // What a deaf worker ran has ended or was handed back, as far as the store heard of it: nothing of it is to blame.
    const cause = this.#killedByUs || code === DEAF_EXIT ? 'stopped' : 'killed'
    const end: SessionEnd = { session, cause, culprits: null }
    const unreported = (error: unknown, given_up: boolean): void =>
      tell({ kind: 'unreported', worker: name, session, error, given_up })
    const report = reportDeath(end, {
      ...this.#options,
      signal: this.#hurry.signal,
      detail: `worker ${name} ${how}`,
      onError: (error) => unreported(error, false),
    }).then((told) => {
      this.#reports.delete(report)
      if (told === null) unreported(null, true)
      else if (told.news || told.rescued > 0 || !clean)
        tell({ kind: 'reported', worker: name, session, rescued: told.rescued })
    })
    this.#reports.add(report)
  }

  #restart(child: Child, end: ChildEnd): void {
    const { tell, name, rules = RESTART_RULES } = this.#options
    // Somebody asked it to stop, and it did; or it wants to begin anew, which took it a while to find out: no deaths.
    const deaf = end.code === DEAF_EXIT
    const clean = (end.code === 0 || deaf) && this.#wasReady
    const next = clean
      ? { deaths: 0, delay: deaf ? 0 : rules.first, loop: false }
      : afterDeath(this.#deaths, end.lived, rules)
    this.#deaths = next.deaths
    this.#restarts++
    this.#state = 'restarting'
    if (next.loop) tell({ kind: 'crash_loop', worker: name, deaths: next.deaths, lines: child.lastLines })
    tell({ kind: 'restart', worker: name, delay: next.delay, deaths: next.deaths })
    this.#timer = this.#clock.timer(next.delay, () => this.start(), true)
  }
}
