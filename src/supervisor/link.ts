// The supervisor's end of the link to one worker process: the last report, and a way to tell it something. It outlives
// connections: the worker comes again with its token. Leaves who may come to crew.ts, and what follows to life.ts.

import type { Socket } from 'node:net'

import { isObject, NO_REPORT, readReport, type Report, type Welcome } from './messages.ts'
import { writeValue } from './socket-lines.ts'

export interface LinkListener {
  /** It told of itself; `before` is what it had told until then. */
  onReport(report: Report, before: Report): void
  onLine(text: string): void
}

/** What is known of a worker, and by which token. */
export class Link {
  readonly token: string
  readonly #welcome: Welcome
  #listener: LinkListener | null = null
  #socket: Socket | null = null
  #report: Report

  /** @param known what is known before it comes */
  constructor(token: string, welcome: Welcome, known: Partial<Report> = {}) {
    this.token = token
    this.#welcome = welcome
    this.#report = { ...NO_REPORT, ...known }
  }

  listen(listener: LinkListener): void {
    this.#listener = listener
  }

  get report(): Report {
    return this.#report
  }

  get connected(): boolean {
    return this.#socket !== null
  }

  /** The worker came (again). Answers who hears its further lines. */
  attach(socket: Socket, report: Report): (value: unknown) => void {
    this.#socket?.destroy()
    this.#socket = socket
    socket.once('close', () => {
      if (this.#socket === socket) this.#socket = null
    })
    writeValue(socket, { welcome: this.#welcome })
    this.#take(report)
    return (value) => this.#hear(value)
  }

  /** Asks it to hand back at once what it runs. False: it cannot be reached over this link now. */
  release(): boolean {
    return this.#socket !== null && writeValue(this.#socket, { release: true })
  }

  /** Resolves when all that a dead process had sent is read: its connection ended. */
  async drained(): Promise<void> {
    // A connection that was made just before the death waits to be accepted: two turns of the loop do that.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate)
    const socket = this.#socket
    if (socket === null) return
    await new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
  }

  #hear(value: unknown): void {
    if (!isObject(value)) return
    const report = readReport(value['report'])
    if (report !== null) this.#take(report)
    if (typeof value['line'] === 'string') this.#listener?.onLine(value['line'])
  }

  #take(report: Report): void {
    const before = this.#report
    this.#report = report
    this.#listener?.onReport(report, before)
  }
}
