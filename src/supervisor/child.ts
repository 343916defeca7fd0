// One worker process, from spawn to the end of its whole process group.
// Promises that `ended` resolves once, after the group was killed and its last lines and messages were read.
// Leaves when to start it, and what its death means, to slot.ts.

import { spawn, type ChildProcess } from 'node:child_process'

import { systemClock, type Clock } from '../base/clock.ts'
import { LastLines, readLines } from './lines.ts'
import { readChildMessage, SUPERVISED, tellRelease } from './messages.ts'

/** How to start a worker process. */
export interface ChildCommand {
  readonly file: string
  readonly args: readonly string[]
  readonly env: NodeJS.ProcessEnv
}

export interface ChildListener {
  onReady(): void
  onSession(session: string): void
  onLine(line: string, stream: 'stdout' | 'stderr'): void
}

export interface ChildEnd {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
  /** Why it could not be started; null: it ran. */
  readonly error: Error | null
  /** How long it lived, in ms. */
  readonly lived: number
}

/** How long the last lines of a dead process are waited for; a stray grandchild may hold its pipes open. */
const LAST_WORDS = 250
const LAST_LINES = 20

/** A running worker process. */
export class Child {
  readonly #process: ChildProcess
  readonly #last = new LastLines(LAST_LINES)
  readonly #clock: Clock
  #session: string | null = null
  readonly ended: Promise<ChildEnd>

  constructor(command: ChildCommand, listener: ChildListener, clock: Clock = systemClock) {
    this.#clock = clock
    // Detached: the leader of its own process group, so that what it starts can be killed with it, and so that
    // a Ctrl-C at the terminal reaches the supervisor alone, which then lets it drain.
    this.#process = spawn(command.file, command.args, {
      detached: true,
      env: { ...command.env, [SUPERVISED]: '1' },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    })
    this.#listen(listener)
    this.ended = this.#end(clock.mono())
  }

  get pid(): number | null {
    return this.#process.pid ?? null
  }

  /** Its session in the store, as it told last; null: none yet. */
  get session(): string | null {
    return this.#session
  }

  get lastLines(): readonly string[] {
    return this.#last.all
  }

  /** Asks it to drain. */
  terminate(): void {
    this.#process.kill('SIGTERM')
  }

  /** Asks it to hand back at once what it runs. */
  release(): void {
    tellRelease(this.#process)
  }

  /** Kills it and whatever it started. */
  kill(): void {
    killGroup(this.#process)
  }

  #listen(listener: ChildListener): void {
    const { stdout, stderr } = this.#process
    for (const [name, stream] of [
      ['stdout', stdout],
      ['stderr', stderr],
    ] as const) {
      if (stream === null) continue
      readLines(stream, (line) => {
        this.#last.add(line)
        listener.onLine(line, name)
      })
    }
    this.#process.on('message', (value) => {
      const message = readChildMessage(value)
      if (message?.windlass === 'ready') listener.onReady()
      if (message?.windlass !== 'session') return
      this.#session = message.session
      listener.onSession(message.session)
    })
  }

  #end(started: number): Promise<ChildEnd> {
    return new Promise((resolve) => {
      const finish = (end: Omit<ChildEnd, 'lived'>): void =>
        resolve({ ...end, lived: this.#clock.mono() - started })
      // Also told when a signal or a message could not be sent: only a process that never ran ends here.
      this.#process.on('error', (error) => {
        if (this.#process.pid === undefined) finish({ code: null, signal: null, error })
      })
      this.#process.once('exit', (code, signal) => {
        // At once: an isolated child must not run beside the rerun of its task (CONTRACT rule 5).
        killGroup(this.#process)
        const cancel = this.#clock.timer(LAST_WORDS, () => finish({ code, signal, error: null }), true)
        this.#process.once('close', () => {
          cancel()
          finish({ code, signal, error: null })
        })
      })
    })
  }
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined) return
  try {
    if (process.platform === 'win32') child.kill('SIGKILL')
    else process.kill(-child.pid, 'SIGKILL')
  } catch {
    // ESRCH: nobody is left in the group.
  }
}
