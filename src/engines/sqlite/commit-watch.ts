// Tells other connections of commits and hears of theirs: other processes and threads by the write-ahead log, whose
// time is set after each commit and which they watch; other engines of this thread directly; a slow poll as the net.
// Promises that only a change that can be read becomes a hint, and that an idle store costs next to nothing. Hears
// only while somebody watches, and never keeps a process alive.

import { utimesSync, watch, type FSWatcher } from 'node:fs'

import type { Hint } from '../../core/hot-verbs.ts'
import type { Connection } from './connection.ts'

const VERSION = 'PRAGMA data_version'
const COUNTERS = 'SELECT work, cancels, change FROM windlass_counters WHERE one = 1'

/** The net below the file watch. */
const POLL = 250
/**
 * The log is written before the commit can be read, by as long as its fsync takes. Our own engines say when it can; a
 * transaction of a caller's own connection does not, so it is looked for some more times.
 */
const LOOKS = [1, 2, 4, 8, 16, 32] as const
/** Commits with less time between them are a run. */
const RUN_GAP = 5

/** Commits in a row, each soon after the one before, after which the file watch pauses; it costs 5 to 15 %. */
const BUSY_RUN = 50
/** Without a commit of its own for so long, an engine watches the file again. */
const REST = 20

/** Engines of this thread that watch the same file. */
const sameFile = new Map<string, Set<CommitWatch>>()

export class CommitWatch {
  readonly #connection: Connection
  readonly #path: string
  readonly #tell: (hints: readonly Hint[]) => void
  #running = false
  #watcher: FSWatcher | null = null
  #poll: NodeJS.Timeout | null = null
  #look: NodeJS.Timeout | null = null
  #step = 0
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
    this.#look = null
  }

  /** The engine itself has committed something of interest to others, or nothing (`told` false). */
  committed(told: boolean): void {
    const now = performance.now()
    this.#busyRun = now - this.#ownAt < RUN_GAP ? this.#busyRun + 1 : 0
    this.#ownAt = now
    if (this.#running) this.#lookInPassing()
    if (told) this.#ring()
    for (const other of sameFile.get(this.#path) ?? [])
      if (other !== this) queueMicrotask(() => other.#probe())
  }

  /** Wakes who watches the log, now that the commit can be read: 2 µs, and no other file is needed. */
  #ring(): void {
    const now = Date.now() / 1_000
    try {
      utimesSync(`${this.#path}-wal`, now, now)
    } catch {
      // No log any more, or not ours to touch: others hear of the commit by the log's own change, a little later.
    }
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

  /** Somebody wrote to the log, perhaps this engine itself, or says that what was written can be read. */
  #heard(): void {
    if (!this.#running) return
    this.#step = 0
    if (this.#look !== null) clearTimeout(this.#look)
    this.#look = null
    if (!this.#probe()) this.#lookLater()
  }

  #lookLater(): void {
    const wait = LOOKS[this.#step++]
    if (wait === undefined) return
    this.#look = setTimeout(() => {
      this.#look = null
      if (!this.#probe()) this.#lookLater()
    }, wait).unref()
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
