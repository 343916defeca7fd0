/**
 * Worker programs on one store, for tests with real signals: starts them, hears what they say, waits for events with
 * deadlines instead of sleeping, and leaves no process behind whatever the test did. Leaves the store to its place.
 */
import assert from 'node:assert/strict'
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Engine } from '../../src/core/engine.ts'
import type { NewTask } from '../../src/core/hot-verbs.ts'
import type { KeptError, TaskRecord } from '../../src/core/record.ts'
import { openEngine } from '../../src/engines/open.ts'
import { newTask } from '../../src/testing/samples.ts'
import { settleSqlite, type Settle, type StorePlace } from './store-place.ts'

const PROGRAM = fileURLToPath(new URL('./fixtures/worker-program.ts', import.meta.url))

export type Said = Record<string, unknown>

/** One worker process and what it said so far. */
export class Program {
  readonly child: ChildProcess
  readonly said: Said[] = []
  #listeners = new Set<() => void>()

  constructor(url: string, options: object, detached: boolean, source: string) {
    const args = ['--conditions=windlass-source', source, JSON.stringify(options)]
    // Not among the arguments, which everybody on the machine can read: it may hold a password.
    const env = { ...process.env, STORE_URL: url }
    this.child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'], detached, env })
    const { stdout } = this.child
    assert.ok(stdout)
    createInterface({ input: stdout }).on('line', (line) => {
      this.said.push(JSON.parse(line) as Said)
      for (const look of this.#listeners) look()
    })
    this.child.on('exit', () => {
      for (const look of this.#listeners) look()
    })
  }

  get pid(): number {
    return this.child.pid ?? 0
  }

  get over(): boolean {
    return this.child.exitCode !== null || this.child.signalCode !== null
  }

  /** The first line that fits, said already or within `ms`. */
  async hears(fits: (line: Said) => boolean, ms = 15_000): Promise<Said> {
    const line = await this.#until(() => this.said.find((one) => fits(one)) ?? null, ms)
    assert.ok(
      line,
      `worker ${this.pid} said only:\n${this.said.map((one) => JSON.stringify(one)).join('\n')}`,
    )
    return line
  }

  event(name: string, fits: (line: Said) => boolean = () => true, ms?: number): Promise<Said> {
    return this.hears((line) => line['event'] === name && fits(line), ms)
  }

  logged(pattern: RegExp, ms?: number): Promise<Said> {
    return this.hears((line) => pattern.test(String(line['message'])), ms)
  }

  /** Exit code or signal. */
  async exit(ms = 15_000): Promise<number | string> {
    const over = await this.#until(() => (this.over ? true : null), ms)
    assert.ok(over, `worker ${this.pid} did not end`)
    return this.child.signalCode ?? this.child.exitCode ?? 'none'
  }

  kill(signal: NodeJS.Signals): void {
    this.child.kill(signal)
  }

  #until<T>(look: () => T | null, ms: number): Promise<T | null> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = look()
        if (found === null) return
        done(found)
      }
      const done = (found: T | null): void => {
        clearTimeout(timer)
        this.#listeners.delete(check)
        resolve(found)
      }
      const timer = setTimeout(() => done(null), ms)
      this.#listeners.add(check)
      check()
    })
  }
}

export class System {
  readonly place: StorePlace
  readonly engine: Engine
  /** For files of the test. */
  readonly folder: string
  readonly #programs: Program[] = []

  constructor(folder: string, place: StorePlace, engine: Engine) {
    this.folder = folder
    this.place = place
    this.engine = engine
  }

  get url(): string {
    return this.place.url
  }

  /** A worker process that has started. */
  async worker(options: object = {}, detached = false, source = PROGRAM): Promise<Program> {
    const program = new Program(this.url, options, detached, source)
    this.#programs.push(program)
    await program.event('started')
    return program
  }

  async enqueue(type: string, payload: object, more: Partial<NewTask> = {}): Promise<string> {
    const task = newTask({ type, payload: JSON.stringify(payload), ...more })
    await this.engine.enqueue([task])
    return task.id
  }

  async get(id: string): Promise<TaskRecord> {
    const [task] = await this.engine.records.get([id])
    assert.ok(task)
    return task
  }

  /** Looks at the task until it fits, for `ms` at most; answers it as it was then. */
  async becomes(id: string, fits: (task: TaskRecord) => boolean, ms = 15_000): Promise<TaskRecord> {
    for (const end = Date.now() + ms; ;) {
      const task = await this.get(id)
      if (fits(task)) return task
      assert.ok(Date.now() < end, `the task is still ${JSON.stringify(task)}`)
      await new Promise((resolve) => setTimeout(resolve, 20))
    }
  }

  async warnings(id: string): Promise<string[]> {
    const [attempts] = await this.engine.journal.attempts([id])
    return (attempts ?? []).flatMap(({ warnings }) => warnings)
  }

  /** Of the first attempt. */
  async error(id: string): Promise<KeptError | null> {
    const [attempts] = await this.engine.journal.attempts([id])
    return attempts?.[0]?.error ?? null
  }

  async end(): Promise<void> {
    for (const program of this.#programs) {
      if (program.over) continue
      program.kill('SIGCONT')
      program.kill('SIGKILL')
      await program.exit()
    }
    await this.engine.close()
    await this.place.drop()
    rmSync(this.folder, { recursive: true, force: true })
  }
}

/** A fresh store, taken down with everything that runs on it when the test ends. */
export async function createSystem(
  t: { after(run: () => Promise<void>): void },
  settle: Settle = settleSqlite,
): Promise<System> {
  const place = await settle()
  const engine = await openEngine(place.url)
  const system = new System(mkdtempSync(join(tmpdir(), 'windlass-worker-')), place, engine)
  t.after(() => system.end())
  await engine.migrate()
  return system
}

/** Does a process with this id exist, other than as a corpse that nobody has buried? */
export function exists(pid: number): boolean {
  try {
    process.kill(pid, 0)
    return true
  } catch {
    return false
  }
}
