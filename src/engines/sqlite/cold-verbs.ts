// The cold verb groups of the SQLite engine: which function serves which verb, and which of them write.

import type { Documents, Journal, Records, Schedules } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Access } from './access.ts'
import { act } from './act.ts'
import { attemptsOf, readLogs } from './attempts.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { getDocuments, listDocuments, putDocuments, removeDocuments } from './documents.ts'
import { readChanges } from './feed.ts'
import { find } from './find.ts'
import { appendEntries, pruneEntries, readEntries } from './journal.ts'
import { dueSchedules, fireSchedules, listSchedules, putSchedules, removeSchedules } from './schedules.ts'
import { listSessions } from './sessions.ts'
import { ahead, stats } from './stats.ts'
import { readTask, SELECT_TASK } from './task-rows.ts'

const BY_ID = `${SELECT_TASK} WHERE t.id = ?`

export function recordVerbs({ read, write }: Access): Records {
  return {
    get: async (ids) =>
      ids.length === 0
        ? []
        : read((view) =>
            ids.map((id) => {
              const row = view.connection.get(BY_ID, id)
              return row === undefined ? null : readTask(view, row)
            }),
          ),
    find: async (filter) => find(read, filter),
    act: async (actions) => write(actions, act),
    stats: async (queues) => read((view) => stats(view, queues)),
    sessions: async (filter) => read((view) => listSessions(view, filter)),
    ahead: async (ids) => (ids.length === 0 ? [] : read((view) => ahead(view, ids))),
    changes: async (since, limit) => read((view) => readChanges(view.connection, since, limit)),
  }
}

export function scheduleVerbs({ read, write }: Access): Schedules {
  return {
    put: async (items) => write(items, putSchedules),
    list: async (names) => read((view) => listSchedules(view, names)),
    remove: async (items) => write(items, removeSchedules),
    due: async (limit) => read((view) => dueSchedules(view, limit)),
    fire: async (items) => write(items, fireSchedules),
  }
}

export function documentVerbs({ read, write }: Access): Documents {
  return {
    get: async (keys) => (keys.length === 0 ? [] : read((view) => getDocuments(view, keys))),
    list: async (kind, after, limit) => read((view) => listDocuments(view, kind, after, limit)),
    put: async (items) => write(items, putDocuments),
    remove: async (items) => write(items, removeDocuments),
  }
}

export function journalVerbs({ read, write, writeOne }: Access): Journal {
  return {
    append: async (entries) => {
      await write(entries, (unit, items) => {
        appendEntries(unit, items)
        return []
      })
    },
    read: async (query) => read((view) => readEntries(view, query)),
    attempts: async (ids) => (ids.length === 0 ? [] : read((view) => ids.map((id) => attemptsOf(view, id)))),
    logs: async (id, after, limit) => {
      const from = after === null ? 0 : Number(partsOf(after, ['number'])[0])
      const wanted = Math.min(limit, LIMITS.page)
      const found = await read((view) => readLogs(view, id, from, wanted + 1))
      const page = found.slice(0, wanted)
      const last = page.at(-1)
      const next = last !== undefined && found.length > page.length ? cursorOf([last.n]) : null
      return { lines: page.map((one) => one.line), next }
    },
    prune: async (stream, before, limit) => writeOne((unit) => pruneEntries(unit, stream, before, limit)),
  }
}
