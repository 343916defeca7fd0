// Promotion: scheduled tasks that are due become ready, in the order of due time and id, each with a new place.
// Used by claim and sweep. Promises a bound: a flood of due tasks is promoted over several calls.

import { byBytes } from '../sql/byte-order.ts'
import { READY } from '../sql/words.ts'
import { lineOf, patch } from './rows.ts'
import { drawPlaces, placesOf } from './task-unit.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

const QUEUES = words(`SELECT q.queue FROM (SELECT DISTINCT queue FROM @kinds) AS q
  WHERE NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = q.queue)`)

interface Due {
  readonly id: string
  readonly queue: string
  readonly rank: number
  readonly at: number
}

/** Promotes at most `perQueue` due tasks of each queue and `limit` in all (null: no limit); answers how many. */
export function promote(
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
  return store.write(async (unit) => {
    const asked = queues === null ? sql`` : sql` AND q.queue IN (${queues})`
    const { rows: due } =
      await unit.query(sql`${QUEUES}${asked} AND (SELECT t.slot FROM @tasks t FORCE INDEX (turn)
      WHERE t.state = 0 AND t.queue = q.queue AND t.line = 0
        ORDER BY t.state, t.queue, t.line, t.slot LIMIT 1) <= ${unit.now}`)
    const answers = await unit.queries(
      due.map(
        ([queue]) => sql`SELECT id, queue, \`rank\`, slot FROM @tasks FORCE INDEX (turn) WHERE state = 0
          AND queue = ${queue as string} AND line = 0 AND slot <= ${unit.now}
          ORDER BY slot, id LIMIT ${perQueue} FOR UPDATE SKIP LOCKED`,
      ),
    )
    const found = answers
      .flatMap(({ rows }) => rows)
      .map((row): Due => ({ id: row[0], queue: row[1], rank: row[2], at: row[3] }) as Due)
      .toSorted((a, b) => a.at - b.at || byBytes(a.id, b.id))
      .slice(0, limit ?? Infinity)
    const draw = placesOf(await drawPlaces(unit, found.length))
    const rows = found.map(({ id, rank }) => {
      const place = draw()
      return [id, READY, place, lineOf(rank, 0), place]
    })
    for (const statement of patch('tasks', ['id', 'state', 'place', 'line', 'slot'], rows))
      unit.later(statement)
    for (const { queue } of found) unit.hints.note('work', queue)
    return found.length
  })
}
