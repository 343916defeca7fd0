// Makes room in a log file: `x.log` becomes `x.log.1`, `.1` becomes `.2`, … and the oldest goes.
// Promises that of several processes that want to only one does, so that no file is overwritten before its time, and
// that a process which died in the middle holds nobody up for long. Leaves when to do it to log-file.ts.

import { closeSync, lstatSync, openSync, renameSync, statSync, unlinkSync, type Stats } from 'node:fs'

/** What tells a file from every other one, as long as somebody has it open. */
export interface FileIdentity {
  readonly dev: number
  readonly ino: number
}

export function isSameFile(a: FileIdentity, b: FileIdentity): boolean {
  return a.dev === b.dev && a.ino === b.ino
}

/** The name of a log file that was rotated `n` times. */
export function rotatedName(path: string, n: number): string {
  return n === 0 ? path : `${path}.${n}`
}

/** A rotation takes a millisecond: a lock of this age, in ms, belongs to nobody who lives. */
const STALE = 10_000

/**
 * Moves the file away, so that the next one to open `path` makes a new one.
 * @param held the file as it was when it was found too large; if `path` is another one by now, nothing is done
 * @param keep how many rotated files stay, 1 or more
 * @throws the error of the file system, such as EACCES where the folder may not be written
 */
export function rotate(path: string, held: FileIdentity, keep: number): void {
  // What a link points to belongs to somebody else: /dev/stdout is one.
  if (lstatSync(path, { throwIfNoEntry: false })?.isFile() !== true) return
  const lock = `${path}.lock`
  if (!take(lock)) return
  try {
    const now = statIfThere(path)
    if (now === null || !isSameFile(now, held)) return
    for (let n = keep + 1; isThere(rotatedName(path, n)); n++) unlinkSync(rotatedName(path, n))
    for (let n = keep - 1; n >= 0; n--) {
      const from = rotatedName(path, n)
      if (isThere(from)) renameSync(from, rotatedName(path, n + 1))
    }
  } finally {
    removeIfThere(lock)
  }
}

/** False: another process rotates now. Its files are as good as ours. */
function take(lock: string): boolean {
  try {
    closeSync(openSync(lock, 'wx'))
    return true
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error
    const held = statIfThere(lock)
    // Taken at the next try, not now: whoever else sees it now may remove it a moment later.
    if (held !== null && Date.now() - held.mtimeMs > STALE) removeIfThere(lock)
    return false
  }
}

export function statIfThere(path: string): Stats | null {
  return statSync(path, { throwIfNoEntry: false }) ?? null
}

function isThere(path: string): boolean {
  return statIfThere(path) !== null
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path)
  } catch (error) {
    if (codeOf(error) !== 'ENOENT') throw error
  }
}

function codeOf(error: unknown): unknown {
  return error instanceof Error && 'code' in error ? error.code : null
}
