// What a sweep purges, in the words of this server: how finished tasks are found and counted, and what else grows old.
// Everything is bounded by a limit and found through an index.

import type { SweepRequest } from '../../core/hot-verbs.ts'
import { DEFAULTS } from '../../core/limits.ts'
import { KEEP_WORKERS, purgeOld, type PurgeLooks } from '../sql/purge.ts'
import { trimChanges } from './feed.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

const MEASURED = words('SELECT finished_at, LENGTH(payload) + COALESCE(LENGTH(result), 0), id FROM @finished')
const ORDERS = { oldest: words('finished_at, id'), newest: words('finished_at DESC, id DESC') }
const COUNT = words('SELECT COUNT(*) FROM @finished')
/** Numbers of places that stay: the newest is remembered by the server, none is read again. */
const PLACES_LEFT = 100
/** Numbers of places that are dropped at once. */
const PLACES_DROPPED = 100_000

const FINISHED: PurgeLooks<Store> = {
  cheapCount: 20_000,
  retentions: async (store) => {
    // Each is found by stepping behind the last.
    const keeps: number[] = []
    for (let last = -1; ;) {
      const [next] = await store.once(sql`SELECT MIN(kept) FROM @finished WHERE kept > ${last}`)
      const kept = next?.rows[0]?.[0] ?? null
      if (kept === null) return keeps
      last = kept as number
      keeps.push(last)
    }
  },
  past: async (store, kept, limit) => {
    const [past] = await store.once(sql`SELECT id FROM @finished WHERE kept = ${kept}
      AND finished_at <= ${store.clock} - ${kept} ORDER BY finished_at LIMIT ${limit}`)
    return past?.rows.map(([id]) => id as string) ?? []
  },
  oldest: async (store, kept, limit) => {
    const [oldest] = await store.once(
      sql`SELECT id, finished_at FROM @finished WHERE kept = ${kept} ORDER BY finished_at, id LIMIT ${limit}`,
    )
    return oldest?.rows.map(([id, at]) => [id as string, at as number] as const) ?? []
  },
  measure: async (store, end, kept, most) => {
    const [found] = await store.once(
      sql`${MEASURED} WHERE kept = ${kept} ORDER BY ${ORDERS[end]} LIMIT ${most}`,
    )
    return found?.rows.map(([at, bytes, id]) => [at as number, bytes as number, id as string] as const) ?? []
  },
  mayExceed: () => Promise.resolve(true),
  count: async (store) => {
    const [answer] = await store.once(COUNT)
    return Number(answer?.rows[0]?.[0] ?? 0)
  },
  beside: dropBeside,
}

/** Drops what is past its time; answers how many tasks were purged. */
export function purge(store: Store, request: SweepRequest): Promise<number> {
  return purgeOld(UNITS, FINISHED, store, request)
}

async function dropBeside(store: Store, limit: number): Promise<void> {
  const now = store.clock
  await store.once(
    sql`DELETE FROM @tombstones WHERE until <= ${now} ORDER BY until LIMIT ${limit}`,
    sql`DELETE FROM @sessions WHERE live = 0 AND ended_at < ${now} - ${DEFAULTS.keepSessions}
      AND NOT EXISTS (SELECT 1 FROM @tasks t WHERE t.state = 2 AND t.session = @sessions.n) LIMIT ${limit}`,
    sql`DELETE FROM @workers WHERE started_at < ${now} - ${KEEP_WORKERS}
      AND NOT EXISTS (SELECT 1 FROM @sessions s WHERE s.n = @workers.n) ORDER BY n LIMIT ${limit}`,
  )
  const [newest] = await store.once(words('SELECT MAX(n) FROM @places'))
  const upTo = Number(newest?.rows[0]?.[0] ?? 0) - PLACES_LEFT
  if (upTo > 0)
    await store.once(sql`DELETE FROM @places WHERE n <= ${upTo} ORDER BY n LIMIT ${PLACES_DROPPED}`)
  await trimChanges(store, limit)
}
