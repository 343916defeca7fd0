// From an error of the driver or the server to one of ours: which code, and whether anything may have been applied.
// Promises that doubt stays doubt: what was on its way to a commit when the connection went is `unknown`.

import { WindlassError, type ErrorCode } from '../../core/errors.ts'

/** Number of an error that the server answered; null for any other. */
export function serverError(error: unknown): number | null {
  if (!(error instanceof Error) || !('errno' in error) || !('sqlState' in error)) return null
  return typeof error.errno === 'number' && error.errno > 0 ? error.errno : null
}

const DEADLOCK = 1213
/** A row changed since it was read: newer servers say so instead of waiting. */
const CHANGED = 1020
/** Number of the error that says that somebody holds a lock for longer than was waited. */
export const LOCK_WAIT = 1205
const DUPLICATE = 1062
const READ_ONLY = new Set([1290, 1836, 1792, 3100])
/** Shutting down, killed, told to wait no longer: the server closes the connection. */
const ENDED = new Set([1053, 1077, 1079, 1927, 4031])
const TOO_LATE = new Set([1317, 1969, 3024])

/** What a unit has read is not so any more: it is to begin anew. */
export class StaleUnit extends Error {
  override readonly name = 'StaleUnit'
}

/** Another transaction stood in the way: the whole unit may be tried again. */
export function isTransient(error: unknown): boolean {
  if (error instanceof StaleUnit) return true
  const n = serverError(error)
  return n === DEADLOCK || n === CHANGED
}

/** Somebody holds a lock for longer than was waited. Only the statement was rolled back. */
export function isLocked(error: unknown): boolean {
  return serverError(error) === LOCK_WAIT
}

/** A unique index refused a row that another transaction was quicker with. */
export function isDuplicate(error: unknown): boolean {
  return serverError(error) === DUPLICATE
}

/** The server takes no writes any more: the connection leads to the wrong one. */
export function isReadOnly(error: unknown): boolean {
  const n = serverError(error)
  return n !== null && READ_ONLY.has(n)
}

/** The server ended the connection, or the connection ended: nothing more comes over it. */
export function isConnectionLost(error: unknown): boolean {
  const n = serverError(error)
  return n === null ? !(error instanceof WindlassError || error instanceof StaleUnit) : ENDED.has(n)
}

/**
 * Our error for whatever was thrown; errors of ours pass as they are.
 * @param doubt a commit may have been on its way
 */
export function failureOf(error: unknown, doubt: boolean): WindlassError {
  if (error instanceof WindlassError) return error
  const n = error instanceof StaleUnit ? CHANGED : serverError(error)
  if (n === 1146) return notMigrated()
  const applied = doubt && isConnectionLost(error) ? 'unknown' : 'no'
  const [code, text] = n === null ? LOST : wordsFor(n)
  return new WindlassError(code, text, { cause: error, applied, detail: { errno: n } })
}

/** The store has no tables yet, or those of an older version. */
export function notMigrated(): WindlassError {
  return new WindlassError('not_migrated', 'the store has not been migrated', { applied: 'no' })
}

/** Thrown by every verb after close(). */
export function closedError(): WindlassError {
  return new WindlassError('engine_closed', 'the mysql engine was closed', { applied: 'no' })
}

/** The call took longer than it may; its connection was destroyed. */
export function timedOut(ms: number, doubt: boolean): WindlassError {
  return new WindlassError(
    doubt ? 'engine_timeout' : 'engine_busy',
    `the server did not answer in ${ms} ms`,
    { applied: doubt ? 'unknown' : 'no' },
  )
}

const LOST: readonly [ErrorCode, string] = ['engine_unreachable', 'the connection to the server was lost']

const WORDS: Readonly<Record<number, readonly [ErrorCode, string]>> = {
  1021: ['engine_full', 'the disk of the server is full'],
  1114: ['engine_full', 'a table of the server is full'],
  1040: ['engine_busy', 'the server is out of connections'],
  1203: ['engine_busy', 'the server is out of connections for this user'],
  1226: ['engine_busy', 'the server is out of connections for this user'],
  [LOCK_WAIT]: ['engine_busy', 'another transaction holds what this call needs'],
  [DEADLOCK]: ['engine_busy', 'other transactions stood in the way again and again'],
  [CHANGED]: ['engine_busy', 'other transactions stood in the way again and again'],
  [DUPLICATE]: ['engine_busy', 'other transactions stood in the way again and again'],
  1044: ['engine_unreachable', 'the server refused: the user lacks a privilege'],
  1045: ['engine_unreachable', 'the server refused the login'],
  1698: ['engine_unreachable', 'the server refused the login'],
  1049: ['engine_unreachable', 'the server has no such database'],
  1142: ['engine_unreachable', 'the server refused: the user lacks a privilege'],
  1143: ['engine_unreachable', 'the server refused: the user lacks a privilege'],
  1227: ['engine_unreachable', 'the server refused: the user lacks a privilege'],
  1153: ['invalid_option', 'a text is larger than the max_allowed_packet of the server'],
  1264: ['invalid_option', 'the server cannot store a number of this call'],
  1366: ['invalid_option', 'the server cannot store a text of this call'],
  1406: ['invalid_option', 'the server cannot store a text of this call: it is too long'],
  1665: [
    'engine_unsafe',
    'the server writes its binary log by statements: set binlog_format to ROW or MIXED',
  ],
  126: ['engine_corrupt', 'the database is damaged'],
  1034: ['engine_corrupt', 'the database is damaged'],
  1712: ['engine_corrupt', 'the database is damaged'],
}

function wordsFor(n: number): readonly [ErrorCode, string] {
  if (READ_ONLY.has(n)) return ['engine_unreachable', 'the server takes no writes: it is a replica']
  if (ENDED.has(n)) return ['engine_unreachable', 'the server ended the connection']
  if (TOO_LATE.has(n)) return ['engine_busy', 'the server gave up a statement that took too long']
  return WORDS[n] ?? ['internal', 'the server refused a statement']
}
