// The log of a process: levels and fields, as JSON lines or as lines for people. pino does the work; this file fixes
// the shape that the rest of the code relies on, and redacts fields by the configured paths. Saying something never
// throws, whatever the fields do; a field never stands in for the level, the time or the message of its line; errors
// are told as they are kept (core/kept-error.ts), so that their other properties and known secrets stay out.

import { pino, type DestinationStream } from 'pino'

import { WindlassError } from '../core/errors.ts'
import { cut, keepError } from '../core/kept-error.ts'
import { LIMITS } from '../core/limits.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

type Level = Exclude<LogLevel, 'silent'>

export interface Log {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
  /** The same log with fields that every line carries; a line's own field of the same name goes before. */
  child(fields: object): Log
  /** Are lines of this level written at all? Without it all are, as far as others can know. */
  readonly enabled?: (level: Level) => boolean
}

export interface LogOptions {
  /** Default `info`. */
  readonly level?: LogLevel
  /** One JSON object a line, else lines for people. */
  readonly json?: boolean
  /** Where lines go. Default stderr. */
  readonly destination?: { write(text: string): unknown }
  /** Paths whose values are replaced by `[redacted]`. */
  readonly redact?: readonly string[]
  /** Messages of lines for people in another language; JSON lines keep their words. */
  readonly translate?: (message: string) => string
}

/**
 * A log that writes whole lines to `destination`.
 * @throws WindlassError `config_invalid` for a level or a path that cannot be read
 */
export function createLog(options: LogOptions = {}): Log {
  const out = options.destination ?? process.stderr
  const stream: DestinationStream = {
    write: (line) => void out.write(options.json === true ? line : forPeople(line, options.translate)),
  }
  try {
    return wrap(pino(pinoOptions(options), stream))
  } catch (cause) {
    throw new WindlassError(
      'config_invalid',
      'the log cannot be opened: a level or a path to redact is wrong',
      {
        cause,
      },
    )
  }
}

function pinoOptions(options: LogOptions): pino.LoggerOptions {
  return {
    level: options.level ?? 'info',
    base: null,
    timestamp: () => `,"time":"${new Date().toISOString()}"`,
    formatters: { level: (label) => ({ level: label }) },
    messageKey: 'message',
    errorKey: 'error',
    serializers: { error: (value: unknown) => (Error.isError(value) ? keepError(value) : value) },
    redact: { paths: [...(options.redact ?? [])], censor: '[redacted]' },
  }
}

/** Says nothing. */
export const silentLog: Log = createLog({ level: 'silent' })

function wrap(logger: pino.Logger): Log {
  const at =
    (level: Level) =>
    (message: string, fields?: object): void =>
      say(logger, level, message, fields)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(childOf(logger, fields)),
    enabled: (level) => logger.isLevelEnabled(level),
  }
}

function say(logger: pino.Logger, level: Level, message: string, fields: object | undefined): void {
  if (!logger.isLevelEnabled(level)) return
  const text = cut(message, LIMITS.logLineBytes)
  try {
    logger[level](ownNames(fields ?? {}), text)
  } catch {
    try {
      logger[level]({ fields: 'cannot be read' }, text)
    } catch {
      // The destination fails: there is nowhere left to say so.
    }
  }
}

function childOf(logger: pino.Logger, fields: object): pino.Logger {
  try {
    return logger.child(ownNames(fields))
  } catch {
    return logger.child({ fields: 'cannot be read' })
  }
}

/** Fields under names that are not those of the line itself: `level` becomes `level_`. */
function ownNames(fields: object): object {
  if (Error.isError(fields)) return { error: fields }
  if (!('level' in fields || 'time' in fields || 'message' in fields)) return fields
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]: [string, unknown]) => [
      key === 'level' || key === 'time' || key === 'message' ? `${key}_` : key,
      value,
    ]),
  )
}

/**
 * `2026-01-31T08:00:00.000Z INFO  message key=value key="two words"`, always one line: control characters are escaped.
 * @param line one JSON object; other text comes back as it is
 */
export function forPeople(line: string, translate: (message: string) => string = (text) => text): string {
  const parsed = parseLine(line)
  if (parsed === null) return line
  const { time, level, message, error, ...fields } = parsed
  const parts = Object.entries(fields).map(([key, value]) => `${plain(key)}=${plain(value)}`)
  const head = `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${translate(String(message))}`
  const said = error === undefined ? parts : [...parts, `error=${plain(errorText(error))}`]
  return `${[head, ...said].join(' ').replaceAll(/[\p{Cc}\u2028\u2029]/gu, escaped)}\n`
}

function parseLine(line: string): Record<string, unknown> | null {
  try {
    const value: unknown = JSON.parse(line)
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
  } catch {
    return null
  }
}

function escaped(control: string): string {
  return control === '\n' ? '\\n' : `\\u${control.charCodeAt(0).toString(16).padStart(4, '0')}`
}

/** The message of an error and those of its causes. */
function errorText(error: unknown): unknown {
  if (typeof error !== 'object' || error === null || !('message' in error)) return error
  const causes =
    'causes' in error && Array.isArray(error.causes) ? (error.causes as { message?: unknown }[]) : []
  return [error.message, ...causes.map((cause) => cause.message)].join(': ')
}

function plain(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value) ?? 'null'
}
