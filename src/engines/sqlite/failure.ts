// From an error of node:sqlite to one of ours: which code, and whether anything may have been applied.
// Promises that doubt stays doubt: only what SQLite guarantees to have rolled back is called not applied.

import { WindlassError, type ErrorCode } from '../../core/errors.ts'

/** Primary result codes of SQLite (https://sqlite.org/rescode.html). */
const BUSY = 5
const LOCKED = 6
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const NOTADB = 26
/** The wal-index could not grow: the disk is full. */
const IOERR_SHMSIZE = 4874

/** The extended result code, or null for an error that is not SQLite's. */
function sqliteCode(error: unknown): number | null {
  if (!(error instanceof Error) || !('errcode' in error)) return null
  return typeof error.errcode === 'number' ? error.errcode : null
}

/** True where another connection holds a lock and trying again later can help. */
export function isBusy(error: unknown): boolean {
  const code = sqliteCode(error)
  return code !== null && ((code & 0xff) === BUSY || (code & 0xff) === LOCKED)
}

/** True for the complaint about a table that a migration would have made. */
export function isMissingTable(error: unknown): boolean {
  return sqliteCode(error) === 1 && error instanceof Error && error.message.startsWith('no such table')
}

/**
 * Our error for whatever a call to SQLite threw; errors of ours pass as they are.
 * @param at `commit`: the commit itself failed, so an I/O error leaves open whether it took place
 */
export function failureOf(error: unknown, at: 'work' | 'commit' = 'work'): WindlassError {
  if (error instanceof WindlassError) return error
  const code = sqliteCode(error)
  if (code === null)
    return new WindlassError('internal', 'a unit of work failed', { cause: error, applied: 'no' })
  const detail = { sqlite: code }
  if (isMissingTable(error)) return notMigrated()
  const inDoubt = at === 'commit' && (code & 0xff) === IOERR
  return new WindlassError(codeFor(code), textFor(code, inDoubt), {
    cause: error,
    applied: inDoubt ? 'unknown' : 'no',
    detail,
  })
}

/** The store has no tables yet, or those of an older version. */
export function notMigrated(): WindlassError {
  return new WindlassError('not_migrated', 'the store has not been migrated', { applied: 'no' })
}

/** The lock was held by others for the whole call. */
export function busyFor(ms: number, cause: unknown): WindlassError {
  return new WindlassError('engine_busy', `another process held the database for ${Math.round(ms)} ms`, {
    cause,
    applied: 'no',
  })
}

function codeFor(code: number): ErrorCode {
  if (code === IOERR_SHMSIZE) return 'engine_full'
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return 'engine_busy'
    case FULL:
      return 'engine_full'
    case CORRUPT:
    case NOTADB:
      return 'engine_corrupt'
    case CANTOPEN:
    case READONLY:
    case IOERR:
      return 'engine_unreachable'
    default:
      return 'internal'
  }
}

function textFor(code: number, inDoubt: boolean): string {
  if (inDoubt) return 'the disk failed while a change was being committed'
  if (code === IOERR_SHMSIZE) return 'the disk is full'
  switch (code & 0xff) {
    case BUSY:
    case LOCKED:
      return 'the database is in use by another process'
    case FULL:
      return 'the disk is full'
    case CORRUPT:
      return 'the database file is damaged'
    case NOTADB:
      return 'the file is no SQLite database'
    case CANTOPEN:
      return 'the database file cannot be opened'
    case READONLY:
      return 'the database file cannot be written'
    case IOERR:
      return 'the disk failed'
    default:
      return 'SQLite refused a statement'
  }
}
