// From the bytes that a process prints to whole lines: split over chunks, bounded in length, UTF-8 kept whole.
// Promises that no text is lost but what is beyond the bound, and that an unfinished last line is told at the end.
// Leaves what a line means to the owner.

import type { Readable } from 'node:stream'

/** Longest line that is passed on whole; longer ones are told in pieces. */
export const LINE_LENGTH = 16 * 1024

/** Calls back for every line of `stream`, without its line end. Longer ones than `most` characters come in pieces. */
export function readLines(
  stream: Readable,
  onLine: (line: string) => void,
  most: number = LINE_LENGTH,
): void {
  let rest = ''
  const take = (text: string): void => {
    const parts = (rest + text).split('\n')
    rest = parts.pop() ?? ''
    for (const part of parts) onLine(part.endsWith('\r') ? part.slice(0, -1) : part)
    while (rest.length > most) {
      onLine(rest.slice(0, most))
      rest = rest.slice(most)
    }
  }
  stream.setEncoding('utf8')
  stream.on('data', take)
  // A reset pipe is the end of the process that wrote it; its exit is told elsewhere.
  stream.on('error', () => {})
  stream.on('close', () => {
    if (rest !== '') onLine(rest)
    rest = ''
  })
}

/** Remembers the last lines, to show them when a process died. */
export class LastLines {
  readonly #lines: string[] = []
  readonly #most: number

  constructor(most: number) {
    this.#most = most
  }

  add(line: string): void {
    this.#lines.push(line.length > 500 ? `${line.slice(0, 500)}…` : line)
    if (this.#lines.length > this.#most) this.#lines.shift()
  }

  get all(): readonly string[] {
    return [...this.#lines]
  }
}
