// Asking a supervisor that runs on this machine, from the command line. Promises an answer or an error with a code:
// nobody listens, somebody listens but does not answer, or what the supervisor says. Leaves printing to the verbs.

import { connect, type Socket } from 'node:net'

import { systemClock, type Clock } from '../base/clock.ts'
import { ERROR_CODES, WindlassError, type ErrorCode } from '../core/errors.ts'
import type { ControlRequest, SupervisorStatus } from './control.ts'
import type { Place } from './place.ts'
import { LINE_MOST, readValues, writeValue } from './socket-lines.ts'

export interface AskOptions {
  /** False: answers as soon as the supervisor has begun. Default true. */
  readonly wait?: boolean
  /** How long it may take to say that it heard, in ms. Default 10 s. What it does then may take as long as it takes. */
  readonly patience?: number
  /** Stops waiting; what was begun goes on. */
  readonly signal?: AbortSignal
  readonly clock?: Clock
}

/**
 * Asks, and waits until it is done: `stop` until the supervisor is gone.
 * @returns how it stands then; for `stop` how it stood when it began
 * @throws WindlassError `not_running`, `wait_timeout` when it does not answer, `cancelled` by the signal, or the code
 *   that the supervisor answered
 */
export async function askSupervisor(
  place: Place,
  request: ControlRequest,
  options: AskOptions = {},
): Promise<SupervisorStatus> {
  const { wait = true, signal } = options
  const socket = await reach(place)
  const leave = (): void => void socket.destroy()
  signal?.addEventListener('abort', leave, { once: true })
  if (signal?.aborted === true) leave()
  try {
    const gone = new Promise<void>((resolve) => {
      socket.once('close', () => resolve())
    })
    const answer = hear(socket, place, options)
    writeValue(socket, { ...request, wait })
    const status = await answer
    if (request.verb === 'stop' && wait) await gone
    if (signal?.aborted === true) throw left()
    return status
  } finally {
    signal?.removeEventListener('abort', leave)
    socket.destroy()
  }
}

function reach(place: Place): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(place.socket)
    socket.once('error', (cause: NodeJS.ErrnoException) => {
      const nobody = cause.code === 'ENOENT' || cause.code === 'ECONNREFUSED'
      if (nobody) return reject(notRunning(place))
      const message = `the supervisor called ${place.name} cannot be reached`
      reject(new WindlassError('refused', message, { cause, hint: 'Ask as the user who started it.' }))
    })
    socket.once('connect', () => {
      socket.removeAllListeners('error')
      socket.on('error', () => {})
      resolve(socket)
    })
  })
}

function hear(socket: Socket, place: Place, options: AskOptions): Promise<SupervisorStatus> {
  const { clock = systemClock, patience = 10_000, signal } = options
  return new Promise((resolve, reject) => {
    const late = clock.timer(
      patience,
      () => {
        const message = `the supervisor called ${place.name} does not answer`
        reject(
          new WindlassError('wait_timeout', message, { hint: 'Its process may be stopped or overloaded.' }),
        )
      },
      true,
    )
    readValues(socket, LINE_MOST, (value) => {
      late()
      if (isObject(value) && value['ok'] === true) resolve(value as object as SupervisorStatus)
      if (isObject(value) && value['ok'] === false) reject(refusal(value['error']))
    })
    socket.once('close', () => {
      late()
      reject(signal?.aborted === true ? left() : notRunning(place))
    })
  })
}

function left(): WindlassError {
  return new WindlassError('cancelled', 'nobody waits any more; what was begun goes on', { hint: '' })
}

function notRunning({ name }: Place): WindlassError {
  return new WindlassError('not_running', `no supervisor called ${name} runs here`)
}

function refusal(error: unknown): WindlassError {
  const { code, message, hint } = isObject(error) ? error : {}
  const known =
    typeof code === 'string' && Object.hasOwn(ERROR_CODES, code) ? (code as ErrorCode) : 'internal'
  return new WindlassError(known, String(message), typeof hint === 'string' ? { hint } : {})
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null
}
