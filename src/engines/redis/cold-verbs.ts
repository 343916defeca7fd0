// The cold verb groups of the Redis engine: which function serves which verb.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import { act } from './act.ts'
import { readChanges } from './changes.ts'
import * as documents from './documents.ts'
import { find } from './find.ts'
import * as journal from './journal.ts'
import { listSessions } from './sessions.ts'
import { ahead, stats } from './stats.ts'
import { inParts, type Store } from './store.ts'
import { word } from './words.ts'

/** Gives the store to a call, or throws where there is none. */
type Open = () => Promise<Store>

export function recordVerbs(open: Open): Records {
  return {
    get: async (ids) => {
      const store = await open()
      return inParts(ids, async (part) =>
        store.reader.readAll(await store.run('get', ['', ...part.map(word)])),
      )
    },
    find: async (filter) => find(await open(), filter),
    act: async (actions) => act(await open(), actions),
    stats: async (queues) => stats(await open(), queues),
    sessions: async (filter) => listSessions(await open(), filter),
    ahead: async (ids) => ahead(await open(), ids),
    changes: async (since, limit) => readChanges(await open(), since, limit),
  }
}

export function scheduleVerbs(open: Open): Schedules {
  return {
    put: async (items) => documents.putSchedules(await open(), items),
    list: async (names) => documents.listSchedules(await open(), names),
    remove: async (items) => documents.removeSchedules(await open(), items),
    due: async (limit) => documents.dueSchedules(await open(), limit),
    fire: async (items) => documents.fire(await open(), items),
  }
}

export function documentVerbs(open: Open): Documents {
  return {
    get: async (keys) => documents.getDocuments(await open(), keys),
    list: async (kind, after, limit) => documents.listDocuments(await open(), kind, after, limit),
    put: async (items) => documents.putDocuments(await open(), items),
    remove: async (items) => documents.removeDocuments(await open(), items),
  }
}

export function journalVerbs(open: Open): Journal {
  return {
    append: async (entries) => journal.appendEntries(await open(), entries),
    read: async (query) => journal.readEntries(await open(), query),
    attempts: async (ids) => journal.attemptsOf(await open(), ids),
    logs: async (id, after, limit) => journal.readLogs(await open(), id, after, limit),
    prune: async (stream, before, limit) => journal.pruneEntries(await open(), stream, before, limit),
  }
}
