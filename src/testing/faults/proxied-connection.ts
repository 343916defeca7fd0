// One connection through the proxy: two sockets and what goes between them. Owns order, delay, silence and the loss of a
// reply. Promises that `ended` is told once, when the client's side is gone. Leaves the rules to proxy.ts.

import type { Socket } from 'node:net'

export interface ReplyLoss {
  /** Is this, as it goes to the server, the request whose reply is lost? It counts once. */
  readonly when: (request: Buffer) => boolean
  /** `cut`: the client sees the connection break; `hang`: it sees nothing at all. */
  readonly end: 'cut' | 'hang'
}

export interface Rules {
  readonly toServer: number
  readonly toClient: number
  readonly silent: boolean
  readonly loss: ReplyLoss | null
}

export interface ProxiedOptions {
  readonly rules: Rules
  readonly ended: () => void
  /** The reply that was to be lost is lost. */
  readonly lost: () => void
}

/** A server that has been quiet for that long has said all of its reply. */
const REPLY_IS_OVER = 50

export class ProxiedConnection {
  readonly #client: Socket
  readonly #server: Socket
  readonly #options: ProxiedOptions
  readonly #timers = new Set<NodeJS.Timeout>()
  #rules: Rules
  /** Nothing more gets through, in either direction. */
  #deaf = false
  /** The reply that comes now is the lost one. */
  #losing: ReplyLoss | null = null
  #quiet: NodeJS.Timeout | null = null
  #arrival = { toServer: 0, toClient: 0 }

  constructor(client: Socket, server: Socket, options: ProxiedOptions) {
    this.#client = client
    this.#server = server
    this.#options = options
    this.#rules = options.rules
    this.obey(options.rules)
    client.on('data', (data: Buffer) => this.#toServer(data))
    server.on('data', (data: Buffer) => this.#toClient(data))
    client.on('end', () => {
      // Nobody is there any more whom silence could reach.
      if (this.#deaf) client.destroy()
      else this.#pass('toServer', () => server.end())
    })
    server.on('end', () => this.#pass('toClient', () => client.end()))
    client.on('error', () => undefined)
    server.on('error', () => undefined)
    client.on('close', () => this.#end())
    server.on('close', () => {
      if (!this.#deaf) this.#pass('toClient', () => client.destroy())
    })
  }

  obey(rules: Rules): void {
    this.#rules = rules
    if (rules.silent) this.#deaf = true
  }

  /** Both sides see it break. */
  cut(): void {
    this.#client.resetAndDestroy()
    this.#server.resetAndDestroy()
  }

  /** The server sees it break, the client sees nothing. */
  forgetServer(): void {
    this.#deaf = true
    this.#server.resetAndDestroy()
  }

  #toServer(data: Buffer): void {
    if (this.#deaf) return
    const { loss } = this.#rules
    if (loss !== null && this.#losing === null && loss.when(data)) this.#losing = loss
    this.#pass('toServer', () => this.#server.write(data))
  }

  #toClient(data: Buffer): void {
    if (this.#deaf) return
    if (this.#losing === null) return this.#pass('toClient', () => this.#client.write(data))
    if (this.#quiet !== null) clearTimeout(this.#quiet)
    const { end } = this.#losing
    this.#quiet = setTimeout(() => this.#lose(end), REPLY_IS_OVER)
  }

  #lose(end: ReplyLoss['end']): void {
    this.#deaf = true
    this.#options.lost()
    if (end === 'cut') this.cut()
  }

  /** In the order in which it was sent, also when the delay shrinks meanwhile. */
  #pass(way: 'toServer' | 'toClient', arrive: () => void): void {
    if (this.#deaf) return
    const now = performance.now()
    const at = Math.max(now + this.#rules[way], this.#arrival[way])
    this.#arrival[way] = at
    if (at <= now) return arrive()
    const timer = setTimeout(() => {
      this.#timers.delete(timer)
      if (!this.#deaf) arrive()
    }, at - now)
    this.#timers.add(timer)
  }

  #end(): void {
    for (const timer of this.#timers) clearTimeout(timer)
    if (this.#quiet !== null) clearTimeout(this.#quiet)
    this.#server.destroy()
    this.#options.ended()
  }
}
