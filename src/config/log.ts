// The log of a process as it is configured: to stderr, and to LOG_FILE as well when one is set.

import { createWriteStream, mkdirSync } from 'node:fs'
import { dirname, resolve } from 'node:path'

import { createLog, type Log } from '../base/log.ts'
import type { Settings } from './settings.ts'

/**
 * Opens the log. A file that cannot be written is told on stderr once and then left out: work goes on.
 * @param options `json`: one JSON object a line
 */
export function openLog(settings: Settings, options: { readonly json?: boolean } = {}): Log {
  const { level, file } = settings.log
  const write = file === null ? toStderr : toBoth(resolve(settings.root, file))
  return createLog({ level, redact: settings.redact, json: options.json ?? false, destination: { write } })
}

function toStderr(text: string): void {
  process.stderr.write(text)
}

function toBoth(path: string): (text: string) => void {
  let failed = false
  const fail = (error: Error): void => {
    if (!failed) process.stderr.write(`the log file ${path} cannot be written: ${error.message}\n`)
    failed = true
  }
  try {
    mkdirSync(dirname(path), { recursive: true })
  } catch (error) {
    fail(error as Error)
  }
  const stream = createWriteStream(path, { flags: 'a' }).on('error', fail)
  return (text) => {
    toStderr(text)
    if (!failed) stream.write(text)
  }
}
