// Reads a log file from near its end and on as it grows, across rotations, while others write.
// Promises every line once, in order, and a bounded memory however large the file is: it is read in pieces, backwards to
// find where to begin and forwards from there. Leaves what a line means to its caller.

import { closeSync, fstatSync, openSync, readSync } from 'node:fs'

import { isSameFile, rotatedName, statIfThere, type FileIdentity } from '../base/log-rotation.ts'

/** What a look backwards says of a line: it counts, it does not, or nothing before it matters. */
export type Verdict = 'count' | 'skip' | 'stop'

const PIECE = 64 * 1024
/** A line that is longer is told in pieces: something that is no log must not fill the memory. */
const LONGEST = 1024 * 1024
const LINE_END = 0x0a

interface Held extends FileIdentity {
  readonly handle: number
}

export class LogTail {
  readonly #path: string
  #file: Held
  /** Where the bytes after `#rest` begin. */
  #at = 0
  /** The beginning of a line that is not finished yet. */
  #rest: Buffer = Buffer.alloc(0)
  /** The file was rotated, as an earlier read noticed. */
  #left = false

  /**
   * Opens the file at its beginning.
   * @throws the error of the file system: ENOENT, EACCES
   */
  constructor(path: string) {
    this.#path = path
    // In the middle of a rotation there is no file of that name for a moment.
    this.#file = open(
      statIfThere(path) === null && statIfThere(rotatedName(path, 1)) !== null ? rotatedName(path, 1) : path,
    )
  }

  close(): void {
    closeSync(this.#file.handle)
  }

  /**
   * Goes to the beginning of the line at which `look` has said `count` for `most` lines, from the newest one backwards
   * and through the rotated files, or behind the line for which it said `stop`, or to the oldest line of all.
   * @param most 0: to the end
   */
  rewind(most: number, look: (line: string) => Verdict): void {
    this.#at = fstatSync(this.#file.handle).size
    if (most === 0) return
    let count = 0
    const see = (line: string): 'before' | 'behind' | null => {
      const verdict = look(line)
      if (verdict === 'count') count++
      return verdict === 'stop' ? 'behind' : count === most ? 'before' : null
    }
    for (;;) {
      const found = backwards(this.#file.handle, this.#at, see)
      this.#at = found ?? 0
      if (found !== null || !this.#older()) return
    }
  }

  /**
   * The lines from here on that are there now. Called again, those that came since.
   * @param wait a file that was rotated is left only at the next call: whoever was about to write to it may still do so
   */
  *read(wait: boolean): Generator<string> {
    for (;;) {
      yield* this.#readFile()
      const next = this.#newer()
      if (next === null) return
      if (wait && !this.#left) {
        this.#left = true
        close(next)
        return
      }
      this.#left = false
      // What came between the last look and now.
      yield* this.#readFile()
      yield* this.rest()
      this.#move(next, 0)
    }
  }

  /** The last line, when its end is missing. */
  *rest(): Generator<string> {
    if (this.#rest.length > 0) yield this.#rest.toString()
    this.#rest = Buffer.alloc(0)
  }

  *#readFile(): Generator<string> {
    const { handle } = this.#file
    // Somebody emptied it in place.
    if (fstatSync(handle).size < this.#at) this.#at = 0
    const piece = Buffer.allocUnsafe(PIECE)
    for (let got = 1; got > 0;) {
      got = readSync(handle, piece, 0, PIECE, this.#at)
      this.#at += got
      const bytes = Buffer.concat([this.#rest, piece.subarray(0, got)])
      let from = 0
      for (let end = bytes.indexOf(LINE_END); end !== -1; end = bytes.indexOf(LINE_END, from)) {
        yield bytes.toString('utf8', from, end)
        from = end + 1
      }
      this.#rest = bytes.subarray(from)
      if (this.#rest.length > LONGEST) yield* this.rest()
    }
  }

  /** Moves to the file that was rotated before this one; false: there is none. */
  #older(): boolean {
    const age = this.#age() ?? 0
    for (const [n] of this.#names()) {
      const older = n > age ? openIfThere(rotatedName(this.#path, n)) : null
      if (older === null) continue
      // Rotated meanwhile: the name of the older one is now that of this one.
      if (!isSameFile(older, this.#file)) {
        this.#move(older, fstatSync(older.handle).size)
        return true
      }
      close(older)
    }
    return false
  }

  /** The file that came after this one, opened; null: there is none (yet). */
  #newer(): Held | null {
    for (;;) {
      const age = this.#age()
      if (age === 0) return null
      const name = age === null ? (this.#names().at(-1)?.[0] ?? 0) : age - 1
      const next = openIfThere(rotatedName(this.#path, name))
      if (next === null || this.#age() === age) return next
      close(next)
    }
  }

  /** How often this file was rotated; null: it is gone. */
  #age(): number | null {
    return this.#names().find(([, file]) => isSameFile(file, this.#file))?.[0] ?? null
  }

  /**
   * The files that are there, the newest first. In the middle of a rotation one number is missing; as files only move
   * up, and are looked for upwards, none is overlooked.
   */
  #names(): [number, FileIdentity][] {
    const found: [number, FileIdentity][] = []
    for (let n = 0, missing = 0; missing < 2; n++) {
      const there = statIfThere(rotatedName(this.#path, n))
      missing = there === null ? missing + 1 : 0
      if (there !== null) found.push([n, there])
    }
    return found
  }

  #move(file: Held, at: number): void {
    this.close()
    this.#file = file
    this.#at = at
  }
}

/**
 * Tells the lines before `end`, the last one first, until `see` says where to begin: before that line or behind it.
 * @returns the place, or null: it was never said
 */
function backwards(
  handle: number,
  end: number,
  see: (line: string) => 'before' | 'behind' | null,
): number | null {
  const piece = Buffer.allocUnsafe(PIECE)
  /** Bytes of the line whose beginning is not found yet. */
  let rest: Buffer = Buffer.alloc(0)
  let begin = end
  // The line end of the last line ends nothing that follows.
  let lineEnd = end
  while (begin > 0) {
    const length = Math.min(PIECE, begin)
    begin -= length
    readSync(handle, piece, 0, length, begin)
    rest = Buffer.concat([piece.subarray(0, length), rest])
    for (let at = rest.lastIndexOf(LINE_END); at !== -1; at = rest.lastIndexOf(LINE_END)) {
      const start = begin + at + 1
      const line = rest.subarray(at + 1)
      rest = rest.subarray(0, at)
      if (start < end) {
        const said = see(line.toString())
        if (said !== null) return said === 'before' ? start : lineEnd
      }
      lineEnd = start
    }
    if (rest.length > LONGEST) rest = rest.subarray(0, PIECE)
  }
  if (end === 0) return null
  const said = see(rest.toString())
  if (said === null) return null
  return said === 'before' ? 0 : lineEnd
}

function open(path: string): Held {
  const handle = openSync(path, 'r')
  const { dev, ino } = fstatSync(handle)
  return { handle, dev, ino }
}

function openIfThere(path: string): Held | null {
  try {
    return open(path)
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return null
    throw error
  }
}

function close({ handle }: Held): void {
  closeSync(handle)
}
