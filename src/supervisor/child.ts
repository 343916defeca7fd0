// A worker process that this supervisor started, from spawn to the end of its whole process group.
// Promises that `ended` resolves once, after the group was killed and its last lines and reports were read, also when the
// system has no memory or file left to start it.
// Leaves when to start it, and what its death means, to slot.ts.

import { spawn, type ChildProcess } from 'node:child_process'
import { randomBytes } from 'node:crypto'

import { systemClock, type Clock } from '../base/clock.ts'
import { startTimeOf } from '../worker/identity.ts'
import { LastLines, readLines } from './lines.ts'
import { Link } from './link.ts'
import { SOCKET_VARIABLE, TOKEN_VARIABLE } from './messages.ts'
import { killGroup, type ProcessEnd, type WorkerProcess } from './worker-process.ts'

/** How to start a worker process. */
export interface ChildCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

/** A line that it printed. */
export type OnLine = (text: string, stream: 'stdout' | 'stderr') => void

/** How long the last lines of a dead process are waited for; a stray grandchild may hold its pipes open. */
const LAST_WORDS = 250
const LAST_LINES = 20

/** A running worker process. */
export class Child implements WorkerProcess {
  readonly adopted = false
  readonly startTime: string
  readonly since: number
  readonly link = new Link(randomBytes(16).toString('hex'), { lines: false })
  readonly ended: Promise<ProcessEnd>
  /** Null: it could not even be tried. */
  readonly #process: ChildProcess | null
  readonly #last = new LastLines(LAST_LINES)
  readonly #clock: Clock

  /** @param socket where its supervisor listens */
  constructor(command: ChildCommand, socket: string, onLine: OnLine, clock: Clock = systemClock) {
    this.#clock = clock
    this.since = clock.mono()
    const env = { ...command.env, [SOCKET_VARIABLE]: socket, [TOKEN_VARIABLE]: this.link.token }
    const launched = launch({ ...command, env })
    this.#process = launched instanceof Error ? null : launched
    this.startTime = this.pid === null ? '' : startTimeOf(this.pid)
    if (launched instanceof Error) this.ended = Promise.resolve(this.#refused(launched))
    else {
      // A process that could not be started has no streams either, where files ran out.
      if (this.pid !== null) this.#listen(launched, onLine)
      this.ended = this.#end(launched)
    }
  }

  get pid(): number | null {
    return this.#process?.pid ?? null
  }

  get lastLines(): readonly string[] {
    return this.#last.all
  }

  terminate(): void {
    this.#process?.kill('SIGTERM')
  }

  /** Not by a second signal: a service manager that signals every process of a service would be taken for it. */
  release(): void {
    if (!this.link.release()) this.terminate()
  }

  kill(): void {
    if (this.pid !== null) killGroup(this.pid)
  }

  #listen({ stdout, stderr }: ChildProcess, onLine: OnLine): void {
    for (const [name, stream] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      if (stream === null) continue
      readLines(stream, (line) => {
        this.#last.add(line)
        onLine(line, name)
      })
    }
  }

  #refused(error: Error): ProcessEnd {
    this.#last.add(error.message)
    return { code: null, signal: null, error }
  }

  #end(child: ChildProcess): Promise<ProcessEnd> {
    return new Promise((resolve) => {
      // Also told when a signal could not be sent: only a process that never ran ends here.
      child.on('error', (error) => {
        if (child.pid === undefined) resolve(this.#refused(error))
      })
      child.once('exit', (code, signal) => {
        // At once: an isolated child must not run beside the rerun of its task (CONTRACT rule 5).
        this.kill()
        const finish = (): void => resolve({ code, signal, error: null })
        const cancel = this.#clock.timer(LAST_WORDS, finish, true)
        const closed = new Promise<void>((done) => {
          child.once('close', () => done())
        })
        void Promise.all([closed, this.link.drained()]).then(() => {
          cancel()
          finish()
        })
      })
    })
  }
}

/**
 * Starts it. Detached: the leader of its own process group, so that what it starts can be killed with it, and so that
 * a Ctrl-C at the terminal reaches the supervisor alone, which then lets it drain.
 * @returns the error where Node throws it, as when memory is short; others it tells as an event
 */
function launch({ file, args, env }: ChildCommand): ChildProcess | Error {
  try {
    return spawn(file, args, { detached: true, env, stdio: ['ignore', 'pipe', 'pipe'] })
  } catch (error) {
    return error instanceof Error ? error : new Error(String(error))
  }
}
