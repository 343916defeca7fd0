// From an error to what the command line says about it: the document, the words and the exit code of DESIGN §9.
// Promises that every error, also a stranger's, has a code, a hint and no secret in it. Leaves printing to output.ts.

import { CommanderError } from 'commander'

import { ERROR_CODES, WindlassError, type ErrorCode } from '../core/errors.ts'
import { maskSecrets } from '../core/secrets.ts'
import { DEAF_EXIT } from '../supervisor/messages.ts'

export const EXIT = {
  ok: 0,
  failure: 1,
  usage: 2,
  notRunning: 3,
  unreachable: 4,
  timedOut: 5,
  deaf: DEAF_EXIT,
} as const

/** What is told of a failure. */
export interface Failure {
  readonly code: string
  readonly message: string
  readonly hint: string
  readonly retry: boolean
  readonly exit: number
}

/** Something given was wrong, and nothing was done. */
const USAGE: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'invalid_option',
  'unknown_option',
  'invalid_duration',
  'invalid_schedule',
  'invalid_payload',
  'payload_too_large',
  'payload_too_deep',
  'payload_not_json',
  'unknown_task_type',
  'config_not_found',
  'config_invalid',
  'engine_url_invalid',
  'engine_not_available',
  'engine_driver_missing',
  'handler_unsupported',
])

const OTHER_EXITS: Partial<Record<ErrorCode, number>> = {
  not_running: EXIT.notRunning,
  engine_unreachable: EXIT.unreachable,
  engine_timeout: EXIT.unreachable,
  wait_timeout: EXIT.timedOut,
}

/** The exit code for an error of the table. */
function exitCodeOf(code: ErrorCode): number {
  return USAGE.has(code) ? EXIT.usage : (OTHER_EXITS[code] ?? EXIT.failure)
}

/** Tells any thrown value. */
export function tellFailure(error: unknown, verb: string | null): Failure {
  if (error instanceof WindlassError) return tellKnown(error)
  if (error instanceof CommanderError) return usageFailure(error, verb)
  return {
    code: 'internal',
    message: maskSecrets(error instanceof Error ? `${error.name}: ${error.message}` : String(error)),
    hint: ERROR_CODES.internal.hint,
    retry: false,
    exit: EXIT.failure,
  }
}

function tellKnown(error: WindlassError): Failure {
  // A setting that was said as an option is an option to whoever typed it.
  const isFlag = error.code === 'config_invalid' && error.detail['origin'] === 'flag'
  const code = isFlag ? 'invalid_option' : error.code
  return {
    code,
    message: maskSecrets(withCause(error)),
    hint: isFlag ? ERROR_CODES.invalid_option.hint : maskSecrets(error.hint),
    retry: error.retry,
    exit: exitCodeOf(code),
  }
}

/** Code that threw while it was loaded, or a driver: its own words are what helps. */
function withCause(error: WindlassError): string {
  const cause = error.cause
  if (!(cause instanceof Error) || cause.message === '' || error.message.includes(cause.message))
    return error.message
  return `${error.message}: ${cause.message}`
}

function usageFailure(error: CommanderError, verb: string | null): Failure {
  const [first = '', ...rest] = error.message.replace(/^error: /, '').split('\n')
  const near = /Did you mean (?:one of )?(.*)\?/.exec(rest.join(' '))?.[1]
  return {
    code: error.code === 'commander.unknownOption' ? 'unknown_option' : 'invalid_option',
    message: maskSecrets(near === undefined ? first : `${first}; did you mean ${near}?`),
    hint: `See windlass ${verb === null ? '' : `${verb} `}--help.`,
    retry: false,
    exit: EXIT.usage,
  }
}
