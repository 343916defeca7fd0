// One connection to a server: commands and scripts with a bound on their time, reconnecting by itself.
// Promises that a call ends within the call timeout; that one that was never sent is `no` and one that may have been
// is `unknown`; that a socket that does not answer is destroyed and never used again. What is asked is not its business.

import { setTimeout as sleep } from 'node:timers/promises'

import { formatPlace, isSecure, type RedisAddress } from './address.ts'
import { askSentinel, connectWithin, createClient, loadRedis, type Client, type Driver } from './client.ts'
import {
  closedError,
  connectionLost,
  failureOf,
  isWrongServer,
  replyCode,
  timedOut,
  unreachable,
} from './failure.ts'
import { Deadlines } from './deadlines.ts'
import { scriptOf } from './scripts.ts'
import { findMaster } from './sentinel.ts'

/** What a server answers, as it came. */
export type Reply = string | number | null | readonly Reply[]

export interface LinkOptions {
  readonly callTimeout: number
  /** The connection is there, for the first time or again. */
  readonly connected?: (() => void) | undefined
}

/** A silent connection is asked for a sign of life this often, and given this long. */
const PING_EVERY = 5_000
const PING_WAIT = 5_000
const BACKOFF = { first: 50, most: 2_000 }

export class Link {
  readonly #address: RedisAddress
  readonly #options: LinkOptions
  #client: Client | null = null
  #connecting = false
  #lastError: unknown = null
  #closed = false
  #heard = performance.now()
  #pings: NodeJS.Timeout | null = null
  readonly #waiting = new Set<() => void>()
  readonly #deadlines = new Deadlines()

  constructor(address: RedisAddress, options: LinkOptions) {
    this.#address = address
    this.#options = options
  }

  /** Connects for the first time; a server that is not there is told at once. */
  async open(): Promise<void> {
    const driver = await loadRedis()
    try {
      this.#use(await this.#connectOnce(driver))
    } catch (error) {
      this.close()
      throw replyCode(error) === null ? unreachable(this.#place, error) : failureOf(error)
    }
  }

  /** Begins to connect, and goes on until it is closed. */
  start(): void {
    if (!this.#connecting) void this.#connect()
  }

  /** Runs a script over the namespace's keys. */
  async run(name: string, prefix: string, args: readonly string[]): Promise<Reply> {
    const { sha, source } = scriptOf(name)
    const until = performance.now() + this.#options.callTimeout
    try {
      return await this.#send(['EVALSHA', sha, '1', prefix, ...args], until)
    } catch (error) {
      if (replyCode(error) !== 'NOSCRIPT') throw this.#judged(error)
    }
    // A server that was restarted has forgotten its scripts; nothing was applied.
    return this.#send(['EVAL', source, '1', prefix, ...args], until).catch((error: unknown) => {
      throw this.#judged(error)
    })
  }

  /** Sends a plain command. */
  async command(...args: string[]): Promise<Reply> {
    const until = performance.now() + this.#options.callTimeout
    return this.#send(args, until).catch((error: unknown) => {
      throw this.#judged(error)
    })
  }

  /** Listens to a channel for as long as this connection lasts; the listener stays over reconnections. */
  async subscribe(channel: string, listener: (message: string) => void): Promise<void> {
    const client = await this.#ready(performance.now() + this.#options.callTimeout)
    await client.subscribe(channel, listener)
  }

  close(): void {
    this.#closed = true
    this.#drop(this.#client)
    this.#wakeAll()
  }

  get #place(): string {
    const { sentinel } = this.#address
    const name = sentinel === null ? formatPlace(this.#address) : `the master ${sentinel}`
    return `${name}${isSecure(this.#address) ? ' over TLS' : ''}`
  }

  async #send(args: string[], until: number): Promise<Reply> {
    const client = this.#client?.isReady === true ? this.#client : await this.#ready(until)
    return new Promise((resolve, reject) => {
      const late = (): void => {
        reject(timedOut(this.#options.callTimeout))
        this.#drop(client)
      }
      const deadline = { until, late }
      this.#deadlines.add(deadline)
      const answered = (reply: Reply): void => {
        this.#deadlines.remove(deadline)
        this.#heard = performance.now()
        resolve(reply)
      }
      const failed = (error: Error): void => {
        this.#deadlines.remove(deadline)
        reject(error)
      }
      client.sendCommand<Reply>(args).then(answered, failed)
    })
  }

  /** The error to be told; a server that is the wrong one is left. */
  #judged(error: unknown): Error {
    if (isWrongServer(error)) this.#drop(this.#client)
    if (this.#closed && replyCode(error) === null) return connectionLost(error)
    return failureOf(error)
  }

  async #ready(until: number): Promise<Client> {
    for (;;) {
      if (this.#closed) throw closedError()
      const client = this.#client
      if (client !== null && client.isReady) return client
      this.start()
      const left = until - performance.now()
      if (left <= 0) throw unreachable(this.#place, this.#lastError)
      await this.#changed(left)
    }
  }

  /** Until something is different, or for so long. */
  #changed(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer)
        this.#waiting.delete(done)
        resolve()
      }
      const timer = setTimeout(done, ms)
      this.#waiting.add(done)
    })
  }

  #wakeAll(): void {
    for (const wake of this.#waiting) wake()
  }

  /** Tries until it is connected or closed, waiting longer and longer. */
  async #connect(): Promise<void> {
    this.#connecting = true
    for (let wait = BACKOFF.first; !this.#closed; wait = Math.min(BACKOFF.most, wait * 2)) {
      try {
        const client = await this.#connectOnce(await loadRedis())
        if (this.#closed) this.#drop(client)
        else this.#use(client)
        break
      } catch (error) {
        this.#lastError = error
        if (this.#closed) break
        await sleep(wait / 2 + Math.random() * wait, undefined, { ref: false })
      }
    }
    this.#connecting = false
    this.#wakeAll()
  }

  async #connectOnce(driver: Driver): Promise<Client> {
    const timeout = Math.min(this.#options.callTimeout, PING_WAIT)
    const address = this.#address
    const place = await findMaster(address, (at, command) =>
      askSentinel(driver, address, at, { command, timeout }),
    )
    const client = createClient(driver, address, place, timeout)
    // What happens to a connection is learnt from the calls that it fails.
    client.on('error', (error: unknown) => {
      this.#lastError = error
      this.#drop(client)
    })
    await connectWithin(client, timeout)
    return client
  }

  #use(client: Client): void {
    this.#client = client
    this.#heard = performance.now()
    this.#pings ??= setInterval(() => this.#ping(), PING_EVERY).unref()
    this.#options.connected?.()
  }

  /** A socket whose other end is gone without a word is noticed by asking. */
  #ping(): void {
    const client = this.#client
    if (client === null || performance.now() - this.#heard < PING_EVERY) return
    this.#send(['PING'], performance.now() + PING_WAIT).catch(() => this.#drop(client))
  }

  /** Ends a client; what it had in flight is in doubt. Connects anew. */
  #drop(client: Client | null): void {
    if (client === null) return
    const current = client === this.#client
    if (current) {
      this.#client = null
      if (this.#pings !== null) clearInterval(this.#pings)
      this.#pings = null
    }
    client.destroy()
    if (current && !this.#closed) this.start()
    this.#wakeAll()
  }
}
