// The processes of a drill: a supervisor with workers, a worker that nobody watches, and what their runs say.
// Promises that whoever waits hears of a process that cannot start, and that `clear` leaves none behind. Leaves what is
// tried to drill.ts and what the worker processes do to drill-worker.ts.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import type { ChildCommand } from '../supervisor/child.ts'
import type { SupervisorEvent } from '../supervisor/events.ts'
import { LastLines, readLines } from '../supervisor/lines.ts'
import { placeOf } from '../supervisor/place.ts'
import { Supervisor } from '../supervisor/supervisor.ts'
import { killGroup } from '../supervisor/worker-process.ts'
import type { Windlass } from '../windlass.ts'
import type { Cli } from './cli.ts'
import { readDrillLine } from './drill-task.ts'
import type { Kill, Run } from './drill-verdict.ts'
import { WORKS } from './drill-worker.ts'
import { ownArguments } from './own-program.ts'

/** `stranger`: as if the others ran on another host. */
export type Role = 'worker' | 'stranger'

/** How long processes may take to start, and to take what is ready, in ms. */
const START = 60_000
/** Lines of a process that cannot start which are told. */
const LINES_TOLD = 5

export class DrillStage {
  /** For files of the drill; goes with `close`. */
  readonly folder = mkdtempSync(join(tmpdir(), 'windlass-drill-'))
  readonly #cli: Cli
  readonly #windlass: Windlass
  readonly #concurrency: number
  readonly #runs: Run[] = []
  readonly #waiting = new Set<() => void>()
  readonly #lines = new LastLines(LINES_TOLD)
  #fleet: Supervisor | null = null
  #fleetReady = false
  #alone: ChildProcess | null = null
  #aloneReady = false
  #broken: WindlassError | null = null
  #closed = false

  constructor(cli: Cli, windlass: Windlass, concurrency: number) {
    this.#cli = cli
    this.#windlass = windlass
    this.#concurrency = concurrency
  }

  /** All runs that were heard of. */
  get runs(): readonly Run[] {
    return this.#runs
  }

  /** Workers under a supervisor; resolves when they take work. */
  async startFleet(count: number, role: Role): Promise<void> {
    this.#fleetReady = false
    const engine = await this.#windlass.engine()
    this.#refuseWhenClosed()
    this.#fleet = new Supervisor({
      engine,
      place: placeOf(this.folder, 'windlass-drill'),
      count,
      command: () => this.#command(role),
      tell: (event) => this.#hear(event),
      drain: 0,
    })
    await this.#fleet.start()
    await this.until('workers that take work', START, () => this.#fleetReady || null)
  }

  /** A worker whose death nobody sees; resolves when it takes work. */
  async startAlone(): Promise<void> {
    this.#aloneReady = false
    this.#refuseWhenClosed()
    const { file, args, env } = this.#command('worker')
    // A group of its own: a Ctrl-C is for the drill alone, which then ends it.
    const child = spawn(file, args, { detached: true, env, stdio: ['pipe', 'pipe', 'pipe'] })
    this.#alone = child
    child.stdin.on('error', () => {})
    readLines(child.stdout, (line) => this.#line(line))
    readLines(child.stderr, (line) => this.#line(line))
    await this.until('a worker that takes work', START, () => this.#aloneReady || null)
  }

  /** Kills one worker process as nothing else does: it says nothing more. */
  kill(pid: number): Kill {
    const at = Date.now()
    process.kill(pid, 'SIGKILL')
    return { pid, at }
  }

  /**
   * Resolves with what `look` finds, now or whenever a process said something.
   * @throws WindlassError `child_failed` when it is not there in `ms`, or a process cannot start
   */
  until<T>(what: string, ms: number, look: () => T | null): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        this.#waiting.delete(check)
        clearTimeout(timer)
        end()
      }
      const check = (): void => {
        const found = look()
        const broken = this.#broken
        if (found !== null) finish(() => resolve(found))
        else if (broken !== null) finish(() => reject(broken))
      }
      const timer = setTimeout(() => {
        finish(() =>
          reject(new WindlassError('child_failed', this.#withLines(`${what}: not in ${ms / 1_000} s`))),
        )
      }, ms)
      this.#waiting.add(check)
      check()
    })
  }

  /** Ends every process. */
  async clear(): Promise<void> {
    const [fleet, alone] = [this.#fleet, this.#alone]
    this.#fleet = this.#alone = null
    if (alone?.pid !== undefined) {
      const over = alone.exitCode !== null || alone.signalCode !== null ? null : once(alone, 'exit')
      killGroup(alone.pid)
      await over
    }
    await fleet?.stop({ grace: 0, force: true })
  }

  /** Ends every process and removes the folder. */
  async close(): Promise<void> {
    this.#closed = true
    await this.clear()
    rmSync(this.folder, { recursive: true, force: true })
  }

  /** A drill that was stopped goes on to its next step. */
  #refuseWhenClosed(): void {
    if (this.#closed) throw new WindlassError('refused', 'the drill is over')
  }

  #command(role: Role): ChildCommand {
    const { config } = this.#cli.globals
    return {
      file: process.execPath,
      args: [...ownArguments(), 'drill', role, ...(config === null ? [] : ['--config', config])],
      env: {
        ...process.env,
        // Not as an argument: it may hold a password.
        WINDLASS_ENGINE: this.#windlass.settings.engine.url,
        WORKER_CONCURRENCY: String(this.#concurrency),
      },
    }
  }

  #hear(event: SupervisorEvent): void {
    if (event.kind === 'line') return this.#line(event.text)
    if (event.kind === 'all_ready') this.#fleetReady = true
    if (event.kind === 'crash_loop')
      this.#broken = new WindlassError('child_failed', this.#withLines('the workers of the drill die'))
    this.#look()
  }

  #line(text: string): void {
    const said = readDrillLine(text)
    if (text === WORKS) this.#aloneReady = true
    else if (said === null) this.#lines.add(text)
    else if (said.what === 'begins')
      this.#runs.push({ task: said.task, pid: said.pid, began: said.at, ended: null })
    else {
      const at = this.#runs.findIndex(
        (run) => run.task === said.task && run.pid === said.pid && run.ended === null,
      )
      const run = this.#runs[at]
      if (run !== undefined) this.#runs[at] = { ...run, ended: said.at }
    }
    this.#look()
  }

  #look(): void {
    for (const check of this.#waiting) check()
  }

  #withLines(message: string): string {
    return [message, ...this.#lines.all.map(maskSecrets)].join('\n')
  }
}
