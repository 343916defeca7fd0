// The log of a process: levels and fields, as JSON lines or as lines for people. pino does the work; this file fixes
// the shape that the rest of the code relies on, and redacts fields by the configured paths.

import { pino, type DestinationStream } from 'pino'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error' | 'silent'

export interface Log {
  debug(message: string, fields?: object): void
  info(message: string, fields?: object): void
  warn(message: string, fields?: object): void
  error(message: string, fields?: object): void
  /** The same log with fields that every line carries. */
  child(fields: object): Log
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
}

/** A log that writes to `destination`. */
export function createLog(options: LogOptions = {}): Log {
  const out = options.destination ?? process.stderr
  const stream: DestinationStream = {
    write: (line) => void out.write(options.json === true ? line : forPeople(line)),
  }
  const logger = pino(
    {
      level: options.level ?? 'info',
      base: null,
      timestamp: () => `,"time":"${new Date().toISOString()}"`,
      formatters: { level: (label) => ({ level: label }) },
      messageKey: 'message',
      errorKey: 'error',
      redact: { paths: [...(options.redact ?? [])], censor: '[redacted]' },
    },
    stream,
  )
  return wrap(logger)
}

/** Says nothing. */
export const silentLog: Log = createLog({ level: 'silent' })

function wrap(logger: pino.Logger): Log {
  const at =
    (level: 'debug' | 'info' | 'warn' | 'error') =>
    (message: string, fields: object = {}): void =>
      logger[level](fields, message)
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => wrap(logger.child(fields)),
  }
}

/** `2026-01-31T08:00:00.000Z INFO  message key=value key="two words"` */
export function forPeople(line: string): string {
  const { time, level, message, error, ...fields } = JSON.parse(line) as Record<string, unknown>
  const parts = Object.entries(fields).map(([key, value]) => `${key}=${plain(value)}`)
  const head = `${String(time)} ${String(level).toUpperCase().padEnd(5)} ${String(message)}`
  const text = parts.length === 0 ? head : `${head} ${parts.join(' ')}`
  return error === undefined ? `${text}\n` : `${text} error=${plain(errorText(error))}\n`
}

function errorText(error: unknown): unknown {
  return typeof error === 'object' && error !== null && 'message' in error ? error.message : error
}

function plain(value: unknown): string {
  if (typeof value === 'string') return /^[\w.:/@+-]+$/.test(value) ? value : JSON.stringify(value)
  return JSON.stringify(value) ?? 'null'
}
