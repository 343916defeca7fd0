// One supervisor of a name at a time. The lock is one on an empty SQLite file: the kernel releases it when the process
// dies, however it dies, so it is never stale, and no pid has to be believed. Leaves who the holder is to state.ts.

import { DatabaseSync } from 'node:sqlite'

import { WindlassError } from '../core/errors.ts'
import { makePlace, type Place } from './place.ts'

/**
 * Takes the place for this process, as long as it lives or until the answer is called.
 * @param holder the pid of whoever has it, as far as it is known; asked only when somebody has
 * @throws WindlassError `already_running`, `refused` when nothing can be written there
 */
export function holdPlace(place: Place, holder: () => number | null): () => void {
  makePlace(place)
  let database: DatabaseSync | null = null
  try {
    database = new DatabaseSync(place.lock, { timeout: 0 })
    // Nothing is ever written, no journal either: a full disk is no reason not to start.
    database.exec('PRAGMA journal_mode = MEMORY; BEGIN EXCLUSIVE')
  } catch (cause) {
    database?.close()
    throw isBusy(cause) ? taken(place, holder()) : unusable(place, cause)
  }
  const held = database
  return () => held.close()
}

function taken({ name }: Place, pid: number | null): WindlassError {
  const who = pid === null ? '' : `, pid ${pid}`
  return new WindlassError('already_running', `a supervisor called ${name} runs here already${who}`, {
    detail: { name, pid },
  })
}

function unusable({ lock }: Place, cause: unknown): WindlassError {
  return new WindlassError('refused', `the file ${lock} cannot be locked`, {
    cause,
    hint: 'Let this user write there: the supervisor keeps its socket and its state in it.',
  })
}

function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}
