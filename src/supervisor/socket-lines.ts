// JSON lines over a unix socket, both ways. Promises that a reader that does not read costs a bounded amount of memory
// and nobody's time, and that a broken socket is told once, as its end. Leaves what the lines mean to both ends.

import type { Socket } from 'node:net'

import { readLines } from './lines.ts'

/** Longest line in characters; a longer one comes in pieces, which are no JSON. */
export const LINE_MOST = 4 * 1024 * 1024

/** What may wait for a reader, in bytes, before optional lines are dropped. */
const WAITING_MOST = 1024 * 1024

/**
 * Calls back for each line as a value; undefined: it was no JSON.
 * @param most longest line in characters
 */
export function readValues(socket: Socket, most: number, onValue: (value: unknown) => void): void {
  readLines(socket, (line) => onValue(parse(line)), most)
}

/** Writes a value as a line. False: nobody takes it, or too much waits already and it may be dropped. */
export function writeValue(socket: Socket, value: object, mayDrop = false): boolean {
  if (!socket.writable || (mayDrop && socket.writableLength > WAITING_MOST)) return false
  socket.write(`${JSON.stringify(value)}\n`)
  return true
}

function parse(line: string): unknown {
  try {
    return JSON.parse(line)
  } catch {
    return undefined
  }
}
