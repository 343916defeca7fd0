// What a sweep purges, in the words of this server: how finished tasks are found and counted, and what else grows old.
// Everything is bounded by a limit and found through an index.

import type { SweepRequest } from '../../core/hot-verbs.ts'
import { DEFAULTS } from '../../core/limits.ts'
import { KEEP_WORKERS, purgeOld, type PurgeLooks } from '../sql/purge.ts'
import { trimChanges } from './feed.ts'
import { nowOf } from './session.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

// The different retentions are a handful: each is found by stepping behind the last.
const KEEPS = `WITH RECURSIVE keeps AS ((SELECT kept FROM @finished ORDER BY kept LIMIT 1) UNION ALL
  SELECT (SELECT f.kept FROM @finished f WHERE f.kept > k.kept ORDER BY f.kept LIMIT 1) FROM keeps k
  WHERE k.kept IS NOT NULL) SELECT kept FROM keeps WHERE kept IS NOT NULL`
const PAST = `SELECT id FROM @finished WHERE kept = $1 AND finished_at <= (SELECT ${nowOf('$2')}) - $1::bigint
  ORDER BY finished_at LIMIT $3`
const OLDEST = 'SELECT id, finished_at FROM @finished WHERE kept = $1 ORDER BY finished_at, id LIMIT $2'
// The length of a long text is known without reading it.
const MEASURED = `SELECT finished_at, octet_length(payload) + coalesce(octet_length(result), 0), id
  FROM @finished WHERE kept = $1`
const BYTES = {
  oldest: `${MEASURED} ORDER BY finished_at, id LIMIT $2`,
  newest: `${MEASURED} ORDER BY finished_at DESC, id DESC LIMIT $2`,
}
const PAGES = `SELECT pg_relation_size('@finished') / 8192`
const COUNT = 'SELECT count(*) FROM @finished'
const TOMBSTONES = `DELETE FROM @tombstones WHERE id IN
  (SELECT id FROM @tombstones WHERE until <= (SELECT ${nowOf('$1')}) LIMIT $2)`
const SESSIONS = `DELETE FROM @sessions WHERE n IN (SELECT x.n FROM @sessions x WHERE x.live = 0
  AND x.ended_at < (SELECT ${nowOf('$1')}) - $2::bigint
  AND NOT EXISTS (SELECT 1 FROM @tasks t WHERE t.state = 2 AND t.session = x.n) LIMIT $3)`
const WORKERS = `DELETE FROM @workers WHERE n IN (SELECT w.n FROM @workers w
  WHERE w.started_at < (SELECT ${nowOf('$1')}) - $2::bigint
  AND NOT EXISTS (SELECT 1 FROM @sessions s WHERE s.n = w.n) ORDER BY w.n LIMIT $3)`

/** A page holds no more rows than this. */
const ROWS_PER_PAGE = 80

const FINISHED: PurgeLooks<Store> = {
  cheapCount: 50_000,
  retentions: async (store) => (await store.once(KEEPS, [])).rows.map(([kept]) => kept as number),
  past: async (store, kept, limit) => {
    const { rows } = await store.once(PAST, [kept, store.now, limit])
    return rows.map(([id]) => id as string)
  },
  oldest: async (store, kept, limit) => {
    const { rows } = await store.once(OLDEST, [kept, limit])
    return rows.map(([id, at]) => [id as string, at as number] as const)
  },
  measure: async (store, end, kept, most) => {
    const { rows } = await store.once(BYTES[end], [kept, most])
    return rows.map(([at, bytes, id]) => [at as number, bytes as number, id as string] as const)
  },
  // Most stores hold too few to need counting at all.
  mayExceed: async (store, count) =>
    Number((await store.once(PAGES, [])).rows[0]?.[0] ?? 0) * ROWS_PER_PAGE > count,
  count: async (store) => Number((await store.once(COUNT, [])).rows[0]?.[0] ?? 0),
  beside: async (store, limit) => {
    await store.once(TOMBSTONES, [store.now, limit])
    await store.once(SESSIONS, [store.now, DEFAULTS.keepSessions, limit])
    await store.once(WORKERS, [store.now, KEEP_WORKERS, limit])
    await trimChanges(store, limit)
  },
}

/** Drops what is past its time; answers how many tasks were purged. */
export function purge(store: Store, request: SweepRequest): Promise<number> {
  return purgeOld(UNITS, FINISHED, store, request)
}
