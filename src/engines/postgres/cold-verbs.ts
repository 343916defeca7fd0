// The cold verb groups of the PostgreSQL engine: which function serves which verb, and which of them write.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { readLogs } from '../sql/attempts.ts'
import { getDocuments, listDocuments, putDocuments, removeDocuments } from '../sql/documents.ts'
import { appendEntries, pruneEntries, readEntries } from '../sql/journal.ts'
import { dueSchedules, listSchedules, putSchedules, removeSchedules } from '../sql/schedules.ts'
import { listSessions } from '../sql/sessions.ts'
import { act } from './act.ts'
import { readChanges } from './feed.ts'
import { fireSchedules } from './fire.ts'
import { attemptsOfTasks, find, getTasks } from './records.ts'
import { ahead, stats } from './stats.ts'
import type { Store } from './store.ts'

/** The store of an open engine that is migrated. */
export type Ready = () => Promise<Store>

export function recordVerbs(ready: Ready): Records {
  return {
    get: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : getTasks(store, ids)
    },
    find: async (filter) => find(await ready(), filter),
    act: async (actions) => {
      const store = await ready()
      return actions.length === 0 ? [] : act(store, actions)
    },
    stats: async (queues) => {
      const store = await ready()
      return queues?.length === 0 ? [] : stats(store, queues)
    },
    sessions: async (filter) => (await ready()).read((look) => listSessions(look, filter)),
    ahead: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : ahead(store, ids)
    },
    changes: async (since, limit) => readChanges(await ready(), since, limit),
  }
}

export function scheduleVerbs(ready: Ready): Schedules {
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
      return items.length === 0 ? [] : fireSchedules(store, items)
    },
  }
}

export function documentVerbs(ready: Ready): Documents {
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

export function journalVerbs(ready: Ready): Journal {
  return {
    append: async (entries) => {
      const store = await ready()
      if (entries.length > 0) await store.write((unit) => appendEntries(unit, entries))
    },
    read: async (query) => (await ready()).read((look) => readEntries(look, query)),
    attempts: async (ids) => {
      const store = await ready()
      return ids.length === 0 ? [] : attemptsOfTasks(store, ids)
    },
    logs: async (id, after, limit) =>
      (await ready()).read((look) => readLogs(look, id, after, Math.min(limit, LIMITS.page))),
    prune: async (stream, before, limit) =>
      (await ready()).write((unit) => pruneEntries(unit, stream, before, limit)),
  }
}
