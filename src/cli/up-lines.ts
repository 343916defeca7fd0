// What `up` prints: each event of the supervisor as a line of its log, and the lines of its workers under their names.
// Promises one JSON object a line with --json, also for what a worker printed as bare text. Leaves the events to
// src/supervisor.

import type { Log } from '../base/log.ts'
import { formatDuration } from '../core/duration.ts'
import type { SupervisorEvent } from '../supervisor/events.ts'
import { maskSecrets } from './mask.ts'
import { printable, type Output } from './output.ts'
import type { ProcessLog } from './process-log.ts'

/** Prints an event. */
export function tellEvent(event: SupervisorEvent, { log, line }: ProcessLog, out: Output): void {
  switch (event.kind) {
    case 'line':
      return line(
        out.json
          ? jsonLine(event.worker, event.stream, event.text)
          : plainLine(event.worker, event.text, out),
      )
    case 'started':
      return log.info('worker started', { event: 'started', worker: event.worker, pid: event.pid })
    case 'ready':
      return log.info('worker ready', {
        event: 'ready',
        worker: event.worker,
        pid: event.pid,
        after_ms: Math.round(event.after),
      })
    case 'all_ready':
      return log.info('all workers are ready', { event: 'all_ready', workers: event.workers })
    case 'ended':
      return tellEnd(event, log)
    case 'reported':
      return log.info('worker reported as dead, its tasks run again', {
        event: 'reported',
        worker: event.worker,
        session: event.session,
        rescued: event.rescued,
      })
    case 'unreported':
      return log.warn(
        event.given_up
          ? 'the store could not be told of the death; the lease ends the session'
          : 'the store cannot be told of the death yet',
        { event: 'unreported', worker: event.worker, session: event.session, ...reason(event.error) },
      )
    case 'restart':
      return log.info(`worker starts again in ${formatDuration(event.delay)}`, {
        event: 'restart',
        worker: event.worker,
        delay_ms: event.delay,
        deaths: event.deaths,
      })
    case 'crash_loop':
      return log.error(
        `crash loop: ${event.worker} died ${event.deaths} times in a row; its last lines follow`,
        {
          event: 'crash_loop',
          worker: event.worker,
          deaths: event.deaths,
          lines: event.lines.map(maskSecrets),
        },
      )
  }
}

function tellEnd(event: Extract<SupervisorEvent, { kind: 'ended' }>, log: Log): void {
  const { worker, pid, code, signal, error, expected } = event
  const fields = { event: 'ended', worker, pid, code, signal, ...(error === null ? {} : { reason: error }) }
  if (expected && code === 0) log.info('worker stopped', fields)
  else if (error !== null) log.error('worker could not be started', fields)
  else if (code === 0) log.warn('worker stopped by itself', fields)
  else log.error('worker died', fields)
}

function reason(error: unknown): { reason?: string } {
  return error instanceof Error ? { reason: maskSecrets(error.message) } : {}
}

function plainLine(worker: string, text: string, out: Output): string {
  return `${out.style('cyan', `[${worker}]`)} ${printable(text)}`
}

/** The worker's own object with its name, or an object around bare text. */
function jsonLine(worker: string, stream: string, text: string): string {
  const value = parseObject(text)
  return JSON.stringify(
    value === null
      ? { level: 'info', time: new Date().toISOString(), worker, stream, message: text }
      : { ...value, worker },
  )
}

function parseObject(text: string): object | null {
  if (!text.startsWith('{')) return null
  try {
    return JSON.parse(text) as object
  } catch {
    return null
  }
}
