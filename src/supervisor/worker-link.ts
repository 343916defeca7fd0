// The worker's end of the link to its supervisor. Promises that a supervisor that is lost, stopped or slow never breaks
// or delays a worker: it is looked for once a second, what it does not read is dropped, and whoever comes back is told
// everything anew. Leaves what is told to reporting.ts and to the worker's command.

import { connect, type Socket } from 'node:net'

import { systemClock, type Clock } from '../base/clock.ts'
import { isObject, NO_REPORT, SOCKET_VARIABLE, TOKEN_VARIABLE, type Report } from './messages.ts'
import { LINE_MOST, readValues, writeValue } from './socket-lines.ts'

const NOBODY = (): void => {}

/** Between two looks for a supervisor, in ms. */
const LOOK = 1_000

/** A link that mends itself. */
export class WorkerLink {
  readonly #path: string
  readonly #token: string
  readonly #clock: Clock
  #release = NOBODY
  #gone = NOBODY
  #adopted = NOBODY
  #socket: Socket | null = null
  #report = NO_REPORT
  #takesLines = false
  #closed = false

  constructor(path: string, token: string, clock: Clock = systemClock) {
    this.#path = path
    this.#token = token
    this.#clock = clock
    this.#connect()
  }

  /**
   * The link of this process; null: no supervisor started it. It looks for the supervisor from now on, and never keeps
   * the process alive. What this process starts is told nothing of it.
   */
  static take(env: NodeJS.ProcessEnv = process.env): WorkerLink | null {
    const { [SOCKET_VARIABLE]: path, [TOKEN_VARIABLE]: token } = env
    delete env[SOCKET_VARIABLE]
    delete env[TOKEN_VARIABLE]
    return path === undefined || token === undefined ? null : new WorkerLink(path, token)
  }

  /** Calls back when everything is to be handed back at once. */
  onRelease(callback: () => void): void {
    this.#release = callback
  }

  /** Calls back each time when a supervisor that was there is gone. */
  onGone(callback: () => void): void {
    this.#gone = callback
  }

  /** Calls back each time when another supervisor took us in: from then on `line` takes what the log says. */
  onAdopted(callback: () => void): void {
    this.#adopted = callback
  }

  /** Tells what changed. */
  tell(change: Partial<Report>): void {
    this.#report = { ...this.#report, ...change }
    if (this.#socket !== null) writeValue(this.#socket, { report: this.#report }, true)
  }

  /** Passes a log line on. False: nobody takes it here. */
  line(text: string): boolean {
    return this.#takesLines && this.#socket !== null && writeValue(this.#socket, { line: text }, true)
  }

  close(): void {
    this.#closed = true
    this.#socket?.destroySoon()
  }

  #connect(): void {
    if (this.#closed) return
    const socket = connect(this.#path)
    socket.unref()
    let welcome = false
    socket.on('error', () => {})
    socket.once('connect', () => {
      this.#socket = socket
      writeValue(socket, { worker: { token: this.#token, pid: process.pid, ...this.#report } })
    })
    readValues(socket, LINE_MOST, (value) => {
      if (!isObject(value)) return
      if (isObject(value['welcome'])) {
        welcome = true
        this.#takesLines = value['welcome']['lines'] === true
        if (this.#takesLines) this.#adopted()
      }
      if (value['release'] === true) this.#release()
    })
    socket.once('close', () => {
      this.#socket = null
      this.#takesLines = false
      if (this.#closed) return
      if (welcome) this.#gone()
      this.#clock.timer(LOOK, () => this.#connect())
    })
  }
}
