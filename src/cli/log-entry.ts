// One line of a log file as it is understood again: when, how bad, by which worker, and what. Both shapes are read, the
// one for people and JSON, also what a handler printed as bare text.
// Promises that every line is understood as something. Leaves finding lines to src/supervisor/log-tail.ts.

import { forPeople, type LogLevel } from '../base/log.ts'

export type EntryLevel = Exclude<LogLevel, 'silent'>

export interface LogEntry {
  /** Milliseconds since the epoch; null: the line does not say. */
  readonly time: number | null
  /** Null: the line does not say. */
  readonly level: EntryLevel | null
  /** Null: the process that wrote the file itself. */
  readonly worker: string | null
  /** Without the name of the worker; JSON as it was. */
  readonly text: string
  /** The line as an object; null: it is none. */
  readonly fields: Readonly<Record<string, unknown>> | null
}

/** The best one first. */
export const LEVELS: readonly EntryLevel[] = ['debug', 'info', 'warn', 'error']
const NAMED = /^\[([^\]\s]{1,200})\] (.*)$/s
const HEADED = /^(\d{4}-\d\d-\d\dT[\d:.]+Z) (DEBUG|INFO|WARN|ERROR) +(.*)$/s

/** @param line without its line end */
export function readEntry(line: string): LogEntry {
  const [, name = null, rest = line] = NAMED.exec(line) ?? []
  const fields = parseObject(rest)
  if (fields !== null) {
    const { time, level, worker } = fields
    return {
      time: typeof time === 'string' ? readTime(time) : null,
      level: LEVELS.find((one) => one === level) ?? null,
      worker: name ?? (typeof worker === 'string' ? worker : null),
      text: rest,
      fields,
    }
  }
  const [, time = null, level = ''] = HEADED.exec(rest) ?? []
  return {
    time: time === null ? null : readTime(time),
    level: LEVELS.find((one) => one === level.toLowerCase()) ?? null,
    worker: name,
    text: rest,
    fields: null,
  }
}

/** Is it at least as bad as `level`? What does not say counts as `info`. */
export function reaches(entry: LogEntry, level: EntryLevel): boolean {
  return LEVELS.indexOf(entry.level ?? 'info') >= LEVELS.indexOf(level)
}

/** Did this worker say it, or was it said of it? */
export function concerns({ worker, fields, text }: LogEntry, name: string): boolean {
  if (worker !== null || fields !== null) return worker === name
  return text.split(' ').includes(`worker=${name}`)
}

/** As one JSON object. */
export function entryJson({ time, level, worker, text, fields }: LogEntry): string {
  const who = worker === null ? {} : { worker }
  if (fields !== null) return JSON.stringify({ ...fields, ...who })
  const [, , , message = text] = HEADED.exec(text) ?? []
  const when = time === null ? null : new Date(time).toISOString()
  return JSON.stringify({ level: level ?? 'info', time: when, ...who, message })
}

/** As a line for people: the name of the worker and what it said. */
export function entryText(
  { worker, text, fields }: LogEntry,
  look: {
    /** How the name of a worker looks. */
    readonly name: (name: string) => string
    readonly translate: (message: string) => string
    readonly printable: (text: string) => string
  },
): string {
  const said = look.printable(fields === null ? text : forPeople(text, look.translate).trimEnd())
  return worker === null ? said : `${look.name(look.printable(`[${worker}]`))} ${said}`
}

/** The line with the name of who said it, in the shape of a file that several write. */
export function nameLine(worker: string, text: string, json: boolean): string {
  if (!json) return `[${worker}] ${text}`
  const fields = parseObject(text) ?? { level: 'info', time: new Date().toISOString(), message: text }
  return JSON.stringify({ ...fields, worker })
}

function readTime(text: string): number | null {
  const time = Date.parse(text)
  return Number.isNaN(time) ? null : time
}

function parseObject(text: string): Record<string, unknown> | null {
  if (!text.startsWith('{')) return null
  try {
    return JSON.parse(text) as Record<string, unknown>
  } catch {
    return null
  }
}
