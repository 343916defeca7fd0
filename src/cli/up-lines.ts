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

/** Events that are told as they are. */
const PLAIN = {
  started: ['info', 'worker process started'],
  all_ready: ['info', 'all workers are ready'],
  adopted: ['info', 'worker process of the last supervisor goes on under this one'],
  found_dead: ['warn', 'worker process ended while no supervisor was there'],
  draining: ['info', 'worker process drains'],
  renewing: ['info', 'another worker process takes the place of this one'],
  scaled: ['info', 'the number of workers changes'],
  reported: ['info', 'the store knows of the death, its tasks run again'],
} as const

/** Prints an event. */
export function tellEvent(
  event: SupervisorEvent,
  say: Say,
  { line }: Pick<ProcessLog, 'line'>,
  out: Voice,
): void {
  const { kind, ...fields } = event
  switch (event.kind) {
    case 'started':
    case 'all_ready':
    case 'adopted':
    case 'found_dead':
    case 'draining':
    case 'renewing':
    case 'scaled':
    case 'reported': {
      const [level, message] = PLAIN[event.kind]
      return say(level, kind, message, fields)
    }
    case 'line':
      return line(out.json ? jsonLine(event) : plainLine(event, out))
    case 'ready': {
      const { after, ...rest } = event
      return say('info', kind, 'worker process ready', { ...without(rest), after_ms: Math.round(after) })
    }
    case 'rescued':
      return tellRescue(event, say)
    case 'not_renewed': {
      const { worker, why } = event
      const message = 'the new worker process could not start: the old one goes on'
      return say('error', kind, message, { worker, why, lines: event.lines.map(maskSecrets) })
    }
    case 'unsaved': {
      const reason = event.error instanceof Error ? { reason: event.error.message } : {}
      return say(
        'warn',
        kind,
        'the next supervisor could not find these workers: no state is written',
        reason,
      )
    }
    case 'ended':
      return tellEnd(event, say)
    case 'unreported':
      return tellUnreported(event, say)
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

function tellRescue(event: Extract<SupervisorEvent, { kind: 'rescued' }>, say: Say): void {
  const { kind, line, ...fields } = event
  say(line.level === 'debug' ? 'info' : line.level, kind, `rescued: ${line.message}`, fields)
}

function tellUnreported(event: Extract<SupervisorEvent, { kind: 'unreported' }>, say: Say): void {
  const { given_up, error, worker, session } = event
  const message = given_up
    ? 'the store could not be told of the death; the lease ends the session'
    : 'the store cannot be told of the death yet'
  const reason = error instanceof Error ? { reason: maskSecrets(error.message) } : {}
  say('warn', event.kind, message, { worker, session, ...reason })
}

function tellEnd(event: Extract<SupervisorEvent, { kind: 'ended' }>, say: Say): void {
  const { worker, pid, code, signal, error, expected } = event
  const fields = { worker, pid, code, signal, ...(error === null ? {} : { reason: error }) }
  if (error !== null) return say('error', 'ended', 'worker process could not be started', fields)
  if (code === DEAF_EXIT) return say('warn', 'ended', 'worker process was deaf and ended', fields)
  const unseen = code === null && signal === null
  if (unseen && !expected) return say('warn', 'ended', 'worker process ended, nobody saw how', fields)
  // A process that was told to stop before it had begun to listen ends by the signal itself.
  const inOrder = code === 0 || (expected && (signal === 'SIGTERM' || unseen))
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
