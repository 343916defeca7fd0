// What `logs` and `follow` share: which file, which of its lines, and how they are told.
// Promises that neither needs a supervisor that runs, and one JSON object a line with --json. Leaves reading the file
// to src/supervisor/log-tail.ts and what a line means to log-entry.ts.

import type { Command } from 'commander'

import { WindlassError } from '../core/errors.ts'
import { suggest } from '../core/keys.ts'
import { LogTail, type Verdict } from '../supervisor/log-tail.ts'
import type { Cli } from './cli.ts'
import {
  concerns,
  entryJson,
  entryText,
  LEVELS,
  reaches,
  readEntry,
  type EntryLevel,
  type LogEntry,
} from './log-entry.ts'
import { openWindlass } from './open.ts'
import { printable } from './output.ts'
import { defaultLogFile, logFileOf } from './process-log.ts'
import { readSeconds, readTime, readWhole } from './values.ts'

export interface LogFlags {
  readonly lines?: string
  readonly worker?: string
  readonly level?: string
  readonly since?: string
  readonly name?: string
}

/** Lines without `--lines`. */
const LINES = 100
/** Lines are read this far beyond `--since`: several processes write, and not quite in the order of their clocks. */
const SKEW = 10_000
/** Lines told before the reader is waited for. */
const PAGE = 500

/** Declares the options of both verbs. */
export function defineLogFlags(command: Command): Command {
  return command
    .option('-n, --lines <n>', 'last lines (default: 100; with --since all of that time)')
    .option('--worker <name>', 'only what this worker said, and what was said of it')
    .option('--level <level>', 'only this level and worse: debug, info, warn, error')
    .option('--since <time>', 'only lines of the last 10m, or since a time, ISO-8601')
    .option('--name <name>', 'name of the supervisor (default: WORKER_NAME, else worker)')
}

/** The lines that are wanted. */
export class LogReading {
  readonly #cli: Cli
  readonly #tail: LogTail
  readonly #worker: string | null
  readonly #level: EntryLevel
  readonly #since: number | null
  /** Time of the last line that told one: the lines behind it that tell none are of that time. */
  #time: number | null = null

  /** @throws WindlassError `invalid_option`, `not_found` when there is no such file, `refused` when it may not be read */
  static async open(cli: Cli, flags: LogFlags): Promise<LogReading> {
    const level = readLevel(flags.level)
    const since = flags.since === undefined ? null : readSince(flags.since)
    const lines = flags.lines === undefined ? null : readWhole(flags.lines, '--lines', 0, 1_000_000_000)
    const { settings } = await openWindlass(cli, { flags: { 'worker.name': flags.name } })
    const path = logFileOf(settings, defaultLogFile(settings.worker.name ?? 'worker')) ?? ''
    const reading = new LogReading(cli, openTail(path), { level, since, worker: flags.worker ?? null })
    reading.#rewind(lines ?? (since === null ? LINES : Number.POSITIVE_INFINITY))
    return reading
  }

  private constructor(
    cli: Cli,
    tail: LogTail,
    wanted: { readonly level: EntryLevel; readonly since: number | null; readonly worker: string | null },
  ) {
    this.#cli = cli
    this.#tail = tail
    this.#level = wanted.level
    this.#since = wanted.since
    this.#worker = wanted.worker
  }

  /** Tells what is there and was not told yet. `last`: nothing is to come, so a line without its end is told, too. */
  async tell(options: { readonly last: boolean; readonly wait: boolean }): Promise<void> {
    let told = 0
    for (const line of this.#tail.read(options.wait))
      if (this.#tellLine(line) && ++told % PAGE === 0) await this.#cli.out.flush()
    if (options.last) for (const line of this.#tail.rest()) this.#tellLine(line)
  }

  close(): void {
    this.#tail.close()
  }

  #rewind(lines: number): void {
    const since = this.#since
    this.#tail.rewind(lines, (line): Verdict => {
      const entry = readEntry(line)
      if (since !== null && entry.time !== null && entry.time < since - SKEW) return 'stop'
      return this.#wants(entry) && (since === null || entry.time === null || entry.time >= since)
        ? 'count'
        : 'skip'
    })
  }

  #wants(entry: LogEntry): boolean {
    return reaches(entry, this.#level) && (this.#worker === null || concerns(entry, this.#worker))
  }

  #tellLine(line: string): boolean {
    const entry = readEntry(line)
    this.#time = entry.time ?? this.#time
    if (line === '' || !this.#wants(entry)) return false
    if (this.#since !== null && (this.#time === null || this.#time < this.#since)) return false
    const { out } = this.#cli
    const name = (text: string): string => out.style('cyan', text)
    const translate = (message: string): string => out.texts.logLine(message)
    out.print(out.json ? entryJson(entry) : entryText(entry, { name, translate, printable }))
    return true
  }
}

function openTail(path: string): LogTail {
  try {
    return new LogTail(path)
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null
    if (code === 'ENOENT' || code === 'ENOTDIR')
      throw new WindlassError('not_found', `there is no log file ${path}`, {
        hint: 'windlass up writes one; LOG_FILE, log.file and --name say which.',
      })
    throw new WindlassError('refused', `the log file ${path} cannot be read`, {
      cause,
      hint: 'Let this user read it.',
    })
  }
}

function readLevel(value: string | undefined): EntryLevel {
  if (value === undefined) return 'debug'
  const level = LEVELS.find((one) => one === value.toLowerCase())
  if (level !== undefined) return level
  throw new WindlassError('invalid_option', `--level is one of ${LEVELS.join(', ')}${suggest(value, LEVELS)}`)
}

/** A time, or a duration before now. */
function readSince(value: string): number {
  if (/^\d{4}-/.test(value)) return readTime(value, '--since').getTime()
  return Date.now() - readSeconds(value, '--since')
}
