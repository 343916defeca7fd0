// Promotion: scheduled tasks that are due become ready, in the order of due time and id, each with a new place.
// Used by claim and sweep. Promises a bound: a flood of due tasks is promoted over several calls.

import { arrayOf } from './arrays.ts'
import { nowOf } from './session.ts'
import type { Store } from './store.ts'
import { PLACES } from './task-unit.ts'

const PROMOTE = `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now),
  queues AS MATERIALIZED (SELECT DISTINCT l.queue FROM @lanes l WHERE ($2::text[] IS NULL OR l.queue = ANY($2::text[]))
    AND NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = l.queue)),
  due AS MATERIALIZED (SELECT d.tid, d.run_at, d.id FROM queues q, LATERAL
    (SELECT t.ctid AS tid, t.run_at, t.id FROM @tasks t WHERE t.state = 0 AND t.queue = q.queue
      AND t.run_at <= (SELECT now FROM clock) ORDER BY t.run_at, t.id LIMIT $3 FOR UPDATE SKIP LOCKED) AS d
    ORDER BY d.run_at, d.id LIMIT $4),
  placed AS MATERIALIZED (SELECT tid, nextval('@places') * ${PLACES} AS place
    FROM (SELECT tid FROM due ORDER BY run_at, id) AS first)
  UPDATE @tasks t SET state = 1, place = p.place FROM placed p
  WHERE t.ctid = p.tid AND t.ctid = ANY (ARRAY(SELECT tid FROM placed)) AND t.state = 0 RETURNING t.queue`

/** Promotes at most `perQueue` due tasks of each queue and `limit` in all (null: no limit); answers how many. */
export async function promote(
  store: Store,
  {
    queues,
    perQueue,
    limit,
  }: {
    readonly queues: readonly string[] | null
    readonly perQueue: number
    readonly limit: number | null
  },
): Promise<number> {
  const { rows } = await store.once(PROMOTE, [
    store.now,
    queues === null ? null : arrayOf(queues),
    perQueue,
    limit,
  ])
  const told = new Set(rows.map(([queue]) => queue as string))
  if (told.size > 0) store.options.committed([{ kind: 'work', queues: [...told] }])
  return rows.length
}
