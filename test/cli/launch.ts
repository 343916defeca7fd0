/**
 * The real command line as a child process, for tests.
 *
 * Owns a clean environment (nothing of the shell's but where programs are), temp folders with a config and a
 * SQLite store, and the end of whatever was started. Leaves what is asserted to the tests.
 */
import { spawn, type ChildProcess } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { TestContext } from 'node:test'
import { fileURLToPath } from 'node:url'

const ROOT = fileURLToPath(new URL('../..', import.meta.url))
const MAIN = join(ROOT, 'src/cli/main.ts')
const NODE_ARGS = ['--conditions=windlass-source', MAIN]

export interface Ran {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  readonly stdout: string
  readonly stderr: string
}

/** Of the run, or the same one for a file that is run by itself: never that of the user. */
const CACHE = process.env['NODE_COMPILE_CACHE'] ?? join(ROOT, 'node_modules', '.cache', 'compile')

/** What of the machine a child sees. */
function cleanEnvironment(more: NodeJS.ProcessEnv = {}): NodeJS.ProcessEnv {
  const { PATH, HOME, TMPDIR, LANG } = process.env
  return { PATH, HOME, TMPDIR, LANG, NO_COLOR: '1', NODE_COMPILE_CACHE: CACHE, ...more }
}

/** A folder with a config and a store of its own. Ends what was started in it when the test is over. */
export class Place {
  readonly folder: string
  readonly #env: NodeJS.ProcessEnv
  readonly #started = new Set<Running>()

  constructor(t: TestContext, files: Record<string, string> = {}, env: NodeJS.ProcessEnv = {}) {
    this.folder = mkdtempSync(join(tmpdir(), 'windlass-cli-'))
    this.#env = env
    for (const [name, text] of Object.entries(files)) this.write(name, text)
    t.after(async () => {
      for (const one of this.#started) one.killTree()
      await Promise.all([...this.#started].map((one) => one.ended))
      rmSync(this.folder, { recursive: true, force: true, maxRetries: 5 })
    })
  }

  write(name: string, text: string): string {
    const path = join(this.folder, name)
    writeFileSync(path, text)
    return path
  }

  /** Starts the command line and goes on. */
  start(args: readonly string[], env: NodeJS.ProcessEnv = {}): Running {
    const running = new Running(args, this.folder, cleanEnvironment({ ...this.#env, ...env }))
    this.#started.add(running)
    void running.ended.then(() => this.#started.delete(running))
    return running
  }

  /** Runs the command line to its end. */
  async run(
    args: readonly string[],
    options: { input?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Ran> {
    const running = this.start(args, options.env)
    running.process.stdin?.end(options.input ?? '')
    return running.ended
  }

  /** Runs with --json; the answer must be exactly one document. */
  async json(
    args: readonly string[],
    options: { input?: string; env?: NodeJS.ProcessEnv } = {},
  ): Promise<Answer> {
    const ran = await this.run([...args, '--json'], options)
    return { code: ran.code, document: parseOne(ran, args), stderr: ran.stderr }
  }
}

export interface Answer {
  readonly code: number | null
  readonly document: Document
  readonly stderr: string
}

/** Any JSON object, read without ceremony in assertions. */
export interface Document {
  readonly [key: string]: unknown
}

function parseOne(ran: Ran, args: readonly string[]): Document {
  try {
    return JSON.parse(ran.stdout) as Document
  } catch (cause) {
    throw new Error(
      `windlass ${args.join(' ')} --json printed no single document: ${ran.stdout}\n${ran.stderr}`,
      {
        cause,
      },
    )
  }
}

/** The error document of a failed call. */
export function errorOf(answer: Answer): { code: string; message: string; hint: string; retry: boolean } {
  return answer.document['error'] as { code: string; message: string; hint: string; retry: boolean }
}

/** A command line that runs. */
export class Running {
  readonly process: ChildProcess
  readonly ended: Promise<Ran>
  #stdout = ''
  #stderr = ''
  readonly #waiting = new Set<() => void>()
  readonly #args: readonly string[]

  constructor(args: readonly string[], cwd: string, env: NodeJS.ProcessEnv) {
    this.#args = args
    this.process = spawn(process.execPath, [...NODE_ARGS, ...args], {
      cwd,
      env,
      stdio: ['pipe', 'pipe', 'pipe'],
    })
    this.process.stdin?.on('error', () => {})
    this.process.stdout?.setEncoding('utf8').on('data', (text: string) => {
      this.#stdout += text
      for (const check of this.#waiting) check()
    })
    this.process.stderr?.setEncoding('utf8').on('data', (text: string) => {
      this.#stderr += text
      for (const check of this.#waiting) check()
    })
    this.ended = new Promise((resolve) => {
      this.process.once('close', (code, signal) => {
        resolve({ code, signal, stdout: this.#stdout, stderr: this.#stderr })
        for (const check of this.#waiting) check()
      })
    })
  }

  get pid(): number {
    return this.process.pid ?? 0
  }

  get stdout(): string {
    return this.#stdout
  }

  get stderr(): string {
    return this.#stderr
  }

  /** The objects printed so far, one a line. */
  get objects(): Document[] {
    return this.#stdout
      .split('\n')
      .slice(0, -1)
      .map((line) => JSON.parse(line) as Document)
  }

  signal(name: NodeJS.Signals): void {
    this.process.kill(name)
  }

  /** Resolves when `find` answers something; fails when the process ends or the time is up before. */
  until<T>(find: (running: Running) => T | undefined | false | null, within = 15_000): Promise<T> {
    return new Promise((resolve, reject) => {
      const finish = (end: () => void): void => {
        this.#waiting.delete(check)
        clearTimeout(timer)
        end()
      }
      const fail = (why: string): void =>
        finish(() =>
          reject(new Error(`windlass ${this.#args.join(' ')}: ${why}\n${this.#stdout}\n${this.#stderr}`)),
        )
      const check = (): void => {
        const found = find(this)
        if (found !== undefined && found !== false && found !== null) finish(() => resolve(found))
        else if (this.process.exitCode !== null || this.process.signalCode !== null) fail('it ended before')
      }
      const timer = setTimeout(() => fail(`not within ${within} ms`), within)
      this.#waiting.add(check)
      check()
    })
  }

  /** For the end of a test: the process and the workers that it told of. */
  killTree(): void {
    for (const [, pid] of this.#stdout.matchAll(/\bpid["=:\s]+(\d+)/g)) kill(-Number(pid))
    kill(this.pid)
  }
}

function kill(pid: number): void {
  try {
    if (pid !== 0) process.kill(pid, 'SIGKILL')
  } catch {
    // Gone already.
  }
}
