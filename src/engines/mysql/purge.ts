// What the sweep drops: finished tasks past their retention or over the count, old tombstones, sessions and changes.
// Everything is bounded by a limit and found through an index.

import type { SweepRequest } from '../../core/hot-verbs.ts'
import type { Measure } from '../../core/kept-bytes.ts'
import { DEFAULTS } from '../../core/limits.ts'
import { overBytes } from '../sql/measures.ts'
import { trimChanges } from './feed.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'
import { loadSpace, storeSpace } from './task-unit.ts'

const MEASURED = words('SELECT finished_at, LENGTH(payload) + COALESCE(LENGTH(result), 0), id FROM @finished')
const ORDERS = { oldest: words('finished_at, id'), newest: words('finished_at DESC, id DESC') }
const COUNT = words('SELECT COUNT(*) FROM @finished')

/** Names of workers are kept for a year longer than any task is by default. */
const KEEP_WORKERS = 400 * 24 * 3_600_000
/** Above this many finished tasks counting them takes a while: it is done once a minute. */
const CHEAP_COUNT = 20_000
const RECOUNT = 60_000
/** Tasks that are buried in one transaction. */
const CHUNK = 1_000
/** Numbers of places that stay: the newest is remembered by the server, none is read again. */
const PLACES_LEFT = 100

/** Drops what is past its time; answers how many tasks were purged. */
export async function dropOld(store: Store, request: SweepRequest): Promise<number> {
  const { limit } = request
  const keeps = await retentions(store)
  let purged = 0
  for (const kept of keeps) {
    if (purged >= limit) break
    const [past] = await store.once(sql`SELECT id FROM @finished WHERE kept = ${kept}
      AND finished_at <= ${store.clock} - ${kept} ORDER BY finished_at LIMIT ${limit - purged}`)
    purged += await bury(store, past?.rows.map(([id]) => id as string) ?? [])
  }
  const over = await finishedOver(store, keeps, request)
  // The next sweep goes on with it.
  if (over > limit - purged) store.memory.counted = null
  if (over > 0) purged += await buryOldest(store, keeps, Math.min(limit - purged, over))
  await dropBeside(store, limit)
  await trimChanges(store, limit)
  return purged
}

/** The different retentions are a handful: each is found by stepping behind the last. */
async function retentions(store: Store): Promise<number[]> {
  const keeps: number[] = []
  for (let last = -1; ;) {
    const [next] = await store.once(sql`SELECT MIN(kept) FROM @finished WHERE kept > ${last}`)
    const kept = next?.rows[0]?.[0] as number | null | undefined
    if (kept === null || kept === undefined) return keeps
    keeps.push(kept)
    last = kept
  }
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
  if (upTo > 0) await store.once(sql`DELETE FROM @places WHERE n <= ${upTo} ORDER BY n LIMIT ${100_000}`)
}

/** How many finished tasks there are over the count or the bytes. */
async function finishedOver(
  store: Store,
  keeps: readonly number[],
  { keepCount, keepBytes }: SweepRequest,
): Promise<number> {
  const count = await countFinished(store)
  if (keepBytes === null || count === 0) return count - keepCount
  const over = await overBytes(count, keepBytes, keeps, async (end, kept, most) => {
    const [found] = await store.once(
      sql`${MEASURED} WHERE kept = ${kept} ORDER BY ${ORDERS[end]} LIMIT ${most}`,
    )
    return (found?.rows ?? []) as unknown as Measure[]
  })
  return Math.max(count - keepCount, over)
}

async function buryOldest(store: Store, keeps: readonly number[], over: number): Promise<number> {
  const found: [string, number][] = []
  for (const kept of keeps) {
    const [oldest] = await store.once(
      sql`SELECT id, finished_at FROM @finished WHERE kept = ${kept} ORDER BY finished_at, id LIMIT ${over}`,
    )
    found.push(...((oldest?.rows ?? []) as [string, number][]))
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

/** How many finished tasks there are; not more often than it may cost. */
async function countFinished(store: Store): Promise<number> {
  const last = store.memory.counted
  const now = performance.now()
  if (last !== null && last.count > CHEAP_COUNT && now - last.at < RECOUNT) return 0
  const [answer] = await store.once(COUNT)
  const count = Number(answer?.rows[0]?.[0] ?? 0)
  store.memory.counted = { count, at: now }
  return count
}
