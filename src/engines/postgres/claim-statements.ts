// The statements of the claim. Ordered: the queues are emptied one after the other. Merged: all are one lane.
// The form is what makes the cost independent of what else the table holds: lanes come from a small table, each is
// read lazily by an index in the order of places from its bound on, rows are taken by where they are (a plan cannot
// turn that into a scan; `+ 0` keeps it from an index by state), and engine time is a scalar that is computed once. plans.test.ts pins it.

import { CLAIMED } from './claimed-row.ts'
import { nowOf } from './session.ts'

const NOT_PAUSED = 'NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = l.queue)'

// $1 now, $2 session, $3 claim id, $4 queues, $5–$7 bounds by queue and rank, $8 limit, $9 due tasks do not matter,
// $10 tasks of this claim id do not matter, $11 nothing is scheduled up to then.
const BOUNDS = `LEFT JOIN unnest($5::text[], $6::smallint[], $7::bigint[]) AS h(queue, rank, place)
    ON h.queue = l.queue AND h.rank = l.rank`
const ORDERED_LANES = `SELECT l.queue, l.rank, coalesce(h.place, 0) AS bound
    FROM unnest($4::text[]) WITH ORDINALITY AS q(queue, o) JOIN @lanes l ON l.queue = q.queue ${BOUNDS}
    WHERE ${NOT_PAUSED} ORDER BY q.o, l.rank`
const MERGED_LANES = `SELECT l.queue, l.rank, coalesce(h.place, 0) AS bound FROM @lanes l ${BOUNDS}
    WHERE ${NOT_PAUSED} AND $4::text[] IS NULL ORDER BY l.rank, l.queue`

/** Found in no index but their own. */
const RELEASED = 't.back = 1 AND t.state + 0 = 1'

/** Rows of one lane in the order of their places: released ones below the bound, then all above it. */
function rowsOf(columns: string, limit: string, lock: string): string {
  const from = `SELECT ${columns} FROM @tasks t WHERE t.queue = l.queue AND t.rank = l.rank AND`
  const rest = `ORDER BY t.place LIMIT ${limit} ${lock}`
  return `SELECT * FROM (${from} ${RELEASED} AND t.place <= l.bound ${rest}) AS released
      UNION ALL SELECT * FROM (${from} t.state = 1 AND t.place > l.bound ${rest}) AS placed`
}

const ORDERED_ROWS = `SELECT c.tid, c.expires_at FROM lanes l,
    LATERAL (${rowsOf('t.ctid AS tid, t.expires_at', '$8', 'FOR UPDATE SKIP LOCKED')} LIMIT $8) AS c
    WHERE (SELECT go FROM ask) LIMIT $8`
// How much of the best rows each lane has is looked at first, without locks; then so much of each is taken. One lane
// alone, which is what most stores have, has all of them.
const SHARES = `shares AS MATERIALIZED (SELECT queue, rank, bound, $8::bigint AS n FROM lanes
    WHERE (SELECT count(*) FROM lanes) = 1 AND (SELECT go FROM ask)
  UNION ALL SELECT * FROM (SELECT queue, rank, bound, count(*) AS n FROM
    (SELECT l.queue, l.rank, l.bound, c.place FROM lanes l, LATERAL (${rowsOf('t.place', '$8', '')} LIMIT $8) AS c
      WHERE (SELECT count(*) FROM lanes) > 1 AND (SELECT go FROM ask) ORDER BY l.rank, c.place LIMIT $8) AS best
    GROUP BY queue, rank, bound ORDER BY rank, queue) AS several),`
const MERGED_ROWS = `SELECT c.tid, c.expires_at FROM shares l,
    LATERAL (${rowsOf('t.ctid AS tid, t.expires_at', 'l.n', 'FOR UPDATE SKIP LOCKED')} LIMIT l.n) AS c`

const LEFT = `SELECT 1 FROM lanes l LEFT JOIN (SELECT queue, rank, max(place) AS place FROM taken GROUP BY queue, rank) AS m
    ON m.queue = l.queue AND m.rank = l.rank WHERE
    EXISTS (SELECT 1 FROM @tasks t WHERE t.state = 1 AND t.queue = l.queue AND t.rank = l.rank
      AND t.place > greatest(l.bound, m.place)) OR
    EXISTS (SELECT 1 FROM @tasks t WHERE ${RELEASED} AND t.queue = l.queue AND t.rank = l.rank
      AND t.place <= l.bound AND t.place > coalesce(m.place, 0))`

function claimOf(lanes: string, shares: string, rows: string): string {
  return `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now),
  me AS MATERIALIZED (SELECT n FROM @sessions WHERE id = $2 AND live = 1),
  lanes AS MATERIALIZED (${lanes}),
  due AS MATERIALIZED (SELECT min(d.run_at) AS next FROM (SELECT DISTINCT queue FROM lanes) AS l,
    LATERAL (SELECT t.run_at FROM @tasks t WHERE t.state = 0 AND t.queue = l.queue AND t.run_at > $11::bigint
      ORDER BY t.run_at, t.id LIMIT 1) AS d),
  asked AS MATERIALIZED (SELECT $10::int = 0 AND EXISTS (SELECT 1 FROM @tasks t
    WHERE t.state = 2 AND t.session = (SELECT n FROM me) AND t.claim = $3) AS before),
  ask AS MATERIALIZED (SELECT NOT asked.before AND EXISTS (SELECT 1 FROM me)
    AND ($9::int = 1 OR coalesce(due.next > clock.now, true)) AS go FROM asked, due, clock),
  ${shares}
  cand AS MATERIALIZED (${rows}),
  taken AS (UPDATE @tasks t SET state = 2, attempt = t.attempt + 1, claim = $3, session = (SELECT n FROM me),
    started_at = (SELECT now FROM clock), deadline_at = (SELECT now FROM clock) + t.timeout, progress = NULL, back = 0
    WHERE t.ctid = ANY (ARRAY(SELECT tid FROM cand)) AND t.state + 0 = 1
      AND NOT EXISTS (SELECT 1 FROM cand WHERE expires_at <= (SELECT now FROM clock))
    RETURNING ${CLAIMED}, t.id, t.type, t.queue, t.attempt, t.rank, t.place),
  told AS (INSERT INTO @fresh_changes (at, count, items)
    SELECT (SELECT now FROM clock), sum(n)::int, json_agg(json_build_array(type, queue, 2, attempt, ids))::text FROM
      (SELECT type, queue, attempt, count(*) AS n, json_agg(id) AS ids FROM taken GROUP BY type, queue, attempt) AS runs
    HAVING count(*) > 0)
  SELECT concat_ws(',', (SELECT now FROM clock), (SELECT count(*) FROM me), (SELECT before::int FROM asked),
    (EXISTS (SELECT 1 FROM cand WHERE expires_at <= (SELECT now FROM clock)))::int, (EXISTS (${LEFT}))::int,
    (SELECT next FROM due)), NULL, NULL
  UNION ALL SELECT common, seldom, payload FROM taken`
}

export const CLAIM_ORDERED = claimOf(ORDERED_LANES, '', ORDERED_ROWS)
export const CLAIM_MERGED = claimOf(MERGED_LANES, SHARES, MERGED_ROWS)

/** The first rows that a claim would meet, by id. $1 queues, $2 limit. */
function headOf(lanes: string, order: string): string {
  return `SELECT c.id FROM (${lanes}) AS l,
    LATERAL (SELECT t.id, t.place, t.expires_at FROM @tasks t WHERE t.state = 1 AND t.queue = l.queue
      AND t.rank = l.rank ORDER BY t.place LIMIT $2) AS c ORDER BY ${order} LIMIT $2`
}

export const HEAD_ORDERED = headOf(
  `SELECT l.queue, l.rank, q.o FROM unnest($1::text[]) WITH ORDINALITY AS q(queue, o) JOIN @lanes l
    ON l.queue = q.queue WHERE ${NOT_PAUSED}`,
  'l.o, l.rank, c.place',
)
export const HEAD_MERGED = headOf(
  `SELECT l.queue, l.rank FROM @lanes l WHERE ${NOT_PAUSED} AND $1::text[] IS NULL`,
  'l.rank, c.place',
)

/** The tasks that still run under a claim, as the claim answered them. $1 claim id, $2 session. */
export const REPLAY = `SELECT ${CLAIMED} FROM @tasks t WHERE t.state = 2 AND t.claim = $1
  AND t.session = (SELECT n FROM @sessions WHERE id = $2)`
