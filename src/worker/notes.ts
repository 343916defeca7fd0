// What a running attempt has to tell: its last progress and its log lines, bounded, until they are reported or travel
// with the ending. Owns the bounds and the form of a kept line. Sending is the reporter's business.

import { cut } from '../core/kept-error.ts'
import { LIMITS } from '../core/limits.ts'
import type { Json, LogLine, Progress } from '../core/record.ts'
import type { Redactor } from '../core/redact.ts'

/** Progress and log lines of one attempt that the store has not seen yet. */
export class Notes {
  /** An error was logged: worth a warning when the handler then returns nothing. */
  sawError = false
  #progress: Progress | null = null
  #lines: LogLine[] = []
  #taken = 0
  #dropped = 0

  /** True when something waits to be told. */
  get dirty(): boolean {
    return this.#progress !== null || this.#lines.length > 0
  }

  get hasProgress(): boolean {
    return this.#progress !== null
  }

  /** Percent is bounded to 0–100; what is no number counts as 0. */
  setProgress(percent: number, message: unknown, at: number): void {
    const bounded = Number.isFinite(percent) ? Math.min(100, Math.max(0, percent)) : 0
    const text = message === undefined ? null : cut(textOf(message), LIMITS.progressMessageBytes)
    this.#progress = { percent: bounded, message: text, at }
  }

  /** Takes a line, or counts it when the attempt has had its share. */
  addLine(line: LogLine): void {
    if (this.#taken >= LIMITS.logLinesPerAttempt) {
      this.#dropped++
      return
    }
    this.#taken++
    this.#lines.push({ ...line, message: cut(line.message, LIMITS.logLineBytes) })
  }

  /** The worker's own line about the ending: kept beyond the share of the handler. */
  addDecision(line: LogLine): void {
    this.#lines.push({ ...line, message: cut(line.message, LIMITS.logLineBytes) })
  }

  /** Everything that waits; from now on it counts as told. */
  take(): { readonly progress: Progress | null; readonly logs: readonly LogLine[] } {
    const progress = this.#progress
    const logs = this.#lines
    this.#progress = null
    this.#lines = []
    return { progress, logs }
  }

  /** Gives back what surely was not told, before what came since. */
  putBack(progress: Progress | null, logs: readonly LogLine[]): void {
    this.#progress ??= progress
    this.#lines = [...logs, ...this.#lines]
  }

  /** The lines that travel with the ending, with a word on those that were too many. */
  last(at: number): readonly LogLine[] {
    const { logs } = this.take()
    if (this.#dropped === 0) return logs
    const message = `${this.#dropped} more log lines of this attempt were not kept (limit ${LIMITS.logLinesPerAttempt})`
    return [...logs, { at, level: 'warn', message }]
  }
}

/** One line of text from a message and its fields, redacted. Never throws, whatever the handler passed. */
export function lineText(message: unknown, fields: object | undefined, redact: Redactor): string {
  const text = textOf(message)
  if (fields === undefined) return text
  const plain = plainFields(fields, redact)
  return plain === null ? text : `${text} ${JSON.stringify(plain)}`
}

/** Fields as plain JSON, redacted; null: they cannot be written. */
export function plainFields(fields: object, redact: Redactor): Json {
  try {
    const text = JSON.stringify(fields instanceof Error ? { error: fields } : fields, writable) as
      | string
      | undefined
    return text === undefined ? null : redact(JSON.parse(text) as Json)
  } catch {
    return null
  }
}

/** Errors and big integers have no JSON of their own. */
function writable(_key: string, value: unknown): unknown {
  if (value instanceof Error) return { name: value.name, message: value.message }
  return typeof value === 'bigint' ? String(value) : value
}

/** Handlers in JavaScript may pass anything where text is meant. */
function textOf(value: unknown): string {
  return String(value)
}
