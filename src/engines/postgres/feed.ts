// The changes feed (ADR 0005). Units append what they changed without a cursor; whoever reads gives cursors to what
// has become visible since, in the order of appending, one reader at a time. So a unit that commits late gets a later
// cursor instead of being skipped, and no open transaction of anybody holds the feed up.

import type { ChangePage } from '../../core/cold-verbs.ts'
import { readPage, type FeedLooks } from '../sql/feed-pages.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

const ANY_FRESH = 'SELECT 1 FROM @fresh_changes LIMIT 1'
const ONE_READER = "SELECT pg_advisory_xact_lock(hashtextextended('@changes', 3))"
// Appended later and seen together means caused later: the number is drawn after the rows were locked.
const SEQUENCE = `WITH next AS (SELECT coalesce((SELECT first + count FROM @changes ORDER BY first DESC LIMIT 1), 1) AS cursor),
  seen AS (DELETE FROM @fresh_changes WHERE n IN (SELECT n FROM @fresh_changes ORDER BY n LIMIT $1)
    RETURNING n, at, count, items)
  INSERT INTO @changes (first, count, at, items)
  SELECT (SELECT cursor FROM next) + sum(count) OVER (ORDER BY n) - count, count, at, items FROM seen`
const ENDS = `SELECT (SELECT first FROM @changes ORDER BY first LIMIT 1),
  (SELECT first + count - 1 FROM @changes ORDER BY first DESC LIMIT 1)`
// The row that holds a cursor is the last one that begins at or before it.
const FROM = `SELECT first, at, items FROM @changes WHERE first >=
  coalesce((SELECT first FROM @changes WHERE first <= $1 ORDER BY first DESC LIMIT 1), $1) ORDER BY first LIMIT $2`
const TRIM = `DELETE FROM @changes WHERE first IN
  (SELECT first FROM @changes WHERE first + count <= $1 ORDER BY first LIMIT $2)`
/** Units that get cursors at once. */
const CHUNK = 5_000

/** Gives cursors to what was appended; one call at a time, in the whole store. */
async function sequence(store: Store): Promise<void> {
  const { rows } = await store.read((look) => look.query(ANY_FRESH, []))
  if (rows.length === 0) return
  for (;;) {
    const moved = await store.write(async (unit) => {
      await unit.query(ONE_READER, [])
      return (await unit.query(SEQUENCE, [CHUNK])).count
    })
    if (moved < CHUNK) return
  }
}

const LOOKS: FeedLooks<PgSession> = {
  ends: async (look) => {
    const [ends = []] = (await look.query(ENDS, [])).rows
    return { oldest: ends[0] as number | null, newest: (ends[1] as number | null) ?? 0 }
  },
  rows: async (look, from, limit) => (await look.query(FROM, [from, limit])).rows,
}

/** A page of changes after `since`; `since` below 0 asks for the newest cursor only. */
export async function readChanges(store: Store, since: number, limit: number): Promise<ChangePage> {
  await sequence(store)
  return store.read((look) => readPage(LOOKS, look, since, limit))
}

/** Drops the oldest rows over what is kept, at most `limit` of them; the newest stays. */
export async function trimChanges(store: Store, limit: number): Promise<void> {
  await sequence(store)
  await store.write(async (unit) => {
    const { newest } = await LOOKS.ends(unit)
    const upTo = newest + 1 - store.options.changesKept
    if (upTo > 1) await unit.query(TRIM, [upTo, limit])
  })
}
