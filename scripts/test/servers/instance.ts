/**
 * One private server: a folder, a port and a process.
 *
 * Promises that `remove` leaves neither process nor folder, whatever went wrong before, and that a start which
 * failed says why in the server's own last words. Several attempts are made, since a free port may be taken by
 * somebody else before the server has it. Leaves being ended in time to the keeper.
 */
import { execFile, spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { once } from 'node:events'
import { chownSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { accountFor, temporaryFolderFor, type Account } from './account.ts'
import type { Kind, Place } from './kind.ts'

const READY_WITHIN = 60_000
const ATTEMPTS = 3

export type Settings = Readonly<Record<string, string>>

export class Instance {
  readonly #kind: Kind
  readonly #account: Account | null
  readonly #settings: Settings
  readonly #place: Place
  #process: ChildProcess | null = null
  #tail = ''

  private constructor(kind: Kind, place: Place, account: Account | null, settings: Settings) {
    this.#kind = kind
    this.#place = place
    this.#account = account
    this.#settings = settings
  }

  /** A new server that takes connections. */
  static async start(kind: Kind, program: string, settings: Settings): Promise<Instance> {
    for (let attempt = 1; ; attempt++) {
      const account = accountFor(kind.account)
      const folder = mkdtempSync(join(temporaryFolderFor(account), `windlass-${kind.name}-`))
      const place = { program, folder, port: await freePort(), password: randomBytes(12).toString('hex') }
      const instance = new Instance(kind, place, account, settings)
      try {
        await instance.#setUp()
        await instance.run()
        return instance
      } catch (error) {
        await instance.remove()
        if (attempt >= ATTEMPTS) throw error
      }
    }
  }

  get url(): string {
    return this.#kind.url(this.#place)
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  async #setUp(): Promise<void> {
    const { folder } = this.#place
    for (const [name, text] of Object.entries(this.#kind.files(this.#place, this.#settings))) {
      writeFileSync(join(folder, name), text, { mode: 0o600 })
      this.#give(join(folder, name))
    }
    this.#give(folder)
    const command = this.#kind.setUp(this.#place)
    if (command === null) return
    const [file, ...args] = command
    await promisify(execFile)(file, args, { ...this.#options(), timeout: READY_WITHIN })
  }

  #give(path: string): void {
    if (this.#account !== null) chownSync(path, this.#account.uid, this.#account.gid)
  }

  /** Starts it on its port and its data, and waits until it takes connections. */
  async run(): Promise<void> {
    if (this.#process !== null) throw new Error(`${this.#kind.name} runs already`)
    const [file, ...args] = this.#kind.run(this.#place, this.#settings)
    const child = spawn(file, args, { ...this.#options(), stdio: ['ignore', 'pipe', 'pipe'] })
    this.#process = child
    this.#tail = ''
    const ready = Promise.withResolvers<void>()
    const listen = (chunk: Buffer): void => {
      this.#tail = (this.#tail + chunk.toString()).slice(-4_000)
      if (this.#kind.ready.test(this.#tail)) ready.resolve()
    }
    child.stdout.on('data', listen)
    child.stderr.on('data', listen)
    child.on('error', (error) => {
      if (child.pid === undefined) this.#process = null
      ready.reject(error)
    })
    child.on('exit', (code, signal) => {
      if (this.#process === child) this.#process = null
      ready.reject(this.#failure(`ended with ${signal ?? code}`))
    })
    const late = setTimeout(() => ready.reject(this.#failure('was not ready in time')), READY_WITHIN)
    try {
      await ready.promise
    } finally {
      clearTimeout(late)
    }
  }

  /** Ends the process and keeps the data. */
  async end(signal: NodeJS.Signals = this.#kind.end): Promise<void> {
    const child = this.#process
    if (child === null) return
    const gone = once(child, 'exit')
    child.kill(signal)
    const late = setTimeout(() => child.kill('SIGKILL'), 10_000)
    await gone
    clearTimeout(late)
  }

  /** Ends the process and takes the folder away. */
  async remove(): Promise<void> {
    await this.end()
    rmSync(this.#place.folder, { recursive: true, force: true, maxRetries: 5 })
  }

  #failure(what: string): Error {
    return new Error(`${this.#kind.name} ${what}: ${this.#tail.trim().split('\n').slice(-5).join(' | ')}`)
  }

  /** A session of its own, so that Ctrl-C in a terminal reaches the runner and not the server. */
  #options() {
    const { PATH = '', TMPDIR } = process.env
    return {
      cwd: this.#place.folder,
      detached: true,
      env: { PATH, LC_ALL: 'C', ...(TMPDIR === undefined ? {} : { TMPDIR }) },
      ...this.#account,
    }
  }
}

/** A port that nobody has just now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  if (address === null || typeof address === 'string') throw new Error('there is no free port')
  return address.port
}
