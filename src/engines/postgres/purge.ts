// What the sweep drops: finished tasks past their retention or over the count, old tombstones, sessions and changes.
// Everything is bounded by a limit and found through an index.

import type { SweepRequest } from '../../core/hot-verbs.ts'
import type { Measure } from '../../core/kept-bytes.ts'
import { DEFAULTS } from '../../core/limits.ts'
import { overBytes } from '../sql/measures.ts'
import { trimChanges } from './feed.ts'
import { nowOf } from './session.ts'
import type { Store } from './store.ts'
import { loadSpace, storeSpace } from './task-unit.ts'

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

/** Names of workers are kept for a year longer than any task is by default. */
const KEEP_WORKERS = 400 * 24 * 3_600_000
/** A page holds no more rows than this. */
const ROWS_PER_PAGE = 80
/** Above this many finished tasks counting them takes a while: it is done once a minute. */
const CHEAP_COUNT = 50_000
const RECOUNT = 60_000
/** Tasks that are buried in one transaction. */
const CHUNK = 1_000

/** Drops what is past its time; answers how many tasks were purged. */
export async function dropOld(store: Store, request: SweepRequest): Promise<number> {
  const { limit } = request
  const keeps = (await store.once(KEEPS, [])).rows.map(([kept]) => kept as number)
  let purged = 0
  for (const kept of keeps) {
    if (purged >= limit) break
    const { rows } = await store.once(PAST, [kept, store.now, limit - purged])
    purged += await bury(
      store,
      rows.map(([id]) => id as string),
    )
  }
  const over = await finishedOver(store, keeps, request)
  // The next sweep goes on with it.
  if (over > limit - purged) store.memory.counted = null
  if (over > 0) purged += await buryOldest(store, keeps, Math.min(limit - purged, over))
  await store.once(TOMBSTONES, [store.now, limit])
  await store.once(SESSIONS, [store.now, DEFAULTS.keepSessions, limit])
  await store.once(WORKERS, [store.now, KEEP_WORKERS, limit])
  await trimChanges(store, limit)
  return purged
}

/** How many finished tasks there are over the count or the bytes. */
async function finishedOver(
  store: Store,
  keeps: readonly number[],
  { keepCount, keepBytes }: SweepRequest,
): Promise<number> {
  const count = await countFinished(store, keepBytes === null ? keepCount : 0)
  if (keepBytes === null || count === 0) return count - keepCount
  const over = await overBytes(count, keepBytes, keeps, async (end, kept, most) => {
    const { rows } = await store.once(BYTES[end], [kept, most])
    return rows as unknown as Measure[]
  })
  return Math.max(count - keepCount, over)
}

async function buryOldest(store: Store, keeps: readonly number[], over: number): Promise<number> {
  const found: [string, number][] = []
  for (const kept of keeps) {
    const { rows } = await store.once(OLDEST, [kept, over])
    found.push(...rows.map(([id, at]): [string, number] => [id as string, at as number]))
  }
  const oldest = found.toSorted(([a, at], [b, other]) => at - other || (a < b ? -1 : 1)).slice(0, over)
  return bury(
    store,
    oldest.map(([id]) => id),
  )
}

async function bury(store: Store, ids: readonly string[]): Promise<number> {
  let count = 0
  for (let i = 0; i < ids.length; i += CHUNK) {
    const chunk = ids.slice(i, i + CHUNK)
    count += await store.write(async (unit) => {
      const scope = { ids: chunk, tasks: [], keys: false, sessions: false, places: 0 }
      const space = await loadSpace(store, unit, scope)
      for (const id of chunk) {
        const entry = space.find(id)
        if (entry !== null) space.bury(entry)
      }
      await storeSpace(unit, space)
      return space.buried.length
    })
  }
  return count
}

/** How many finished tasks there are, if it may be more than `keepCount`. Most stores hold too few to need counting at all. */
async function countFinished(store: Store, keepCount: number): Promise<number> {
  const pages = Number((await store.once(PAGES, [])).rows[0]?.[0] ?? 0)
  if (pages * ROWS_PER_PAGE <= keepCount) return 0
  const last = store.memory.counted
  const now = performance.now()
  if (last !== null && last.count > CHEAP_COUNT && now - last.at < RECOUNT) return 0
  const count = Number((await store.once(COUNT, [])).rows[0]?.[0] ?? 0)
  store.memory.counted = { count, at: now }
  return count
}
