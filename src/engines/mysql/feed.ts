// The changes feed (ADR 0005). Units append what they changed without a cursor; whoever reads gives cursors to what
// has become visible since, in the order of appending, one reader at a time. So a unit that commits late gets a later
// cursor instead of being skipped, and no open transaction of anybody holds the feed up.

import type { ChangePage } from '../../core/cold-verbs.ts'
import { readPage, type FeedLooks } from '../sql/feed-pages.ts'
import { removeRows } from './rows.ts'
import type { MySession } from './session.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

const ANY_FRESH = words('SELECT 1 FROM @fresh WHERE count > 0 LIMIT 1')
const ONE_READER = words("SELECT at FROM @turns WHERE name = 'changes' FOR UPDATE")
const NEWEST = words('SELECT first + count - 1 FROM @changes ORDER BY first DESC LIMIT 1')
const OLDEST = words('SELECT first FROM @changes ORDER BY first LIMIT 1')
/** Other processes hear of units by their lines here: those stay for a while, emptied. In ms. */
const HEARD = 2_000
/** Units that get cursors at once. */
const CHUNK = 2_000

/** Gives cursors to what was appended; one call at a time, in the whole store. */
async function sequence(store: Store): Promise<void> {
  const { rows } = await store.read((look) => look.query(ANY_FRESH))
  if (rows.length === 0) return
  for (;;) {
    const moved = await store.write(sequenceSome)
    if (moved < CHUNK) return
  }
}

async function sequenceSome(unit: MySession): Promise<number> {
  const [, newest, seen, old] = await unit.queries([
    ONE_READER,
    NEWEST,
    sql`SELECT n FROM @fresh WHERE count > 0 ORDER BY n LIMIT ${CHUNK}`,
    sql`SELECT n FROM @fresh WHERE count = 0 AND at < ${unit.now - HEARD} LIMIT ${CHUNK}`,
  ])
  const numbers = seen?.rows.map(([n]) => n as number) ?? []
  const last = Number(newest?.rows[0]?.[0] ?? 0)
  // Appended later and seen together means caused later: the number is drawn after the rows were locked.
  unit.later(sql`INSERT INTO @changes (first, count, at, items)
    SELECT ${last + 1} + SUM(f.count) OVER (ORDER BY f.n) - f.count, f.count, f.at, f.items
    FROM @fresh f FORCE INDEX (PRIMARY) WHERE f.n IN (${numbers}) AND f.count > 0`)
  unit.later(sql`UPDATE @fresh FORCE INDEX (PRIMARY) SET count = 0, items = '' WHERE n IN (${numbers})`)
  unit.later(removeRows('fresh', old?.rows.map(([n]) => n as number) ?? [], 'n'))
  return numbers.length
}

const LOOKS: FeedLooks<MySession> = {
  ends: async (look) => {
    const [first, last] = await look.queries([OLDEST, NEWEST])
    return {
      oldest: (first?.rows[0]?.[0] ?? null) as number | null,
      newest: Number(last?.rows[0]?.[0] ?? 0),
    }
  },
  rows: async (look, from, limit) => {
    // The row that holds a cursor is the last one that begins at or before it.
    const { rows } = await look.query(sql`SELECT first, at, items FROM @changes WHERE first >= COALESCE(
        (SELECT c.first FROM @changes c WHERE c.first <= ${from} ORDER BY c.first DESC LIMIT 1), ${from})
      ORDER BY first LIMIT ${limit}`)
    return rows
  },
}

/** A page of changes after `since`; `since` below 0 asks for the newest cursor only. */
export async function readChanges(store: Store, since: number, limit: number): Promise<ChangePage> {
  await sequence(store)
  return store.read((look) => readPage(LOOKS, look, since, limit))
}

/** Drops the oldest rows over what is kept, at most `limit` of them; the newest stays. */
export async function trimChanges(store: Store, limit: number): Promise<void> {
  await sequence(store)
  const [last] = await store.once(NEWEST)
  const upTo = Number(last?.rows[0]?.[0] ?? 0) + 1 - store.options.changesKept
  if (upTo > 1)
    await store.once(sql`DELETE FROM @changes WHERE first + count <= ${upTo} ORDER BY first LIMIT ${limit}`)
}
