// The log of a process as it is configured: to stderr, and to LOG_FILE as well when one is set.
// Owns what the settings make of a log file; writing and rotating it is base/log-file.ts.

import { resolve } from 'node:path'

import { createLog, type Log, type LogOptions } from '../base/log.ts'
import { LogFile } from '../base/log-file.ts'
import type { Settings } from './settings.ts'

/** A log, and the end of its file: a line that comes later opens it again. */
export interface OpenLog {
  readonly log: Log
  readonly close: () => void
}

/**
 * Opens the log. A file that cannot be written is told on stderr and left out as long as that lasts: work goes on.
 */
export function openLog(settings: Settings): OpenLog {
  const { level, file } = settings.log
  const written = file === null ? null : openLogFile(resolve(settings.root, file), settings, toStderr)
  const write = (text: string): void => {
    toStderr(text)
    written?.write(text)
  }
  return {
    log: createLog({ level, redact: settings.redact, destination: { write } }),
    close: () => written?.close(),
  }
}

/**
 * A log file with the bounds of the settings.
 * @param tell hears on one line each that it cannot be written, and that it can again
 * @param look of the lines that the file itself adds: `json`, `translate`
 */
export function openLogFile(
  path: string,
  { log: { size, keep } }: Settings,
  tell: (line: string) => void,
  look: Pick<LogOptions, 'json' | 'translate'> = {},
): LogFile {
  let line = ''
  const log = createLog({ ...look, destination: { write: (text) => (line = text) } })
  const lostLine = (lost: number): string => {
    log.warn('log lines are missing here: they could not be written', { lost })
    return line
  }
  return new LogFile({ path, size, keep, lostLine, tell: (sentence) => tell(`${sentence}\n`) })
}

function toStderr(text: string): void {
  process.stderr.write(text)
}
