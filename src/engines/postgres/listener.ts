// Hears of commits of other engines: those of this process by telling them directly, other processes by LISTEN on a
// connection of its own, and by a slow poll of what nobody told. What is told to others is gathered and throttled; a
// hint may be late or lost, nothing rests on it.
// Promises that a connection that broke is made anew while somebody watches, and that nothing is sent per task.

import type { Hint } from '../../core/hot-verbs.ts'
import { mintToken } from '../../core/ids.ts'
import { connect, type Connection } from './connection.ts'

export interface ListenerOptions {
  /** Where to listen; null: nowhere, this process alone is heard. */
  readonly url: string | null
  readonly schema: string
  /** What the server shows of the connection. */
  readonly name: string
  readonly timeout: number
  /** Tells the watchers of this engine. */
  readonly tell: (hints: readonly Hint[]) => void
  /** Sends a text to all who listen. */
  readonly notify: (channel: string, text: string) => Promise<unknown>
}

/** Least time between two messages to other processes, in ms: 200 a second cost a server little, and idle workers wait no longer. */
const THROTTLE = 5
const RETRY = 1_000
/** Tasks of a caller's transaction, and everything where nobody can listen, are looked for this often (CONTRACT rule 13). */
const POLL = 1_000
/** A connection that does not answer this question any more is replaced. */
const PROBE = 5_000
/** More queues than this are told as "unknown which". */
const NAMED = 20

/** A message of the server is shorter than 8,000 bytes. */
const MESSAGE = 7_900

/** Engines of this process by store. */
const sameStore = new Map<string, Set<Listener>>()

export class Listener {
  readonly #options: ListenerOptions
  readonly #me = mintToken().slice(0, 12)
  readonly #key: string
  #running = false
  /** Which start this is: a connection that is made for an earlier one comes too late. */
  #turn = 0
  #link: Connection | null = null
  #timer: NodeJS.Timeout | null = null
  #probe: NodeJS.Timeout | null = null
  #poll: NodeJS.Timeout | null = null
  readonly #gathered = new Map<Hint['kind'], Set<string> | null>()
  #throttle: NodeJS.Timeout | null = null
  #closed = false

  /** @param place which server and schema: engines of one process on the same store tell each other */
  constructor(place: string, options: ListenerOptions) {
    this.#key = place
    this.#options = options
    const group = sameStore.get(place) ?? new Set()
    sameStore.set(place, group.add(this))
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    this.#turn++
    this.#poll = setInterval(() => this.#options.tell([{ kind: 'work', queues: null }]), POLL).unref()
    void this.#listen()
  }

  stop(): void {
    this.#running = false
    if (this.#timer !== null) clearTimeout(this.#timer)
    if (this.#probe !== null) clearInterval(this.#probe)
    if (this.#poll !== null) clearInterval(this.#poll)
    this.#timer = null
    this.#probe = null
    this.#poll = null
    this.#link?.destroy()
    this.#link = null
  }

  close(): void {
    this.#closed = true
    this.stop()
    if (this.#throttle !== null) clearTimeout(this.#throttle)
    const group = sameStore.get(this.#key)
    group?.delete(this)
    if (group?.size === 0) sameStore.delete(this.#key)
  }

  /** What a statement that is about to commit is to tell other processes by itself; null: nothing, or a little later. */
  announce(hints: readonly Hint[]): string | null {
    if (hints.length === 0 || this.#closed || this.#options.url === null || this.#throttle !== null)
      return null
    this.#throttle = setTimeout(() => this.#rest(), THROTTLE).unref()
    return this.#text(hints)
  }

  /** This engine has committed: everybody else is told. `announced`: other processes know it from the statement. */
  committed(hints: readonly Hint[], announced: boolean): void {
    if (hints.length === 0 || this.#closed) return
    for (const other of sameStore.get(this.#key) ?? [])
      if (other !== this && other.#running) other.#options.tell(hints)
    if (this.#options.url === null || announced) return
    for (const { kind, queues } of hints) this.#gather(kind, queues)
    if (this.#throttle !== null) return
    this.#throttle = setTimeout(() => this.#rest(), THROTTLE).unref()
    this.#send()
  }

  #gather(kind: Hint['kind'], queues: readonly string[] | null): void {
    const known = this.#gathered.get(kind)
    if (queues === null || known === null) this.#gathered.set(kind, null)
    else {
      const all = new Set([...(known ?? []), ...queues])
      this.#gathered.set(kind, all.size > NAMED ? null : all)
    }
  }

  #rest(): void {
    this.#throttle = null
    if (this.#gathered.size === 0) return
    this.#throttle = setTimeout(() => this.#rest(), THROTTLE).unref()
    this.#send()
  }

  #send(): void {
    const hints = [...this.#gathered].map(([kind, queues]) => ({
      kind,
      queues: queues === null ? null : [...queues],
    }))
    this.#gathered.clear()
    const { notify, schema } = this.#options
    notify(schema, this.#text(hints)).catch(() => undefined)
  }

  /** A message that the server takes. */
  #text(hints: readonly Hint[]): string {
    const said = hints.map(({ kind, queues }) => [
      kind,
      queues !== null && queues.length <= NAMED ? queues : null,
    ])
    const text = JSON.stringify([this.#me, said])
    return Buffer.byteLength(text) < MESSAGE ? text : JSON.stringify([this.#me, [['any', null]]])
  }

  async #listen(): Promise<void> {
    const { url, schema, name, timeout } = this.#options
    if (url === null) return
    const turn = this.#turn
    const isOver = (): boolean => !this.#running || turn !== this.#turn
    try {
      const link = await connect({ url, name, direct: true, timeout })
      if (isOver()) return link.destroy()
      this.#link = link
      link.client.on('notification', ({ payload }) => this.#heard(payload ?? ''))
      link.client.on('end', () => this.#lost(link))
      await link.send(`LISTEN ${schema}`, [], false)
      if (isOver()) return
      this.#probe = setInterval(() => void this.#ask(link), PROBE).unref()
      // What happened before it could be heard.
      this.#options.tell([{ kind: 'any', queues: null }])
    } catch {
      if (!isOver()) this.#again()
    }
  }

  async #ask(link: Connection): Promise<void> {
    const timer = setTimeout(() => link.destroy(), PROBE)
    await link.send('SELECT 1', [], false).catch(() => link.destroy())
    clearTimeout(timer)
  }

  #lost(link: Connection): void {
    if (this.#link !== link) return
    this.#link = null
    if (this.#probe !== null) clearInterval(this.#probe)
    this.#probe = null
    this.#again()
  }

  #again(): void {
    if (!this.#running || this.#timer !== null) return
    this.#timer = setTimeout(() => {
      this.#timer = null
      if (this.#running) void this.#listen()
    }, RETRY).unref()
  }

  #heard(text: string): void {
    if (!this.#running) return
    try {
      const [from, hints] = JSON.parse(text) as [string, [Hint['kind'], string[] | null][]]
      if (from === this.#me) return
      for (const other of sameStore.get(this.#key) ?? []) if (other.#me === from) return
      this.#options.tell(hints.map(([kind, queues]) => ({ kind, queues })))
    } catch {
      this.#options.tell([{ kind: 'any', queues: null }])
    }
  }
}
