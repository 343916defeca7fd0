// What a supervisor writes down, so that the next one finds the workers which outlive it: a small file of this user's.
// Promises that a reader sees a whole state, the old or the new one, and that a file that is broken or of another boot
// counts as none. The tokens in it are worth nothing without the socket. Leaves what to do with it to survivors.ts.

import { readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'

import type { ProcessIdentity } from '../core/record.ts'
import type { Place } from './place.ts'

/** A worker process. */
export interface SavedWorker {
  readonly name: string
  readonly pid: number
  readonly start_time: string
  readonly token: string
  readonly session: string | null
  readonly ready: boolean
  /** It was told to drain. */
  readonly leaving: boolean
  readonly restarts: number
  readonly started_at: string
}

export interface SavedState {
  /** Of the supervisor. */
  readonly pid: number
  readonly start_time: string
  readonly boot_id: string
  readonly pid_space: string
  readonly workers: readonly SavedWorker[]
}

/** The state as `self` writes it. */
export function stateOf(self: ProcessIdentity, workers: readonly SavedWorker[]): SavedState {
  const { pid, startTime, bootId, pidSpace } = self
  return { pid, start_time: startTime, boot_id: bootId, pid_space: pidSpace, workers }
}

/** Null: there is none that can be read. */
export function readState({ state }: Place): SavedState | null {
  try {
    const saved = JSON.parse(readFileSync(state, 'utf8')) as SavedState
    return typeof saved.pid === 'number' && Array.isArray(saved.workers) ? saved : null
  } catch {
    return null
  }
}

/** Writes it in one step. Throws what the file system says. */
export function writeState({ state }: Place, saved: SavedState): void {
  writeFileSync(`${state}.new`, JSON.stringify(saved), { mode: 0o600 })
  renameSync(`${state}.new`, state)
}

/** After an orderly end there is nothing to find. */
export function removeState({ state }: Place): void {
  // The second one is what a full disk left of the first.
  for (const file of [state, `${state}.new`]) rmSync(file, { force: true })
}
