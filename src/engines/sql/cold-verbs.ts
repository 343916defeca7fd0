// The cold verb groups on a store that reads and writes sessions: records, schedules, documents and the journal. What an
// engine does in its own words (how rows are found and counted, how units load and write them) it brings along.
// Promises that a call with nothing in it asks the server nothing, once the store is ready.

import type { Documents, Journal, QueueStats, Records, Schedules } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { actRows } from './act-rows.ts'
import { readLogs } from './attempts.ts'
import { getDocuments, listDocuments, putDocuments, removeDocuments } from './documents.ts'
import { fireSchedules } from './fire.ts'
import { appendEntries, pruneEntries, readEntries } from './journal.ts'
import { attemptsOfTasks, findTasks, getTasks, type RecordStore, type RowReads } from './records.ts'
import { dueSchedules, listSchedules, putSchedules, removeSchedules } from './schedules.ts'
import type { SqlUnit } from './session.ts'
import { listSessions } from './sessions.ts'
import { changeIn, type Units, type UnitStore } from './units.ts'

/** A store as these verbs need it; `U` is its session, inside a unit and outside. */
export interface SqlStore<U extends SqlUnit> extends UnitStore<U>, RecordStore<U> {}

/** What an engine says of tasks in its own words. */
export interface RecordWays<S, U extends SqlUnit> extends RowReads<U> {
  stats(store: S, queues: readonly string[] | null): Promise<QueueStats[]>
  ahead(store: S, ids: readonly string[]): Promise<(number | null)[]>
  changes(store: S, since: number, limit: number): ReturnType<Records['changes']>
}

/** The verbs of records. `ready` answers the store of an open engine that is migrated. */
export function recordVerbs<S extends SqlStore<U>, U extends SqlUnit>(
  ready: () => Promise<S>,
  units: Units<S, U>,
  ways: RecordWays<S, U>,
): Records {
  return {
    get: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : getTasks(ways, store, ids)
    },
    find: async (filter) => findTasks(ways, await ready(), filter),
    act: async (actions) => {
      const store = await ready()
      if (actions.length === 0) return []
      const scope = {
        ids: actions.map(({ id }) => id),
        tasks: [],
        keys: actions.some(({ verb }) => verb === 'requeue'),
        sessions: false,
        places: actions.length,
      }
      return store.write((unit) => changeIn(units, store, unit, scope, (space) => actRows(space, actions)))
    },
    stats: async (queues) => {
      const store = await ready()
      return queues?.length === 0 ? [] : ways.stats(store, queues)
    },
    sessions: async (filter) => (await ready()).read((look) => listSessions(look, filter)),
    ahead: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : ways.ahead(store, ids)
    },
    changes: async (since, limit) => ways.changes(await ready(), since, limit),
  }
}

/** The verbs of schedules. */
export function scheduleVerbs<S extends SqlStore<U>, U extends SqlUnit>(
  ready: () => Promise<S>,
  units: Units<S, U>,
): Schedules {
  return {
    put: async (items) => {
      const store = await ready()
      return items.length === 0 ? [] : store.write((unit) => putSchedules(unit, items))
    },
    list: async (names) => {
      const store = await ready()
      return names?.length === 0 ? [] : store.read((look) => listSchedules(look, names))
    },
    remove: async (items) => {
      const store = await ready()
      return items.length === 0 ? [] : store.write((unit) => removeSchedules(unit, items))
    },
    due: async (limit) => (await ready()).read((look) => dueSchedules(look, limit)),
    fire: async (items) => {
      const store = await ready()
      return items.length === 0 ? [] : fireSchedules(units, store, items)
    },
  }
}

/** The verbs of documents. */
export function documentVerbs<U extends SqlUnit>(ready: () => Promise<SqlStore<U>>): Documents {
  return {
    get: async (keys) => {
      const store = await ready()
      return keys.length === 0 ? [] : store.read((look) => getDocuments(look, keys))
    },
    list: async (kind, after, limit) =>
      (await ready()).read((look) => listDocuments(look, kind, after, limit)),
    put: async (items) => {
      const store = await ready()
      return items.length === 0 ? [] : store.write((unit) => putDocuments(unit, items))
    },
    remove: async (items) => {
      const store = await ready()
      return items.length === 0 ? [] : store.write((unit) => removeDocuments(unit, items))
    },
  }
}

/** The verbs of the journal. */
export function journalVerbs<U extends SqlUnit>(
  ready: () => Promise<SqlStore<U>>,
  reads: RowReads<U>,
): Journal {
  return {
    append: async (entries) => {
      const store = await ready()
      if (entries.length > 0) await store.write((unit) => appendEntries(unit, entries))
    },
    read: async (query) => (await ready()).read((look) => readEntries(look, query)),
    attempts: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : attemptsOfTasks(reads, store, ids)
    },
    logs: async (id, after, limit) =>
      (await ready()).read((look) => readLogs(look, id, after, Math.min(limit, LIMITS.page))),
    prune: async (stream, before, limit) =>
      (await ready()).write((unit) => pruneEntries(unit, stream, before, limit)),
  }
}
