// Which worker processes of a supervisor that is gone still live, and which do not. Judges by pid, start time and, where
// the system shows it, the token in the environment: a process that got an old pid is never taken for a worker.
// Leaves adopting and reporting them to supervisor.ts.

import { readFileSync } from 'node:fs'

import type { ProcessIdentity } from '../core/record.ts'
import { isGone, readIdentity } from '../worker/identity.ts'
import { TOKEN_VARIABLE } from './messages.ts'
import type { Place } from './place.ts'
import { readState, type SavedState, type SavedWorker } from './state.ts'

export interface LeftBehind {
  readonly living: readonly SavedWorker[]
  readonly dead: readonly SavedWorker[]
}

const NOBODY: LeftBehind = { living: [], dead: [] }

/**
 * The workers of the last supervisor of a place. Meaningful only while no supervisor runs there.
 * @param self this process; nothing is said about processes of another boot or pid namespace
 */
export function findSurvivors(place: Place, self: ProcessIdentity = readIdentity()): LeftBehind {
  const saved = readState(place)
  if (saved === null || !isOfHere(saved, self)) return NOBODY
  const living = saved.workers.filter((worker) => isAlive(worker, self))
  return { living, dead: saved.workers.filter((worker) => !living.includes(worker)) }
}

/** The supervisor that wrote the state last, if it still lives; null: none is known. */
export function holderOf(place: Place, self: ProcessIdentity = readIdentity()): number | null {
  const saved = readState(place)
  // Of another boot or pid namespace its number says nothing.
  if (saved === null || !isOfHere(saved, self)) return null
  return isGone({ ...self, pid: saved.pid, startTime: saved.start_time }, self) ? null : saved.pid
}

function isOfHere({ boot_id, pid_space }: SavedState, { bootId, pidSpace }: ProcessIdentity): boolean {
  return bootId !== '' && boot_id === bootId && pid_space === pidSpace
}

/** True while it surely is the process that was saved. */
export function isAlive({ pid, start_time, token }: SavedWorker, self: ProcessIdentity): boolean {
  if (isGone({ ...self, pid, startTime: start_time }, self)) return false
  const environment = readEnvironment(pid)
  return environment === null || environment.includes(`${TOKEN_VARIABLE}=${token}`)
}

/** Null: this system does not show it. */
function readEnvironment(pid: number): readonly string[] | null {
  try {
    const text = readFileSync(`/proc/${pid}/environ`, 'latin1')
    return text === '' ? null : text.split('\0')
  } catch {
    return null
  }
}
