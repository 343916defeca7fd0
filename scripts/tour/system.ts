// The system under the tour: `windlass up` as a child process, just as a user would start it.

import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

export const ROOT = fileURLToPath(new URL('../../', import.meta.url))
const CLI = fileURLToPath(new URL('../../src/cli/main.ts', import.meta.url))

/** Names that would send the tour to somebody's own system. */
const FOREIGN = /^(WINDLASS_|DATABASE_|REDIS_|RABBITMQ_|WORKER_|API_|PUSH_|JOB_|RQ_|LOG_)/

/** The environment without anything that configures Windlass: the tour reads none of it. */
export function cleanEnvironment(): NodeJS.ProcessEnv {
  return Object.fromEntries(Object.entries(process.env).filter(([name]) => !FOREIGN.test(name)))
}

/** A running `windlass up`. */
export class System {
  readonly #child: ChildProcess
  readonly #exited: Promise<unknown>

  private constructor(child: ChildProcess) {
    this.#child = child
    this.#exited = once(child, 'exit')
  }

  /** Starts it in the clone's folder with two workers; its lines go to `onLine`. */
  static start(onLine: (line: string) => void): System {
    const args = ['--conditions=windlass-source', CLI, 'up', '--config', `${ROOT}windlass.config.ts`]
    // A group of its own: Ctrl-C reaches the tour alone, which then ends the system in order.
    const child = spawn(process.execPath, args, {
      cwd: ROOT,
      env: { ...cleanEnvironment(), WORKER_COUNT: '2' },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true,
    })
    for (const stream of [child.stdout, child.stderr]) {
      stream.setEncoding('utf8')
      let rest = ''
      stream.on('data', (text: string) => {
        const lines = (rest + text).split('\n')
        rest = lines.pop() ?? ''
        for (const line of lines) onLine(line)
      })
    }
    return new System(child)
  }

  get exited(): boolean {
    return this.#child.exitCode !== null || this.#child.signalCode !== null
  }

  /** Resolves when it has ended, however it did. */
  async ended(): Promise<void> {
    await this.#exited
  }

  /** Asks it to end and waits; a second call forces. */
  async stop(): Promise<void> {
    if (!this.exited) this.#child.kill('SIGTERM')
    await this.#exited
  }
}
