// Hears of commits that other connections made: other processes and threads by watching the write-ahead log, other
// engines of this thread by telling them directly, and a slow poll as the net below both.
// Promises that only a change that can be read becomes a hint, and that an idle store costs next to nothing. Runs
// only while somebody watches, and never keeps a process alive.

import { watch, type FSWatcher } from 'node:fs'

import type { Hint } from '../../core/hot-verbs.ts'
import type { Connection } from './connection.ts'

const VERSION = 'PRAGMA data_version'
const COUNTERS = 'SELECT work, cancels, change FROM windlass_counters WHERE one = 1'

/** The net below the file watch. */
const POLL = 250
/** The log is written before the commit can be read, by as long as its fsync takes: how long to look for it. */
const LOOKS = [1, 1, 1, 2, 4, 8, 16, 32] as const
/** First looks come with each turn of the event loop for so long: most commits can be read by then. */
const EAGER = 3
/** Such looks may take this share of the time in the long run, and this much of it (ms) at once. */
const EAGER_SHARE = 0.05
const EAGER_MOST = 30
/** Who has committed within this time hears its own writes, and is awake anyhow: no eager looks. */
const AWAKE = 5

/** Commits in a row, each soon after the one before, after which the file watch pauses; it costs 5 to 15 %. */
const BUSY_RUN = 50
/** Without a commit of its own for so long, an engine watches the file again. */
const REST = 20

/** Engines of this thread that watch the same file. */
const sameFile = new Map<string, Set<Neighbours>>()

export class Neighbours {
  readonly #connection: Connection
  readonly #path: string
  readonly #tell: (hints: readonly Hint[]) => void
  #running = false
  #watcher: FSWatcher | null = null
  #poll: NodeJS.Timeout | null = null
  #look: NodeJS.Timeout | null = null
  #eager: NodeJS.Immediate | null = null
  /** How long the look that is planned waits, in ms; 0: none is. */
  #wait = 0
  #heardAt = 0
  #step = 0
  /** Time left for eager looks, in ms, as of `#creditAt`. */
  #credit = EAGER_MOST
  #creditAt = performance.now()
  #ownAt = -Infinity
  #busyRun = 0
  #rest: NodeJS.Timeout | null = null
  #version = 0
  #counters: readonly number[] = []

  constructor(connection: Connection, path: string, tell: (hints: readonly Hint[]) => void) {
    this.#connection = connection
    this.#path = path
    this.#tell = tell
  }

  start(): void {
    if (this.#running) return
    this.#running = true
    const group = sameFile.get(this.#path) ?? new Set()
    sameFile.set(this.#path, group.add(this))
    try {
      this.#version = this.#readVersion()
      this.#counters = this.#readCounters()
    } catch {
      // Not to be read just now: the first look tells more than has changed.
    }
    this.#watcher = this.#watchLog()
    this.#poll = setInterval(() => this.#probe(), POLL).unref()
  }

  stop(): void {
    if (!this.#running) return
    this.#running = false
    const group = sameFile.get(this.#path)
    group?.delete(this)
    if (group?.size === 0) sameFile.delete(this.#path)
    this.#watcher?.close()
    this.#watcher = null
    if (this.#poll !== null) clearInterval(this.#poll)
    if (this.#rest !== null) clearTimeout(this.#rest)
    if (this.#look !== null) clearTimeout(this.#look)
    if (this.#eager !== null) clearImmediate(this.#eager)
    this.#look = null
    this.#eager = null
    this.#wait = 0
  }

  /** The engine itself has committed: engines of this thread need no file watch to hear of it. */
  committed(): void {
    const now = performance.now()
    this.#busyRun = now - this.#ownAt < AWAKE ? this.#busyRun + 1 : 0
    this.#ownAt = now
    if (this.#running) this.#lookInPassing()
    for (const other of sameFile.get(this.#path) ?? [])
      if (other !== this) queueMicrotask(() => other.#probe())
  }

  /** Who commits all the time hears mostly itself: it looks beside its commits instead, until it rests. */
  #lookInPassing(): void {
    if (this.#watcher === null) queueMicrotask(() => this.#probe())
    else if (this.#busyRun > BUSY_RUN) {
      this.#watcher.close()
      this.#watcher = null
      this.#rest = setTimeout(() => this.#watchAgain(), REST).unref()
    }
  }

  #watchAgain(): void {
    if (performance.now() - this.#ownAt < REST) {
      this.#rest = setTimeout(() => this.#watchAgain(), REST).unref()
      return
    }
    this.#watcher = this.#watchLog()
    this.#probe()
  }

  #watchLog(): FSWatcher | null {
    try {
      // The log stays the same file as long as any connection is open, and ours is.
      const watcher = watch(`${this.#path}-wal`, { persistent: false }, () => this.#heard())
      watcher.on('error', () => watcher.close())
      return watcher
    } catch {
      // No file watch to be had here: the poll alone hears of others, a little later.
      return null
    }
  }

  /** Somebody writes to the log, perhaps this engine itself. */
  #heard(): void {
    if (!this.#running) return
    this.#heardAt = performance.now()
    this.#step = 0
    if (this.#eager !== null || this.#wait === 1) return
    if (this.#look !== null) clearTimeout(this.#look)
    this.#look = null
    if (!this.#probe()) this.#lookSoon()
  }

  #lookSoon(): void {
    const now = performance.now()
    const again = (): void => {
      this.#look = null
      this.#eager = null
      this.#wait = 0
      if (!this.#probe()) this.#lookSoon()
    }
    if (now - this.#heardAt < EAGER && now - this.#ownAt > AWAKE && this.#mayBeEager(now)) {
      this.#eager = setImmediate(again)
      return
    }
    this.#wait = LOOKS[this.#step++] ?? 0
    if (this.#wait > 0) this.#look = setTimeout(again, this.#wait).unref()
  }

  /** Beside a neighbour that writes without pause, looking all the time would cost as much as working. */
  #mayBeEager(now: number): boolean {
    const passed = now - this.#creditAt
    this.#creditAt = now
    // Time since the last eager look was spent looking; any longer time was rest.
    const spent = passed < 0.2 ? passed : 0
    this.#credit = Math.min(EAGER_MOST, this.#credit + passed * EAGER_SHARE - spent)
    return this.#credit > 0
  }

  /** Looks whether another connection has committed, and tells what kind of change it was. */
  #probe(): boolean {
    if (!this.#running || this.#connection.db.isTransaction) return false
    try {
      const version = this.#readVersion()
      if (version === this.#version) return false
      const counters = this.#readCounters()
      const [work, cancels, change] = this.#counters
      this.#version = version
      this.#counters = counters
      const hints: Hint[] = []
      if (counters[0] !== work) hints.push({ kind: 'work', queues: null })
      if (counters[1] !== cancels) hints.push({ kind: 'cancel', queues: null })
      if (counters[2] !== change) hints.push({ kind: 'change', queues: null })
      if (hints.length > 0) this.#tell(hints)
      return true
    } catch {
      // Refused or closed: the poll looks again.
      return false
    }
  }

  #readVersion(): number {
    return Number(this.#connection.get(VERSION)?.[0] ?? 0)
  }

  #readCounters(): readonly number[] {
    return (this.#connection.get(COUNTERS) as readonly number[] | undefined) ?? []
  }
}
