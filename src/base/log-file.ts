// A log file that rotates by size, shared by any number of processes that write whole lines to one path.
// Promises that saying something never throws and never waits, that a line is in the file when `write` returns, that
// lines which cannot be written are counted and the count is told in the file when there is room again, and that
// reading `x.log.2`, `x.log.1`, `x.log` in this order tells everything once. The libraries for this (pino-roll,
// streamroller, rotating-file-stream, winston's) buffer, and lose or overwrite files when a second process rotates.

import { closeSync, constants, fstatSync, mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'

import { systemClock, type Clock } from './clock.ts'
import { isSameFile, rotate, statIfThere, type FileIdentity } from './log-rotation.ts'

export interface LogFileOptions {
  readonly path: string
  /** Rotated before it would grow beyond so many bytes. */
  readonly size: number
  /** Rotated files that stay, 1 or more. */
  readonly keep: number
  /** Hears in a sentence that the file cannot be written, and that it can again; each trouble once a minute at most. */
  readonly tell: (sentence: string) => void
  /** The line in the file about lines that are not there. */
  readonly lostLine: (count: number) => string
  readonly clock?: Clock
}

/** After a failure lines are dropped without a try for this long, in ms: a full disk costs no work. */
const PAUSE = 1_000
/** A trouble that comes and goes is told this seldom, in ms. */
const QUIET = 60_000

// A pipe that nobody reads must not hold up the process; for a file the flag means nothing.
const FLAGS = constants.O_WRONLY | constants.O_APPEND | constants.O_CREAT | (constants.O_NONBLOCK ?? 0)

interface OpenFile extends FileIdentity {
  readonly handle: number
  /** Not a pipe, a terminal or another device. */
  readonly plain: boolean
}

export class LogFile {
  readonly #options: LogFileOptions
  readonly #clock: Clock
  #file: OpenFile | null = null
  #lost = 0
  #retryAt = Number.NEGATIVE_INFINITY
  /** The last line was cut off by a full disk. */
  #torn = false
  #quietUntil = Number.NEGATIVE_INFINITY
  #told = false
  #rotateAt = Number.NEGATIVE_INFINITY

  constructor(options: LogFileOptions) {
    this.#options = options
    this.#clock = options.clock ?? systemClock
  }

  /** Lines that could not be written and that the file does not tell of yet. */
  get lost(): number {
    return this.#lost
  }

  /** @param line whole, with its line end */
  write(line: string): void {
    if (this.#clock.mono() < this.#retryAt) {
      this.#lost++
      return
    }
    try {
      const text = `${this.#torn ? '\n' : ''}${this.#lost > 0 ? this.#options.lostLine(this.#lost) : ''}${line}`
      const bytes = Buffer.from(text)
      this.#append(this.#ready(bytes.length), bytes)
      if (this.#lost > 0) this.#recovered()
    } catch (error) {
      this.#failed(error)
    }
  }

  /** Gives the file back; a later `write` opens it again. */
  close(): void {
    const { handle = null } = this.#file ?? {}
    this.#file = null
    if (handle === null) return
    try {
      closeSync(handle)
    } catch {
      // It is gone either way.
    }
  }

  /** The file at the path, with room for so many bytes. */
  #ready(bytes: number): OpenFile {
    const { path, size } = this.#options
    const held = this.#file ?? this.#open()
    if (!held.plain) return held
    const there = statIfThere(path)
    if (there === null || !isSameFile(there, held)) return this.#anew()
    if (there.size === 0 || there.size + bytes <= size || this.#clock.mono() < this.#rotateAt) return held
    this.#rotate(held)
    return this.#anew()
  }

  #rotate(held: OpenFile): void {
    const { path, keep } = this.#options
    try {
      rotate(path, held, keep)
    } catch (error) {
      // A folder that may not be written: the file grows on, which is better than no log.
      this.#rotateAt = this.#clock.mono() + QUIET
      this.#complain(`the log file ${path} cannot be rotated: ${reasonOf(error)}`)
    }
  }

  #anew(): OpenFile {
    this.close()
    return this.#open()
  }

  #open(): OpenFile {
    const { path } = this.#options
    mkdirSync(dirname(path), { recursive: true })
    const handle = openSync(path, FLAGS)
    const found = fstatSync(handle)
    this.#file = { handle, dev: found.dev, ino: found.ino, plain: found.isFile() }
    return this.#file
  }

  #append({ handle }: OpenFile, bytes: Buffer): void {
    let done = 0
    try {
      while (done < bytes.length) done += writeSync(handle, bytes, done)
      this.#torn = false
    } catch (error) {
      this.#torn ||= done > 0
      throw error
    }
  }

  #failed(error: unknown): void {
    this.#lost++
    this.#retryAt = this.#clock.mono() + PAUSE
    // Opened again at the next try: whatever was mended may be another file.
    this.close()
    const { path } = this.#options
    if (
      !this.#complain(
        `the log file ${path} cannot be written: ${reasonOf(error)}; lines are dropped until it can`,
      )
    )
      return
    this.#told = true
  }

  #recovered(): void {
    if (this.#told)
      this.#say(`the log file ${this.#options.path} is written again; ${this.#lost} lines were lost`)
    this.#told = false
    this.#lost = 0
  }

  /** False: it was told lately. */
  #complain(sentence: string): boolean {
    const now = this.#clock.mono()
    if (now < this.#quietUntil) return false
    this.#quietUntil = now + QUIET
    this.#say(sentence)
    return true
  }

  #say(sentence: string): void {
    try {
      this.#options.tell(sentence)
    } catch {
      // Nobody listens any more; the file is what matters.
    }
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
