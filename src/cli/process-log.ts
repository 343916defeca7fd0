// The log of a long-running verb: to stdout, as lines for people or one JSON object a line, and to a log file as well.
// Promises that a log file which cannot be written stops nobody: it is told on stderr, and what was lost is counted; and
// that whoever does not read stdout costs 8 MB, and misses lines.
// Leaves rotating it to base/log-file.ts, and reading it to `logs` and `follow`.

import { resolve } from 'node:path'
import type { Writable } from 'node:stream'
import { stripVTControlCharacters } from 'node:util'

import { createLog, type Log } from '../base/log.ts'
import type { LogFile } from '../base/log-file.ts'
import { openLogFile } from '../config/log.ts'
import type { Settings } from '../config/settings.ts'
import type { Cli } from './cli.ts'
import { nameLine } from './log-entry.ts'

export interface ProcessLog {
  readonly log: Log
  /** Where the log file is, absolute; null: there is none. */
  readonly file: string | null
  /** A line that is ready as it stands. */
  readonly line: (text: string) => void
  /** From now on the log file gets the lines as well; nothing when there is none. */
  readonly openFile: () => void
  /** It gets none any more, until it is opened again. */
  readonly closeFile: () => void
  /** From now on `take` gets the lines first; those that it does not take (false) go where they went. */
  readonly divert: (take: (text: string) => boolean) => void
}

export interface ProcessLogOptions {
  /** The log file where neither LOG_FILE nor the config names one, from the config's folder. Default: none. */
  readonly file?: string | null
  /** The name that goes with each line in the file, because other processes write there as well. */
  readonly worker?: string | null
}

/** Bytes. A reader that is stopped reads nothing, perhaps for hours: more than this is not kept for it. */
const UNREAD = 8 * 1024 * 1024

/** Where the supervisor of a process keeps the log. Not LOG_FILE: what a handler starts may understand that, too. */
export const SUPERVISOR_LOG = 'WINDLASS_SUPERVISOR_LOG'

/** Where this worker process goes on when its supervisor is gone. What it starts is told nothing of it. */
export function takeSupervisorLog(env: NodeJS.ProcessEnv = process.env): string | null {
  const { [SUPERVISOR_LOG]: path = null } = env
  delete env[SUPERVISOR_LOG]
  return path
}

/** The log file of the supervisor of that name, from the config's folder, where the config names none. */
export function defaultLogFile(name: string): string {
  return `logs/${encodeURIComponent(name)}.log`
}

/** The absolute path of the log file; null: there is none. */
export function logFileOf(settings: Settings, otherwise: string | null = null): string | null {
  const path = settings.log.file ?? otherwise
  return path === null ? null : resolve(settings.root, path)
}

/** A log to stdout, and to a file as soon as that is opened. */
export function openProcessLog(cli: Cli, settings: Settings, options: ProcessLogOptions = {}): ProcessLog {
  const { json, texts } = cli.out
  const translate = (message: string): string => texts.logLine(message)
  const { worker = null } = options
  const path = logFileOf(settings, options.file)
  let file: LogFile | null = null
  let take: (text: string) => boolean = () => false
  const line = (text: string): void => {
    if (take(text)) return
    if (!isClogged(process.stdout)) cli.out.print(text)
    if (file === null) return
    // The terminal's colours are the terminal's.
    const plain = stripVTControlCharacters(text)
    file.write(`${worker === null ? plain : nameLine(worker, plain, json)}\n`)
  }
  const tell = (sentence: string): void => {
    process.stderr.write(`windlass: ${translate(sentence.trimEnd())}\n`)
  }
  return {
    log: createLog({
      level: cli.globals.verbose ? 'debug' : settings.log.level,
      json,
      redact: settings.redact,
      translate,
      destination: { write: (text) => line(text.trimEnd()) },
    }),
    file: path,
    line,
    openFile: () => {
      if (path !== null) file ??= openLogFile(path, settings, tell, { json, translate })
    },
    closeFile: () => {
      file?.close()
      file = null
    },
    divert: (taker) => {
      take = taker
    },
  }
}

function isClogged(stream: Writable): boolean {
  return stream.writable && stream.writableLength > UNREAD
}
