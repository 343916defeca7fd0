// The statements of the claim. Ordered: the queues are emptied one after the other. Merged: all are one lane.
// The form is what makes the cost independent of what else the table holds: lanes come from a small table, each is
// read lazily by an index in the order of places from its bound on, rows are taken by where they are (a plan cannot
// turn that into a scan; `+ 0` keeps it from an index by state), and engine time is a scalar that is computed once. plans.test.ts pins it.
// Without bounds a third of it falls away, which a claim of one task, on a server that was idle, takes as long to set up.

import { CLAIMED } from './claimed-row.ts'
import { nowOf } from './session.ts'

const NOT_PAUSED = 'NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = l.queue)'

// $1 now, $2 session, $3 claim id, $4 queues, $5 limit, $6 due tasks do not matter, $7 tasks of this claim id do not
// matter, $8 nothing is scheduled up to then, $9–$11 bounds by queue and rank.
const BOUNDS = `LEFT JOIN unnest($9::text[], $10::smallint[], $11::bigint[]) AS h(queue, rank, place)
    ON h.queue = l.queue AND h.rank = l.rank`

function lanesOf(bounded: boolean, merged: boolean): string {
  const bound = bounded ? 'coalesce(h.place, 0)' : '0::bigint'
  const queues = 'unnest($4::text[]) WITH ORDINALITY AS q(queue, o) JOIN @lanes l ON l.queue = q.queue'
  return `SELECT l.queue, l.rank, ${bound} AS bound FROM ${merged ? '@lanes l' : queues} ${bounded ? BOUNDS : ''}
    WHERE ${NOT_PAUSED} ${merged ? 'AND $4::text[] IS NULL ORDER BY l.rank, l.queue' : 'ORDER BY q.o, l.rank'}`
}

/** Found in no index but their own. */
const RELEASED = 't.back = 1 AND t.state + 0 = 1'

/** Rows of one lane in the order of their places: released ones below the bound, then all above it. */
function rowsOf(bounded: boolean, columns: string, limit: string, lock: string): string {
  const from = `SELECT ${columns} FROM @tasks t WHERE t.queue = l.queue AND t.rank = l.rank AND`
  const rest = `ORDER BY t.place LIMIT ${limit} ${lock}`
  const placed = `SELECT * FROM (${from} t.state = 1 AND t.place > l.bound ${rest}) AS placed`
  if (!bounded) return placed
  return `SELECT * FROM (${from} ${RELEASED} AND t.place <= l.bound ${rest}) AS released UNION ALL ${placed}`
}

const FOUND = 't.ctid AS tid, t.expires_at'
const LOCK = 'FOR UPDATE SKIP LOCKED'

function orderedRows(bounded: boolean): string {
  return `SELECT c.tid, c.expires_at FROM lanes l, LATERAL (${rowsOf(bounded, FOUND, '$5', LOCK)} LIMIT $5) AS c
    WHERE (SELECT go FROM ask) LIMIT $5`
}

// How much of the best rows each lane has is looked at first, without locks; then so much of each is taken. One lane
// alone, which is what most stores have, has all of them.
function sharesOf(bounded: boolean): string {
  return `shares AS MATERIALIZED (SELECT queue, rank, bound, $5::bigint AS n FROM lanes
    WHERE (SELECT count(*) FROM lanes) = 1 AND (SELECT go FROM ask)
  UNION ALL SELECT * FROM (SELECT queue, rank, bound, count(*) AS n FROM (SELECT l.queue, l.rank, l.bound, c.place
      FROM lanes l, LATERAL (${rowsOf(bounded, 't.place', '$5', '')} LIMIT $5) AS c
      WHERE (SELECT count(*) FROM lanes) > 1 AND (SELECT go FROM ask) ORDER BY l.rank, c.place LIMIT $5) AS best
    GROUP BY queue, rank, bound ORDER BY rank, queue) AS several),`
}

function mergedRows(bounded: boolean): string {
  return `SELECT c.tid, c.expires_at FROM shares l, LATERAL (${rowsOf(bounded, FOUND, 'l.n', LOCK)} LIMIT l.n) AS c`
}

function leftOf(bounded: boolean): string {
  const released = `EXISTS (SELECT 1 FROM @tasks t WHERE ${RELEASED} AND t.queue = l.queue AND t.rank = l.rank
      AND t.place <= l.bound AND t.place > coalesce(m.place, 0))`
  return `SELECT 1 FROM lanes l LEFT JOIN (SELECT queue, rank, max(place) AS place FROM taken GROUP BY queue, rank) AS m
    ON m.queue = l.queue AND m.rank = l.rank WHERE
    EXISTS (SELECT 1 FROM @tasks t WHERE t.state = 1 AND t.queue = l.queue AND t.rank = l.rank
      AND t.place > greatest(l.bound, m.place)) ${bounded ? `OR ${released}` : ''}`
}

function claimOf(merged: boolean, bounded: boolean): string {
  return `WITH clock AS MATERIALIZED (SELECT ${nowOf('$1')} AS now),
  me AS MATERIALIZED (SELECT n FROM @sessions WHERE id = $2 AND live = 1),
  lanes AS MATERIALIZED (${lanesOf(bounded, merged)}),
  due AS MATERIALIZED (SELECT min(d.run_at) AS next FROM (SELECT DISTINCT queue FROM lanes) AS l,
    LATERAL (SELECT t.run_at FROM @tasks t WHERE t.state = 0 AND t.queue = l.queue AND t.run_at > $8::bigint
      ORDER BY t.run_at, t.id LIMIT 1) AS d),
  asked AS MATERIALIZED (SELECT $7::int = 0 AND EXISTS (SELECT 1 FROM @tasks t
    WHERE t.state = 2 AND t.session = (SELECT n FROM me) AND t.claim = $3) AS before),
  ask AS MATERIALIZED (SELECT NOT asked.before AND EXISTS (SELECT 1 FROM me)
    AND ($6::int = 1 OR coalesce(due.next > clock.now, true)) AS go FROM asked, due, clock),
  ${merged ? sharesOf(bounded) : ''}
  cand AS MATERIALIZED (${merged ? mergedRows(bounded) : orderedRows(bounded)}),
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
    (EXISTS (SELECT 1 FROM cand WHERE expires_at <= (SELECT now FROM clock)))::int, (EXISTS (${leftOf(bounded)}))::int,
    (SELECT next FROM due)), NULL, NULL
  UNION ALL SELECT common, seldom, payload FROM taken`
}

export const CLAIM_ORDERED = { bounded: claimOf(false, true), whole: claimOf(false, false) } as const
export const CLAIM_MERGED = { bounded: claimOf(true, true), whole: claimOf(true, false) } as const

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
