// The cold verb groups that are portable as a whole: schedules, documents and the journal on a store that reads and
// writes sessions. What an engine does in its own way (records, firing, the attempts of tasks) it brings along.

import type { Documents, Journal, Schedules } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { readLogs } from './attempts.ts'
import { getDocuments, listDocuments, putDocuments, removeDocuments } from './documents.ts'
import { appendEntries, pruneEntries, readEntries } from './journal.ts'
import { dueSchedules, listSchedules, putSchedules, removeSchedules } from './schedules.ts'
import type { SqlSession, SqlUnit } from './session.ts'

/** A store as these verbs need it. */
export interface SqlStore {
  /** Looks: each statement sees what was committed before it. */
  read<R>(look: (session: SqlSession) => Promise<R>): Promise<R>
  /** A unit of work: all of it is committed or nothing. */
  write<R>(run: (unit: SqlUnit) => Promise<R>): Promise<R>
}

/** The verbs of schedules; `fire` is the engine's own. */
export function scheduleVerbs<S extends SqlStore>(
  ready: () => Promise<S>,
  fire: (store: S, ...items: Parameters<Schedules['fire']>) => ReturnType<Schedules['fire']>,
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
      return items.length === 0 ? [] : fire(store, items)
    },
  }
}

/** The verbs of documents. */
export function documentVerbs(ready: () => Promise<SqlStore>): Documents {
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

/** The verbs of the journal; `attempts` is the engine's own. */
export function journalVerbs<S extends SqlStore>(
  ready: () => Promise<S>,
  attempts: (store: S, ids: readonly string[]) => ReturnType<Journal['attempts']>,
): Journal {
  return {
    append: async (entries) => {
      const store = await ready()
      if (entries.length > 0) await store.write((unit) => appendEntries(unit, entries))
    },
    read: async (query) => (await ready()).read((look) => readEntries(look, query)),
    attempts: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : attempts(store, ids)
    },
    logs: async (id, after, limit) =>
      (await ready()).read((look) => readLogs(look, id, after, Math.min(limit, LIMITS.page))),
    prune: async (stream, before, limit) =>
      (await ready()).write((unit) => pruneEntries(unit, stream, before, limit)),
  }
}
