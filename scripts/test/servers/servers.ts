/**
 * Test servers, for the runner and for tests that need one of their own.
 *
 * `Servers` speaks with the keeper (keeper.ts), a process that ends them however this one ends. Promises that
 * after `close` they are gone. Leaves which tests need which server to the callers.
 */
import { spawn, type ChildProcessWithoutNullStreams } from 'node:child_process'
import { once } from 'node:events'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import type { Settings } from './instance.ts'
import type { KindName } from './kind.ts'
import type { Ask, Started, Tell } from './wire.ts'

const KEEPER = fileURLToPath(new URL('keeper.ts', import.meta.url))

/** A server could not be had; `missing`: there is none on this machine. */
export class ServerFailure extends Error {
  readonly missing: boolean

  constructor(message: string, missing: boolean) {
    super(message)
    this.missing = missing
  }
}

/** A server that is ours alone. */
export interface TestServer {
  readonly url: string
  /** Of the process that runs now; null: none, or in a container. */
  pid(): number | null
  /** Ends its process and keeps the data; without a signal as a power cut would. */
  kill(signal?: NodeJS.Signals): Promise<void>
  /** Starts it again on the same port and data. */
  run(): Promise<void>
  /** Ends it and takes its data away. */
  remove(): Promise<void>
}

type Wish = Ask extends infer One ? (One extends Ask ? Omit<One, 'id'> : never) : never

export class Servers {
  readonly #keeper: ChildProcessWithoutNullStreams
  readonly #waiting = new Map<number, PromiseWithResolvers<Started>>()
  readonly #ended: Promise<unknown>
  #last = 0

  /**
   * @param say told what takes long, such as an installation
   * @param env what the keeper sees of the machine
   */
  constructor(say: (line: string) => void = () => undefined, env: NodeJS.ProcessEnv = process.env) {
    const keeper = spawn(process.execPath, [KEEPER], { detached: true, stdio: 'pipe', env })
    this.#keeper = keeper
    this.#ended = once(keeper, 'close')
    keeper.stdin.on('error', () => undefined)
    keeper.stderr.pipe(process.stderr, { end: false })
    createInterface({ input: keeper.stdout }).on('line', (line) => this.#hear(JSON.parse(line) as Tell, say))
    keeper.on('close', () => {
      for (const wait of this.#waiting.values())
        wait.reject(new ServerFailure('the keeper of servers has ended', false))
    })
  }

  /** The process that keeps the servers. */
  get pid(): number {
    return this.#keeper.pid ?? 0
  }

  /**
   * A new server, ready for connections.
   * @param settings in the server's own spelling, such as `{ maxmemory: '4mb' }`
   * @throws ServerFailure
   */
  async start(kind: KindName, settings: Settings = {}): Promise<TestServer> {
    let now = await this.#ask({ verb: 'start', kind, settings })
    const { server, url } = now
    const ask = async (wish: Wish): Promise<void> => {
      now = await this.#ask(wish)
    }
    return {
      url,
      pid: () => now.pid,
      kill: (signal = 'SIGKILL') => ask({ verb: 'end', server, signal }),
      run: () => ask({ verb: 'run', server }),
      remove: () => ask({ verb: 'remove', server }),
    }
  }

  /** Ends every server; they are gone when it answers. */
  async close(): Promise<void> {
    this.#keeper.stdin.end()
    await this.#ended
  }

  #ask(wish: Wish): Promise<Started> {
    const id = ++this.#last
    const wait = Promise.withResolvers<Started>()
    this.#waiting.set(id, wait)
    this.#keeper.stdin.write(`${JSON.stringify({ id, ...wish })}\n`)
    return wait.promise
  }

  #hear(told: Tell, say: (line: string) => void): void {
    if ('say' in told) return say(told.say)
    const wait = this.#waiting.get(told.id)
    this.#waiting.delete(told.id)
    if ('ok' in told) wait?.resolve(told.ok)
    else wait?.reject(new ServerFailure(told.failed, told.missing))
  }
}
