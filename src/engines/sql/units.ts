// How verbs work on the tasks of a server: a unit of work loads what it is about into a workspace, the verbs change it
// there without waiting for anything, and the unit writes what became of it.
// Promises nothing by itself: which locks are taken, in which order and by which statements is the engine's business.

import type { EnqueueReply, NewTask, Settlement, SettleReply } from '../../core/hot-verbs.ts'
import { enqueueRows } from './enqueue-rows.ts'
import type { SqlUnit } from './session.ts'
import { settleRows } from './settle-rows.ts'
import { READY, SCHEDULED } from './words.ts'
import type { Workspace } from './workspace.ts'

/** What a unit is about. */
export interface Scope {
  /** Tasks that may change. */
  readonly ids: readonly string[]
  /** Tasks to be enqueued in it; what they bring was registered. */
  readonly tasks: readonly NewTask[]
  /** Holders of the keys of these tasks are looked at. */
  readonly keys: boolean
  /** Whether the sessions of the tasks live is asked. */
  readonly sessions: boolean
  /** Places that may be drawn. */
  readonly places: number
}

/** A store with units of work: all of one is committed, or nothing; its hints are told after the commit. */
export interface UnitStore<U extends SqlUnit> {
  /** @param waits how often it may wait for a lock of somebody else, where the engine counts that */
  write<R>(run: (unit: U) => Promise<R>, waits?: number): Promise<R>
}

/** How an engine loads and writes what a unit is about; `S` is its store, `U` its session inside a unit. */
export interface Units<S extends UnitStore<U>, U extends SqlUnit> {
  /** Registers what new tasks bring, before the unit. */
  register(store: S, tasks: readonly NewTask[]): Promise<void>
  /** Loads it, and locks what may change. */
  load(store: S, unit: U, scope: Scope): Promise<Workspace>
  /** Writes what the verbs made of it. */
  save(unit: U, space: Workspace): Promise<void>
}

/** Runs verbs inside a unit. */
export async function changeIn<S extends UnitStore<U>, U extends SqlUnit, R>(
  units: Units<S, U>,
  store: S,
  unit: U,
  scope: Scope,
  verbs: (space: Workspace) => R,
): Promise<R> {
  const space = await units.load(store, unit, scope)
  const result = verbs(space)
  await units.save(unit, space)
  return result
}

/** A unit that may change these tasks, and asks for nothing else. */
function scopeOf(ids: readonly string[]): Scope {
  return { ids, tasks: [], keys: false, sessions: false, places: 0 }
}

/** Enqueues inside a unit; what the tasks bring was registered. */
export function enqueueIn<S extends UnitStore<U>, U extends SqlUnit>(
  units: Units<S, U>,
  store: S,
  unit: U,
  tasks: readonly NewTask[],
): Promise<EnqueueReply[]> {
  const scope = { ...scopeOf([]), tasks, places: tasks.length }
  return changeIn(units, store, unit, scope, (space) => enqueueRows(space, tasks))
}

/** Settles inside a unit; what the follow-ups bring was registered. */
export function settleIn<S extends UnitStore<U>, U extends SqlUnit>(
  units: Units<S, U>,
  store: S,
  unit: U,
  settlements: readonly Settlement[],
): Promise<SettleReply[]> {
  const tasks = settlements.flatMap((one) => one.followUps)
  const scope: Scope = {
    ids: settlements.map(({ id }) => id),
    tasks,
    keys: tasks.some(({ unique }) => unique !== null),
    sessions: settlements.some(({ guard }) => guard === 'rescue'),
    places: tasks.length,
  }
  return changeIn(units, store, unit, scope, (space) => settleRows(space, settlements))
}

/** Cancels those of the tasks that wait and are past their time; answers how many. */
export function expireTasks<S extends UnitStore<U>, U extends SqlUnit>(
  units: Units<S, U>,
  store: S,
  ids: readonly string[],
): Promise<number> {
  if (ids.length === 0) return Promise.resolve(0)
  return store.write((unit) =>
    changeIn(units, store, unit, scopeOf(ids), (space) => {
      let count = 0
      for (const id of ids) {
        const entry = space.find(id)
        if (entry === null) continue
        const { state, expiresAt } = entry.row
        if ((state !== READY && state !== SCHEDULED) || expiresAt === null || expiresAt > space.now) continue
        space.cancelWaiting(entry, 'expired')
        count++
      }
      return count
    }),
  )
}

/** Takes finished tasks away, with all that belongs to them; answers how many. */
export function buryTasks<S extends UnitStore<U>, U extends SqlUnit>(
  units: Units<S, U>,
  store: S,
  ids: readonly string[],
): Promise<number> {
  return store.write((unit) =>
    changeIn(units, store, unit, scopeOf(ids), (space) => {
      for (const id of ids) {
        const entry = space.find(id)
        if (entry !== null) space.bury(entry)
      }
      return space.buried.length
    }),
  )
}
