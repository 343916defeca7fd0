// A TCP proxy between a client and a server, on which a test lets connections go bad: refused, cut, slow, silent, half
// open, or with a reply that is lost after the server did what was asked. Promises that bytes arrive in order and that
// `close` leaves no socket. What is silent once stays silent: after `heal` only new connections are good ones.

import { connect, createServer, type Server, type Socket } from 'node:net'

import { ProxiedConnection, type ReplyLoss, type Rules } from './proxied-connection.ts'

export interface Delays {
  /** In ms. */
  readonly toServer?: number
  readonly toClient?: number
}

const GOOD: Rules = { toServer: 0, toClient: 0, silent: false, loss: null }

export class TcpProxy {
  readonly #server: Server
  readonly #target: { readonly host: string; readonly port: number }
  readonly #connections = new Set<ProxiedConnection>()
  #rules: Rules = GOOD
  #port = 0
  #accepted = 0
  #lost = 0

  private constructor(host: string, port: number) {
    this.#target = { host, port }
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => this.#accept(socket))
  }

  /** A proxy in front of the server that a URL names. */
  static async open(url: string): Promise<TcpProxy> {
    const { hostname, port } = new URL(url)
    const proxy = new TcpProxy(hostname, Number(port))
    await proxy.accept()
    return proxy
  }

  get port(): number {
    return this.#port
  }

  /** The same URL, by way of this proxy. */
  through(url: string): string {
    const proxied = new URL(url)
    proxied.hostname = '127.0.0.1'
    proxied.port = String(this.#port)
    return proxied.href
  }

  /** Connections that clients hold open now. */
  get open(): number {
    return this.#connections.size
  }

  /** Connections that were ever accepted. */
  get accepted(): number {
    return this.#accepted
  }

  /** Replies that were lost on purpose. */
  get lost(): number {
    return this.#lost
  }

  /** Breaks every connection, towards both sides. */
  cut(): void {
    for (const one of this.#connections) one.cut()
  }

  /** Refuses new connections; those that are open stay. */
  refuse(): Promise<void> {
    return new Promise((resolve) => {
      this.#server.close()
      // Node tells `close` only when the last connection has ended; it listens no more from here on.
      setImmediate(resolve)
    })
  }

  /** Takes connections again, on the same port. */
  accept(): Promise<void> {
    return new Promise((resolve, reject) => {
      if (this.#server.listening) return resolve()
      this.#server.once('error', reject)
      this.#server.listen(this.#port, '127.0.0.1', () => {
        this.#server.off('error', reject)
        const address = this.#server.address()
        if (address !== null && typeof address === 'object') this.#port = address.port
        resolve()
      })
    })
  }

  /** From now on each byte takes that long, also on connections that are open. */
  delay(delays: Delays): void {
    this.#obey({ ...this.#rules, toServer: delays.toServer ?? 0, toClient: delays.toClient ?? 0 })
  }

  /** A black hole: connections are accepted and what is sent into them, open ones included, vanishes. */
  silence(): void {
    this.#obey({ ...this.#rules, silent: true })
  }

  /** The server drops what is open now, and no word of it reaches the clients. */
  halfOpen(): void {
    for (const one of this.#connections) one.forgetServer()
  }

  /** Loses the reply to one request, once the server has given it. */
  loseReply(loss: ReplyLoss): void {
    this.#obey({ ...this.#rules, loss })
  }

  /** New connections are good ones; delays end on old ones, too. */
  heal(): void {
    this.#obey(GOOD)
  }

  /** Breaks everything and ends. */
  async close(): Promise<void> {
    this.cut()
    await this.refuse()
  }

  #obey(rules: Rules): void {
    this.#rules = rules
    for (const one of this.#connections) one.obey(rules)
  }

  #accept(client: Socket): void {
    this.#accepted++
    const server = connect({ ...this.#target, allowHalfOpen: true, noDelay: true })
    const one: ProxiedConnection = new ProxiedConnection(client, server, {
      rules: this.#rules,
      ended: () => this.#connections.delete(one),
      lost: () => {
        this.#lost++
        this.#obey({ ...this.#rules, loss: null })
      },
    })
    this.#connections.add(one)
  }
}
