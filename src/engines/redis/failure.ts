// From an error of the client or the server to one of ours: which code, and whether anything may have been applied.
// Promises that doubt stays doubt: an error reply to a script that may have written before it failed is `unknown`.

import { whyUnreachable } from '../../base/unreachable.ts'
import { WindlassError, type ErrorCode } from '../../core/errors.ts'

/** Error replies by their first word. All of them are given before a script has written anything. */
const REPLIES: Readonly<Record<string, readonly [code: ErrorCode, text: string]>> = {
  READONLY: ['engine_unreachable', 'the server is a read-only replica'],
  LOADING: ['engine_busy', 'the server is loading its data'],
  MISCONF: ['engine_full', 'the server cannot save to its disk and takes no writes'],
  OOM: ['engine_full', 'the server has reached its memory limit'],
  BUSY: ['engine_busy', 'the server is busy with a script of somebody'],
  NOREPLICAS: ['engine_unreachable', 'the server misses the replicas that it must write to'],
  NOSCRIPT: ['internal', 'the server forgot a script while it was being called'],
  MASTERDOWN: ['engine_unreachable', 'the server is a replica that has lost its master'],
  CLUSTERDOWN: ['engine_unreachable', 'the cluster is down'],
  TRYAGAIN: ['engine_busy', 'the cluster is moving these keys'],
  MOVED: ['engine_unreachable', 'these keys are on another node of the cluster'],
  ASK: ['engine_busy', 'the cluster is moving these keys'],
  NOAUTH: ['engine_unreachable', 'the server wants a password'],
  WRONGPASS: ['engine_unreachable', 'the server refuses user or password'],
  NOPERM: ['engine_unreachable', 'the user may not do this on the server'],
  NOPROTO: ['engine_unreachable', 'the server does not speak the protocol'],
}

/** The first word of an error reply; null for an error that is no reply. */
export function replyCode(error: unknown): string | null {
  if (!(error instanceof Error)) return null
  // By shape: there may be two copies of the client.
  if (!['SimpleError', 'BlobError', 'ErrorReply'].includes(error.constructor.name)) return null
  const code = /^-?([A-Z]+)\b/.exec(error.message)?.[1] ?? 'ERR'
  // A command inside a script that is refused is told with the script's own words before it.
  return REPLIES[code] === undefined && /\bOOM command not allowed\b/.test(error.message) ? 'OOM' : code
}

/** True for a reply after which another connection may do better. */
export function isWrongServer(error: unknown): boolean {
  const code = replyCode(error)
  return code === 'READONLY' || code === 'MASTERDOWN'
}

/** Our error for whatever a call threw; errors of ours pass as they are. */
export function failureOf(error: unknown): WindlassError {
  if (error instanceof WindlassError) return error
  const code = replyCode(error)
  if (code === null) return isUnsent(error) ? unreachable('the server', error) : connectionLost(error)
  const known = REPLIES[code]
  if (known === undefined) {
    return new WindlassError('internal', `the server refused a command (${code})`, {
      cause: error,
      applied: 'unknown',
    })
  }
  return new WindlassError(known[0], known[1], { cause: error, applied: 'no', detail: { redis: code } })
}

/** The client had no connection to write to: nothing left this process. */
function isUnsent(error: unknown): boolean {
  return (
    error instanceof Error && ['ClientOfflineError', 'ClientClosedError'].includes(error.constructor.name)
  )
}

/** The connection went while a call was under way: nobody knows whether it arrived. */
export function connectionLost(cause: unknown): WindlassError {
  return new WindlassError('engine_unreachable', 'the connection was lost during a call', {
    cause,
    applied: 'unknown',
    hint: 'It is unknown whether it was applied. Repeat with the same id.',
  })
}

/** There was no connection to send anything over. */
export function unreachable(place: string, cause: unknown): WindlassError {
  const text = `no connection to ${place} (${whyUnreachable(cause)})`
  return new WindlassError('engine_unreachable', text, { cause, applied: 'no' })
}

/** No answer came in time. */
export function timedOut(ms: number): WindlassError {
  return new WindlassError('engine_timeout', `the server did not answer for ${Math.round(ms)} ms`, {
    applied: 'unknown',
  })
}

export function closedError(): WindlassError {
  return new WindlassError('engine_closed', 'the Redis engine was closed', { applied: 'no' })
}

/** Nobody has made the store yet. */
export function notMigrated(): WindlassError {
  return new WindlassError('not_migrated', 'the store has not been migrated', { applied: 'no' })
}
