// The socket of a supervisor: whoever connects says in the first line who it is, a worker or a question. Promises that
// only this user can connect, that whoever sends garbage, nothing or too much is dropped, and that a failure becomes an
// answer. Leaves what is answered to supervisor.ts, and worker links to link.ts.

import { rmSync } from 'node:fs'
import { createServer, type Server, type Socket } from 'node:net'

import { systemClock, type Clock } from '../base/clock.ts'
import { ERROR_CODES, WindlassError } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import { readRequest, type Controlled } from './control.ts'
import { readValues, writeValue } from './socket-lines.ts'

/** How long a first line may take, in ms. */
const FIRST_LINE = 5_000
/** Longest line of a question or a worker, in characters: log lines of workers come here, too. */
const QUESTION_MOST = 512 * 1024

export interface ControlPorts {
  readonly controlled: Controlled
  /** A worker said this about itself. Answers who hears its further lines, or null: a stranger. */
  readonly onWorker: (hello: object, socket: Socket) => ((value: unknown) => void) | null
  readonly clock?: Clock
}

/** The listening end: of the command line's questions and of the workers' links. */
export class ControlServer {
  readonly #ports: ControlPorts
  readonly #server: Server
  readonly #sockets = new Set<Socket>()

  constructor(ports: ControlPorts) {
    this.#ports = ports
    this.#server = createServer((socket) => this.#welcome(socket))
  }

  /**
   * Listens. The caller holds the lock of the place, so a socket file that is there is one that nobody listens at.
   * @throws WindlassError `refused`
   */
  listen(path: string): Promise<void> {
    if (process.platform !== 'win32') rmSync(path, { force: true })
    return new Promise((resolve, reject) => {
      const refuse = (cause: Error): void =>
        reject(new WindlassError('refused', `the socket ${path} cannot be opened`, { cause, hint: HINT }))
      this.#server.once('error', refuse)
      // Never open to others, not for a moment: the file is made in this very call.
      const before = process.umask(0o177)
      try {
        this.#server.listen(path, () => {
          this.#server.off('error', refuse)
          this.#server.on('error', () => {})
          resolve()
        })
      } finally {
        process.umask(before)
      }
    })
  }

  /** Ends every connection and takes the socket file away. */
  async close(): Promise<void> {
    const closed = new Promise<void>((resolve) => {
      this.#server.close(() => resolve())
    })
    for (const socket of this.#sockets) socket.destroy()
    await closed
  }

  #welcome(socket: Socket): void {
    this.#sockets.add(socket)
    // Whoever left cannot be told; its 'close' follows.
    socket.on('error', () => {})
    socket.once('close', () => this.#sockets.delete(socket))
    const { clock = systemClock } = this.#ports
    const late = clock.timer(FIRST_LINE, () => socket.destroy())
    socket.once('close', late)
    let hear: ((value: unknown) => void) | null = null
    readValues(socket, QUESTION_MOST, (value) => {
      if (hear !== null) return hear(value)
      late()
      hear = this.#first(value, socket)
      if (hear === null) socket.destroy()
    })
  }

  /** Who hears the further lines; null: nobody wants this one. */
  #first(value: unknown, socket: Socket): ((value: unknown) => void) | null {
    if (typeof value !== 'object' || value === null) return null
    if ('worker' in value && typeof value.worker === 'object' && value.worker !== null)
      return this.#ports.onWorker(value.worker, socket)
    if (!('verb' in value)) return null
    void this.#answer(value, socket)
    return () => {}
  }

  async #answer(value: object, socket: Socket): Promise<void> {
    writeValue(socket, { heard: true })
    const wait = !('wait' in value && value.wait === false)
    try {
      await this.#obey(value, wait)
      writeValue(socket, { ok: true, ...this.#ports.controlled.status() })
    } catch (error) {
      writeValue(socket, { ok: false, error: tell(error) })
    }
    // Who asked for a stop waits for the end of this connection: it comes with the end of this process.
    if (!('verb' in value && value.verb === 'stop' && wait)) socket.end()
  }

  async #obey(value: object, wait: boolean): Promise<void> {
    const request = readRequest(value)
    const { controlled } = this.#ports
    if (request === null) throw new WindlassError('invalid_option', 'the supervisor does not understand this')
    if (request.verb === 'status') return
    if (request.verb === 'stop') return void controlled.stop(request)
    const done =
      request.verb === 'scale' ? controlled.scale(request.count) : controlled.restart(request.count)
    if (wait) return done
    // What becomes of it is told to the log.
    done.catch(() => {})
  }
}

const HINT = 'Let this user write there: the supervisor keeps its socket and its state in it.'

function tell(error: unknown): { code: string; message: string; hint: string } {
  if (error instanceof WindlassError)
    return { code: error.code, message: maskSecrets(error.message), hint: maskSecrets(error.hint) }
  const message = error instanceof Error ? error.message : String(error)
  return { code: 'internal', message: maskSecrets(message), hint: ERROR_CODES.internal.hint }
}
