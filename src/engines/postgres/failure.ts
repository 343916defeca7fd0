// From an error of the driver or the server to one of ours: which code, and whether anything may have been applied.
// Promises that doubt stays doubt: what was on its way to a commit when the connection went is `unknown`.

import { WindlassError, type ErrorCode } from '../../core/errors.ts'

/** SQLSTATE of an error that the server answered; null for any other. */
export function sqlState(error: unknown): string | null {
  if (!(error instanceof Error) || !('code' in error) || !('severity' in error)) return null
  return typeof error.code === 'string' ? error.code : null
}

/** Another transaction stood in the way: the whole unit may be tried again. */
export function isTransient(error: unknown): boolean {
  const state = sqlState(error)
  return state === '40001' || state === '40P01'
}

export const LOCK_TIMED_OUT = '55P03'

/** Somebody holds a lock for longer than was waited. */
export function isLocked(error: unknown): boolean {
  return sqlState(error) === LOCK_TIMED_OUT
}

/** A unique index refused a row that another transaction was quicker with. */
export function isDuplicate(error: unknown): boolean {
  return sqlState(error) === '23505'
}

/** The statements after a failed one in the same transaction: they tell nothing. */
export function isAftermath(error: unknown): boolean {
  return sqlState(error) === '25P02'
}

/** The server takes no writes any more: the connection leads to the wrong one. */
export function isReadOnly(error: unknown): boolean {
  return sqlState(error) === '25006'
}

/** The server ended the connection, or the connection ended: nothing more comes over it. */
export function isConnectionLost(error: unknown): boolean {
  const state = sqlState(error)
  return state === null ? !(error instanceof WindlassError) : /^(?:08|57P0)/.test(state)
}

/** The schema or a table of it is not there. */
function isMissingTable(error: unknown): boolean {
  const state = sqlState(error)
  return state === '42P01' || state === '3F000'
}

/**
 * Our error for whatever was thrown; errors of ours pass as they are.
 * @param doubt a commit may have been on its way
 */
export function failureOf(error: unknown, doubt: boolean): WindlassError {
  if (error instanceof WindlassError) return error
  if (isMissingTable(error)) return notMigrated()
  const state = sqlState(error)
  const applied = doubt && isConnectionLost(error) ? 'unknown' : 'no'
  const [code, text] = state === null ? LOST : wordsFor(state)
  return new WindlassError(code, text, { cause: error, applied, detail: { sqlstate: state } })
}

/** The store has no tables yet, or those of an older version. */
export function notMigrated(): WindlassError {
  return new WindlassError('not_migrated', 'the store has not been migrated', { applied: 'no' })
}

/** Thrown by every verb after close(). */
export function closedError(): WindlassError {
  return new WindlassError('engine_closed', 'the postgres engine was closed', { applied: 'no' })
}

/** The call took longer than it may; its connection was destroyed. */
export function timedOut(ms: number, doubt: boolean): WindlassError {
  return new WindlassError(
    doubt ? 'engine_timeout' : 'engine_busy',
    `the server did not answer in ${ms} ms`,
    {
      applied: doubt ? 'unknown' : 'no',
    },
  )
}

const LOST: readonly [ErrorCode, string] = ['engine_unreachable', 'the connection to the server was lost']

function wordsFor(state: string): readonly [ErrorCode, string] {
  if (state === '53100') return ['engine_full', 'the disk of the server is full']
  if (state.startsWith('53')) return ['engine_busy', 'the server is out of connections or memory']
  if (state === '55P03') return ['engine_busy', 'another transaction holds what this call needs']
  if (state === '57014') return ['engine_busy', 'the server gave up a statement that took too long']
  if (state.startsWith('40')) return ['engine_busy', 'other transactions stood in the way again and again']
  if (state.startsWith('28')) return ['engine_unreachable', 'the server refused the login']
  if (state === '3D000') return ['engine_unreachable', 'the server has no such database']
  if (state === '25006') return ['engine_unreachable', 'the server takes no writes: it is a standby']
  if (state.startsWith('57P') || state.startsWith('08'))
    return ['engine_unreachable', 'the server ended the connection']
  if (state.startsWith('22'))
    return ['invalid_option', 'the server cannot store a text or number of this call']
  if (state === '42501') return ['engine_unreachable', 'the server refused: the role lacks a privilege']
  if (state === 'XX001' || state === 'XX002') return ['engine_corrupt', 'the database is damaged']
  return ['internal', 'the server refused a statement']
}
