// The worker's log as a child sees it: lines travel as messages and are written by the worker, with its level, its
// redaction and its destination.

import type { Log } from '../../base/log.ts'
import type { LogLine } from '../../core/record.ts'
import type { FromChild } from './messages.ts'

/** A log whose lines are sent. */
export function logTo(send: (message: FromChild) => void, own: object = {}): Log {
  const at =
    (level: LogLine['level']) =>
    (message: string, fields: object = {}): void =>
      send({ kind: 'log', level, message, fields: { ...own, ...fields } })
  return {
    debug: at('debug'),
    info: at('info'),
    warn: at('warn'),
    error: at('error'),
    child: (fields) => logTo(send, { ...own, ...fields }),
  }
}
