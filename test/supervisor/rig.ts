/**
 * Supervisors with real processes.
 *
 * Owns a supervisor in this process and one in a process of its own that may be killed. Ends every process when the test is over. Leaves what is asserted to the tests.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, suite, test, type TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

import type { WorkerFacts } from '../../src/supervisor/control.ts'
import type { SupervisorEvent } from '../../src/supervisor/events.ts'
import { readLines } from '../../src/supervisor/lines.ts'
import { placeOf, type Place } from '../../src/supervisor/place.ts'
import { Supervisor, type SupervisorOptions } from '../../src/supervisor/supervisor.ts'
import { killGroup } from '../../src/supervisor/worker-process.ts'
import { childThat, Register } from './child.ts'

const folder = mkdtempSync(join(tmpdir(), 'windlass-supervisor-'))
after(() => rmSync(folder, { recursive: true, force: true }))

export type Judge = (t: TestContext) => Promise<void>

/** Declares tests that run beside one another: they wait for processes most of their time. */
export function runTogether(title: string, cases: Readonly<Record<string, Judge>>): void {
  suite(title, { concurrency: 4 }, () => {
    for (const [name, judge] of Object.entries(cases)) test(name, judge)
  })
}

/** A place of its own. */
export function newPlace(): Place {
  return placeOf(mkdtempSync(join(folder, 'place-')))
}

/** A supervisor in this process. */
export class Watched {
  readonly events: SupervisorEvent[] = []
  readonly register: Register
  readonly supervisor: Supervisor
  readonly #waiting = new Set<() => void>()

  constructor(
    t: TestContext,
    words: string[],
    options: Partial<SupervisorOptions> = {},
    register = new Register(),
  ) {
    this.register = register
    this.supervisor = new Supervisor({
      engine: register,
      place: newPlace(),
      count: 1,
      command: () => childThat(...words),
      tell: (event) => {
        this.events.push(event)
        for (const check of this.#waiting) check()
      },
      rules: { first: 20, most: 40, healthyAfter: 60_000, loopAt: 3 },
      ...options,
    })
    t.after(async () => {
      const stopped = this.supervisor.stop()
      this.supervisor.force()
      await stopped
    })
  }

  get workers(): readonly WorkerFacts[] {
    return this.supervisor.status().workers
  }

  of<K extends SupervisorEvent['kind']>(kind: K): Extract<SupervisorEvent, { kind: K }>[] {
    return this.events.filter((event) => event.kind === kind) as Extract<SupervisorEvent, { kind: K }>[]
  }

  /** Resolves when there are `count` events of that kind. */
  until(kind: SupervisorEvent['kind'], count = 1): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (this.of(kind).length < count) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }
}

const KILLABLE = fileURLToPath(new URL('killable.ts', import.meta.url))

/** A supervisor in a process of its own, which may be killed. What it leaves is ended with the test. */
export class Killable {
  readonly events: SupervisorEvent[] = []
  readonly #process: ChildProcess
  readonly #waiting = new Set<() => void>()

  constructor(t: TestContext, place: Place, count: number, ...words: string[]) {
    const job = JSON.stringify({ place, count, words })
    this.#process = spawn(process.execPath, [...process.execArgv, KILLABLE, job], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    if (this.#process.stdout !== null)
      readLines(this.#process.stdout, (line) => {
        this.events.push(JSON.parse(line) as SupervisorEvent)
        for (const check of this.#waiting) check()
      })
    t.after(() => {
      for (const pid of this.pids) killGroup(pid)
      this.#process.kill('SIGKILL')
    })
  }

  get pid(): number {
    return this.#process.pid ?? 0
  }

  /** Of the workers that it started. */
  get pids(): number[] {
    return this.events.flatMap((event) => (event.kind === 'started' ? [event.pid] : []))
  }

  until(kind: SupervisorEvent['kind']): Promise<void> {
    return new Promise((resolve) => {
      const check = (): void => {
        if (!this.events.some((event) => event.kind === kind)) return
        this.#waiting.delete(check)
        resolve()
      }
      this.#waiting.add(check)
      check()
    })
  }

  /** Resolves when it is dead. */
  async kill(): Promise<void> {
    const gone = new Promise<void>((resolve) => {
      this.#process.once('exit', () => resolve())
    })
    this.#process.kill('SIGKILL')
    await gone
  }
}

/** A zombie that nobody reaped yet is dead. */
export function lives(pid: number): boolean {
  try {
    if (process.platform === 'linux') return !/^\d+ \(.*\) Z/s.test(readFileSync(`/proc/${pid}/stat`, 'utf8'))
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
