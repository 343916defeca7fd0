// What a sweep purges: finished tasks past their retention, then the oldest of those that are over the count or over the
// bytes. Everything is bounded by a limit; what is left goes with the next sweep.
// Leaves to the engine how rows are found and counted, and what else of its tables grows old.

import type { SweepRequest } from '../../core/hot-verbs.ts'
import type { Measure } from '../../core/kept-bytes.ts'
import { overBytes } from './measures.ts'
import type { CountedTasks } from './memory.ts'
import type { SqlUnit } from './session.ts'
import { buryTasks, type Units, type UnitStore } from './units.ts'

/** Names of workers are kept for a year longer than any task is by default, in ms. */
export const KEEP_WORKERS = 400 * 24 * 3_600_000
/** Between two counts of many finished tasks, in ms. */
const RECOUNT = 60_000
/** Tasks that are buried in one transaction. */
const CHUNK = 1_000

/** A finished task: its id, and when it ended. */
export type Finished = readonly [id: string, finishedAt: number]

/** A store that remembers when it counted last. */
interface Counting {
  readonly memory: { counted: CountedTasks | null }
}

/** How an engine finds finished tasks. */
export interface PurgeLooks<S> {
  /** The different retentions in use: a handful. */
  retentions(store: S): Promise<number[]>
  /** Ids of tasks whose retention is over, oldest first. */
  past(store: S, kept: number, limit: number): Promise<string[]>
  /** The oldest of a retention. */
  oldest(store: S, kept: number, limit: number): Promise<Finished[]>
  /** Bytes of up to `most` tasks of a retention, from one end of their history. */
  measure(store: S, end: 'oldest' | 'newest', kept: number, most: number): Promise<readonly Measure[]>
  /** May there be more than this many? */
  mayExceed(store: S, count: number): Promise<boolean>
  count(store: S): Promise<number>
  /** Above this many counting takes a while: it is done once a minute. */
  readonly cheapCount: number
  /** Drops old tombstones, sessions, names of workers, changes. */
  beside(store: S, limit: number): Promise<void>
}

/** Drops what is past its time; answers how many tasks were purged. */
export async function purgeOld<S extends UnitStore<U> & Counting, U extends SqlUnit>(
  units: Units<S, U>,
  looks: PurgeLooks<S>,
  store: S,
  request: SweepRequest,
): Promise<number> {
  const { limit } = request
  const keeps = await looks.retentions(store)
  let purged = 0
  for (const kept of keeps) {
    if (purged >= limit) break
    purged += await bury(units, store, await looks.past(store, kept, limit - purged))
  }
  const over = await finishedOver(looks, store, keeps, request)
  // The next sweep goes on with it.
  if (over > limit - purged) store.memory.counted = null
  if (over > 0)
    purged += await bury(units, store, await oldestOf(looks, store, keeps, Math.min(limit - purged, over)))
  await looks.beside(store, limit)
  return purged
}

/** How many finished tasks there are over the count or the bytes. */
async function finishedOver<S extends Counting>(
  looks: PurgeLooks<S>,
  store: S,
  keeps: readonly number[],
  { keepCount, keepBytes }: SweepRequest,
): Promise<number> {
  const count = await countFinished(looks, store, keepBytes === null ? keepCount : 0)
  if (keepBytes === null || count === 0) return count - keepCount
  const over = await overBytes(count, keepBytes, keeps, (end, kept, most) =>
    looks.measure(store, end, kept, most),
  )
  return Math.max(count - keepCount, over)
}

/** How many finished tasks there are, if it may be more than `most`; 0 where it is too soon to count again. */
async function countFinished<S extends Counting>(
  looks: PurgeLooks<S>,
  store: S,
  most: number,
): Promise<number> {
  if (!(await looks.mayExceed(store, most))) return 0
  const last = store.memory.counted
  const now = performance.now()
  if (last !== null && last.count > looks.cheapCount && now - last.at < RECOUNT) return 0
  const count = await looks.count(store)
  store.memory.counted = { count, at: now }
  return count
}

async function oldestOf<S>(
  looks: PurgeLooks<S>,
  store: S,
  keeps: readonly number[],
  most: number,
): Promise<string[]> {
  const found: Finished[] = []
  for (const kept of keeps) found.push(...(await looks.oldest(store, kept, most)))
  const oldest = found.toSorted(([a, at], [b, other]) => at - other || (a < b ? -1 : 1))
  return oldest.slice(0, most).map(([id]) => id)
}

async function bury<S extends UnitStore<U>, U extends SqlUnit>(
  units: Units<S, U>,
  store: S,
  ids: readonly string[],
): Promise<number> {
  let count = 0
  for (let i = 0; i < ids.length; i += CHUNK) count += await buryTasks(units, store, ids.slice(i, i + CHUNK))
  return count
}
