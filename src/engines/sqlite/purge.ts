// What the sweep drops: waiting tasks that expired, finished ones past their retention or over the count, old
// tombstones, sessions and changes. Everything is bounded by a limit and found through an index.

import type { SweepRequest } from '../../core/hot-verbs.ts'
import { countOverBytes, measuresOf, newestOf, oldestOf, type Measure } from '../../core/kept-bytes.ts'
import { DEFAULTS } from '../../core/limits.ts'
import { bury, cancelWaiting } from './endings.ts'
import { trimChanges } from './feed.ts'
import type { Unit } from './unit.ts'

const EXPIRED = `SELECT s.seq, t.id, s.type, s.queue, s.attempt, t.policy, t.policy_text, t.unique_key, t.unique_until
  FROM windlass_states s JOIN windlass_tasks t ON t.seq = s.seq
  WHERE s.state < 2 AND s.expires_at <= ? ORDER BY s.expires_at LIMIT ?`
const NEXT_KEEP = 'SELECT kept FROM windlass_states WHERE kept > ? ORDER BY kept LIMIT 1'
const PAST_KEEP =
  'SELECT seq FROM windlass_states WHERE kept = ? AND finished_at <= ? ORDER BY finished_at LIMIT ?'
const OLDEST = 'SELECT seq, finished_at FROM windlass_states WHERE kept = ? ORDER BY finished_at, seq LIMIT ?'
const MEASURED = `SELECT s.finished_at, octet_length(t.payload) + coalesce(octet_length(s.result), 0), s.seq
  FROM windlass_states s JOIN windlass_tasks t ON t.seq = s.seq WHERE s.kept = ?`
const OLDEST_BYTES = `${MEASURED} ORDER BY s.finished_at, s.seq LIMIT ?`
const NEWEST_BYTES = `${MEASURED} ORDER BY s.finished_at DESC, s.seq DESC LIMIT ?`
const BYTES_AT_MOST = 'SELECT page_count * page_size FROM pragma_page_count(), pragma_page_size()'
const COUNT = 'SELECT count(*) FROM windlass_states WHERE kept IS NOT NULL'
const ROWS_AT_MOST = `SELECT next - coalesce((SELECT min(seq) FROM windlass_tasks), next)
  FROM windlass_counters WHERE one = 1`
const TOMBSTONES = `DELETE FROM windlass_tombstones WHERE id IN
  (SELECT id FROM windlass_tombstones WHERE until <= ? LIMIT ?)`
const SESSIONS = `DELETE FROM windlass_sessions WHERE n IN (SELECT n FROM windlass_sessions x
  WHERE x.live = 0 AND x.ended_at < ? AND NOT EXISTS
  (SELECT 1 FROM windlass_states s WHERE s.state = 2 AND s.session = x.n) LIMIT ?)`
const WORKERS = `DELETE FROM windlass_workers WHERE n IN
  (SELECT n FROM windlass_workers ORDER BY n LIMIT ?) AND started_at < ?
  AND n NOT IN (SELECT n FROM windlass_sessions)`

/** Names of workers are kept for a year longer than any task is by default. */
const KEEP_WORKERS = 400 * 24 * 3_600_000
/** Above this many finished tasks counting them takes a while: it is done once a minute. */
const CHEAP_COUNT = 50_000
const RECOUNT = 60_000

/** Cancels waiting tasks whose time is over; answers how many. */
export function expireWaiting(unit: Unit, limit: number): number {
  const rows = unit.connection.all(EXPIRED, unit.now, limit)
  for (const row of rows) {
    const [seq, id, type, queue, attempt, policy, text, uniqueKey, uniqueUntil] = row as [
      number,
      string,
      string,
      string,
      number,
      number | null,
      string | null,
      string | null,
      number | null,
    ]
    const { keep } = unit.policy(policy, text)
    cancelWaiting(unit, { seq, id, type, queue, attempt, keep, uniqueKey, uniqueUntil }, 'expired')
  }
  return rows.length
}

/** Drops what is past its time; answers how many tasks were purged. */
export function dropOld(unit: Unit, request: SweepRequest): number {
  const { connection, now } = unit
  const { limit } = request
  const keeps = keepsInUse(unit)
  const purged = purgePast(unit, keeps, limit)
  const over = finishedOver(unit, keeps, request)
  const dropped = over > 0 ? purgeOldest(unit, keeps, Math.min(limit - purged, over)) : 0
  if (over > dropped) {
    // The next sweep goes on with it.
    unit.remember(() => {
      unit.caches.counted = null
    })
  }
  connection.run(TOMBSTONES, now, limit)
  connection.run(SESSIONS, now - DEFAULTS.keepSessions, limit)
  connection.run(WORKERS, limit, now - KEEP_WORKERS)
  trimChanges(connection, unit.caches.changesKept, limit)
  return purged + dropped
}

/** The different retentions of finished tasks: a handful, found by stepping through the index. */
function keepsInUse(unit: Unit): number[] {
  const keeps: number[] = []
  for (;;) {
    const row = unit.connection.get(NEXT_KEEP, keeps.at(-1) ?? -1)
    if (row === undefined) return keeps
    keeps.push(row[0] as number)
  }
}

function purgePast(unit: Unit, keeps: readonly number[], limit: number): number {
  let purged = 0
  for (const keep of keeps) {
    if (purged >= limit) break
    const rows = unit.connection.all(PAST_KEEP, keep, unit.now - keep, limit - purged)
    for (const row of rows) bury(unit, row[0] as number)
    purged += rows.length
  }
  return purged
}

function purgeOldest(unit: Unit, keeps: readonly number[], over: number): number {
  const oldest = keeps
    .flatMap((keep) => unit.connection.all(OLDEST, keep, over) as unknown as [number, number][])
    .toSorted(([seq, at], [otherSeq, otherAt]) => at - otherAt || seq - otherSeq)
    .slice(0, over)
  for (const [seq] of oldest) bury(unit, seq)
  return oldest.length
}

/**
 * How many finished tasks there are over the count or the bytes. Most stores hold too few rows and bytes to need
 * counting at all.
 */
function finishedOver(
  unit: Unit,
  keeps: readonly number[],
  { keepCount, keepBytes }: Pick<SweepRequest, 'keepCount' | 'keepBytes'>,
): number {
  const bytesMatter = keepBytes !== null && numberOf(unit, BYTES_AT_MOST) > keepBytes
  if (numberOf(unit, ROWS_AT_MOST) <= keepCount && !bytesMatter) return 0
  const last = unit.caches.counted
  if (last !== null && last.count > CHEAP_COUNT && unit.now - last.at < RECOUNT && unit.now >= last.at)
    return 0
  const count = numberOf(unit, COUNT)
  unit.remember(() => {
    unit.caches.counted = { count, at: unit.now }
  })
  return Math.max(count - keepCount, bytesMatter ? overBytes(unit, keeps, count, keepBytes) : 0)
}

/** How many of `count` finished tasks are over the bytes: by all of them, or by both ends of the history. */
function overBytes(unit: Unit, keeps: readonly number[], count: number, keepBytes: number): number {
  const most = measuresOf(count)
  const measure = (sql: string, limit: number): Measure[] =>
    limit === 0 ? [] : keeps.flatMap((keep) => unit.connection.all(sql, keep, limit) as unknown as Measure[])
  const oldest = oldestOf(measure(OLDEST_BYTES, most.oldest), most.oldest)
  const newest = newestOf(measure(NEWEST_BYTES, most.newest), most.newest)
  return countOverBytes({ count, oldest, newest }, keepBytes)
}

function numberOf(unit: Unit, sql: string): number {
  return Number(unit.connection.get(sql)?.[0] ?? 0)
}
