// The log of a long-running verb: to stdout, as lines for people or one JSON object a line, and to LOG_FILE as well.
// Promises that a log file which cannot be written is told once and then left out: work goes on. Written at once, so
// that a killed process has said what it said.

import { mkdirSync, openSync, writeSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { createLog, type Log } from '../base/log.ts'
import type { Settings } from '../config/settings.ts'
import type { Cli } from './cli.ts'

export interface ProcessLog {
  readonly log: Log
  /** A line that is ready as it stands. */
  readonly line: (text: string) => void
  /** From now on LOG_FILE gets the lines as well; nothing when none is configured. */
  readonly openFile: () => void
}

/** A log to stdout. */
export function openProcessLog(cli: Cli, settings: Settings): ProcessLog {
  const path = settings.log.file
  let append: ((text: string) => void) | null = null
  const line = (text: string): void => {
    cli.out.print(text)
    append?.(`${text}\n`)
  }
  const log = createLog({
    level: cli.globals.verbose ? 'debug' : settings.log.level,
    json: cli.out.json,
    redact: settings.redact,
    translate: (message) => cli.out.texts.logLine(message),
    destination: { write: (text) => line(text.trimEnd()) },
  })
  const openFile = (): void => {
    if (path !== null) append ??= appendTo(resolve(settings.root, path))
  }
  return { log, line, openFile }
}

function appendTo(path: string): (text: string) => void {
  let failed = false
  const attempt = <T>(what: () => T): T | null => {
    if (failed) return null
    try {
      return what()
    } catch (error) {
      failed = true
      const reason = error instanceof Error ? error.message : 'unknown'
      process.stderr.write(`windlass: the log file ${path} cannot be written: ${reason}\n`)
      return null
    }
  }
  const handle = attempt(() => {
    mkdirSync(dirname(path), { recursive: true })
    return openSync(path, 'a')
  })
  return (text) => {
    if (handle !== null) attempt(() => writeSync(handle, text))
  }
}
