// The verbs of records: which function serves which verb, and which of them write. The other cold groups are portable.

import type { Records } from '../../core/cold-verbs.ts'
import { listSessions } from '../sql/sessions.ts'
import { act } from './act.ts'
import { readChanges } from './feed.ts'
import { find, getTasks } from './records.ts'
import { ahead, stats } from './stats.ts'
import type { Store } from './store.ts'

/** `ready` answers the store of an open engine that is migrated. */
export function recordVerbs(ready: () => Promise<Store>): Records {
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
