// One socket to one server: calls in order, each answered by its reply, and messages of the channels it listens to.
// Promises that calls of one turn leave in one write at its end; that everything unanswered is rejected when the socket
// goes, which is told once; that nothing is sent twice. How long a call may take, and connecting anew, are the link's.

import { connect as connectPlain, type Socket } from 'node:net'
import { connect as connectSecure } from 'node:tls'

import { isSecure, type Place, type RedisAddress } from './address.ts'
import { timedOut, Unsent } from './failure.ts'
import { encodeCommand, ReplyError, ReplyReader, type Reply } from './resp.ts'

/** What is said to be let in. */
export interface Entry extends Pick<RedisAddress, 'scheme' | 'username' | 'password'> {
  /** Null: it has none, for it is a Sentinel. */
  readonly database: number | null
}

interface Waiting {
  readonly resolve: (reply: Reply) => void
  readonly reject: (error: unknown) => void
}

/** A silent connection is probed by the system this long after the last byte, in ms. */
const PROBE_AFTER = 5_000

export class Connection {
  /** Told once, when the socket is gone, however that came. */
  lost: (error: unknown) => void = () => {}
  readonly #socket: Socket
  readonly #reader = new ReplyReader((reply) => this.#answered(reply))
  #waiting: Waiting[] = []
  #unsent = ''
  #heard: ((channel: string, message: string) => void) | null = null
  #ended = false

  private constructor(socket: Socket) {
    this.#socket = socket
    socket.setNoDelay(true)
    socket.setKeepAlive(true, PROBE_AFTER)
    socket.on('data', (bytes) => this.#read(bytes))
    socket.on('error', (error) => this.destroy(error))
    socket.on('end', () => this.destroy(new Error('the server closed the connection')))
    socket.on('close', () => this.destroy(new Error('the connection was closed')))
  }

  /**
   * A connection that is let in and has its database.
   * @param timeout for all of that, in ms
   * @throws WindlassError `engine_timeout`; ReplyError when the server refuses; what the socket said
   */
  static async open({ host, port }: Place, entry: Entry, timeout: number): Promise<Connection> {
    const socket = isSecure(entry) ? connectSecure({ host, port }) : connectPlain({ host, port })
    const connection = new Connection(socket)
    const timer = setTimeout(() => connection.destroy(timedOut(timeout)), timeout)
    try {
      await connection.#enter(entry)
      return connection
    } catch (error) {
      connection.destroy(error)
      throw error
    } finally {
      clearTimeout(timer)
    }
  }

  /** False: what is called now never leaves this process. */
  get isOpen(): boolean {
    return !this.#ended && this.#socket.writable
  }

  /** Sends a command. @throws ReplyError as the server said it; Unsent; what ended the connection meanwhile */
  call(args: readonly string[]): Promise<Reply> {
    return new Promise((resolve, reject) => {
      if (!this.isOpen) return reject(new Unsent('the connection is closed'))
      this.#waiting.push({ resolve, reject })
      if (this.#unsent === '') process.nextTick(() => this.#send())
      this.#unsent += encodeCommand(args)
    })
  }

  /** Listens to a channel; a connection that does so can be asked nothing but PING. */
  async subscribe(channel: string, heard: (message: string) => void): Promise<void> {
    this.#heard = (from, message) => {
      if (from === channel) heard(message)
    }
    await this.call(['SUBSCRIBE', channel])
  }

  /** Ends it; what is unanswered is rejected with this error. Only the first time counts. */
  destroy(error: unknown): void {
    if (this.#ended) return
    this.#ended = true
    this.#socket.destroy()
    for (const { reject } of this.#waiting.splice(0)) reject(error)
    this.lost(error)
  }

  /** A database is chosen also where it is the first one: a server that says nothing is none. */
  async #enter({ username, password, database }: Entry): Promise<void> {
    const asked: Promise<Reply>[] = []
    if (username !== null || password !== null)
      asked.push(this.call(['AUTH', username ?? 'default', password ?? '']))
    asked.push(this.call(database === null ? ['PING'] : ['SELECT', String(database)]))
    await Promise.all(asked)
  }

  #send(): void {
    const text = this.#unsent
    this.#unsent = ''
    if (!this.#ended) this.#socket.write(text)
  }

  #read(bytes: Buffer): void {
    try {
      this.#reader.read(bytes)
    } catch (error) {
      this.destroy(error)
    }
  }

  #answered(reply: Reply | ReplyError): void {
    if (this.#heard !== null && Array.isArray(reply) && reply[0] === 'message')
      return this.#heard(String(reply[1]), String(reply[2]))
    const waiting = this.#waiting.shift()
    if (waiting === undefined) throw new Error('the server answered what was not asked')
    if (reply instanceof ReplyError) waiting.reject(reply)
    else waiting.resolve(reply)
  }
}
