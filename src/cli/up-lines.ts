// What `up` prints: each event of the supervisor as a line of its log, and the lines of its workers under their names.
// Promises one JSON object a line with --json, also for what a worker printed as bare text. Leaves the events to
// src/supervisor.

import type { Log } from '../base/log.ts'
import { formatDuration } from '../core/duration.ts'
import type { SupervisorEvent } from '../supervisor/events.ts'
import { DEAF_EXIT } from '../supervisor/messages.ts'
import { maskSecrets } from '../core/secrets.ts'
import { printable, type Output } from './output.ts'
import type { ProcessLog } from './process-log.ts'

/** Says what happened; `event` names it for programs that read the lines. */
export type Say = (level: 'info' | 'warn' | 'error', event: string, message: string, fields?: object) => void

/** What is needed of the output. */
type Voice = Pick<Output, 'json' | 'style'>

/** Sentences for people, with the event's name added for programs. */
export function createSay(log: Log, out: Voice): Say {
  return (level, event, message, fields = {}) => log[level](message, out.json ? { event, ...fields } : fields)
}

/** Prints an event. */
export function tellEvent(
  event: SupervisorEvent,
  say: Say,
  { line }: Pick<ProcessLog, 'line'>,
  out: Voice,
): void {
  const { kind, ...fields } = event
  switch (event.kind) {
    case 'line':
      return line(out.json ? jsonLine(event) : plainLine(event, out))
    case 'started':
      return say('info', kind, 'worker process started', fields)
    case 'ready': {
      const { after, ...rest } = event
      return say('info', kind, 'worker process ready', { ...without(rest), after_ms: Math.round(after) })
    }
    case 'all_ready':
      return say('info', kind, 'all workers are ready', fields)
    case 'ended':
      return tellEnd(event, say)
    case 'reported':
      return say('info', kind, 'the store knows of the death, its tasks run again', fields)
    case 'unreported': {
      const { given_up, error, worker, session } = event
      const message = given_up
        ? 'the store could not be told of the death; the lease ends the session'
        : 'the store cannot be told of the death yet'
      const reason = error instanceof Error ? { reason: maskSecrets(error.message) } : {}
      return say('warn', kind, message, { worker, session, ...reason })
    }
    case 'restart': {
      const { worker, delay, deaths } = event
      const message = `worker process starts again in ${formatDuration(delay)}`
      return say('info', kind, message, { worker, delay_ms: delay, deaths })
    }
    case 'crash_loop': {
      const { worker, deaths } = event
      const lines = event.lines.map(maskSecrets)
      const message = `crash loop: ${worker} died ${deaths} times in a row; its last lines tell why`
      return say('error', kind, message, { worker, deaths, lines })
    }
  }
}

function without<T extends { readonly kind: string }>({ kind: _, ...rest }: T): Omit<T, 'kind'> {
  return rest
}

function tellEnd(event: Extract<SupervisorEvent, { kind: 'ended' }>, say: Say): void {
  const { worker, pid, code, signal, error, expected } = event
  const fields = { worker, pid, code, signal, ...(error === null ? {} : { reason: error }) }
  if (error !== null) return say('error', 'ended', 'worker process could not be started', fields)
  if (code === DEAF_EXIT) return say('warn', 'ended', 'worker process was deaf and ended', fields)
  // A process that was told to stop before it had begun to listen ends by the signal itself.
  const inOrder = code === 0 || (expected && signal === 'SIGTERM')
  if (!inOrder) return say('error', 'ended', 'worker process died', fields)
  if (expected) return say('info', 'ended', 'worker process ended', fields)
  say('warn', 'ended', 'worker process ended by itself', fields)
}

type Line = Extract<SupervisorEvent, { kind: 'line' }>

function plainLine({ worker, text }: Line, out: Voice): string {
  return `${out.style('cyan', `[${worker}]`)} ${printable(text)}`
}

/** The worker's own object with its name, or an object around bare text. */
function jsonLine({ worker, stream, text }: Line): string {
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
