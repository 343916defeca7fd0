// The statements of the claim. Rows of a queue are read by one index in the order in which they are to be taken, from
// the bounds of its lines on; lines without a bound are read from their beginning, and no plan has to sort.

import { LIMITS } from '../../core/limits.ts'
import { ROW_COLUMNS } from '../sql/task-row.ts'
import { lineOf } from './rows.ts'
import { joined, sql, words, type Expression, type Statement } from './statement.ts'

/** Up to which slot a line of a queue was taken. */
export interface LineBound {
  readonly line: number
  readonly slot: number
}

const PICKED = words(`SELECT ${ROW_COLUMNS}, t.payload`)
const ROWS = words(`SELECT ${ROW_COLUMNS}, t.payload FROM @tasks t`)
const PAUSED = words('SELECT queue FROM @paused')
/** All queues, each with how many kinds it has. */
export const QUEUES: Statement = words('SELECT queue, COUNT(*) FROM @kinds GROUP BY queue')

/** What has to be known before anything is taken: time, session, kinds, whether this claim was made before; paused queues. */
export function headOf(clock: number | Expression, session: string, claimId: string): Statement[] {
  const n = sql`(SELECT n FROM @sessions WHERE id = ${session})`
  return [
    sql`SELECT ${clock}, (SELECT n FROM @sessions WHERE id = ${session} AND live = 1),
      (SELECT COUNT(*) FROM @kinds), EXISTS (SELECT 1 FROM @tasks t FORCE INDEX (running)
        WHERE t.session = ${n} AND t.claim = ${claimId} AND t.state = 2)`,
    PAUSED,
  ]
}

/**
 * When the next scheduled task of each queue is due. Not MIN(): it would step over what is dead behind, where nothing is
 * scheduled.
 */
export function dueOf(queues: readonly string[]): Statement {
  if (queues.length === 0) return words('SELECT NULL')
  return joined(
    queues.map(
      (queue) => sql`(SELECT t.slot FROM @tasks t FORCE INDEX (turn)
        WHERE t.state = 0 AND t.queue = ${queue} AND t.line = 0 ORDER BY t.slot LIMIT 1)`,
    ),
    ' UNION ALL ',
  )
}

/** Every line that there can be. */
const LINES = Array.from({ length: LIMITS.priorityMax - LIMITS.priorityMin + 1 }, (_, i) => {
  const rank = 0 - LIMITS.priorityMin - i
  return [lineOf(rank, 0), lineOf(rank, 1)]
}).flat()

/**
 * Ready rows of a queue behind its bounds. The other lines are named one by one: where a range that is open to one side
 * ends, the server steps over all that is dead behind it, and a snapshot of somebody keeps the dead for hours.
 */
function readyOf(queue: string, bounds: readonly LineBound[]): Statement {
  const ready = sql`t.state = 1 AND t.queue = ${queue}`
  if (bounds.length === 0) return ready
  const others = LINES.filter((line) => bounds.every((bound) => bound.line !== line))
  const behind = bounds.map(({ line, slot }) => sql`t.line = ${line} AND t.slot > ${slot}`)
  return sql`${ready} AND (t.line IN (${others}) OR ${joined(behind, ' OR ')})`
}

/**
 * Looks for the first rows of a queue without locks, and takes hold of those that nobody else holds. A look with locks
 * has to find out for each entry of the index, dead ones as well, who changed it last: three pages each.
 * @param window rows that are looked at; where several look at once they find the same ones
 */
export function pickOf(
  queue: string,
  bounds: readonly LineBound[],
  limit: number,
  window: number = limit,
): Statement {
  return sql`${PICKED} FROM (SELECT t.id FROM @tasks t FORCE INDEX (turn) WHERE ${readyOf(queue, bounds)}
    ORDER BY t.line, t.slot LIMIT ${window}) AS k STRAIGHT_JOIN @tasks t FORCE INDEX (PRIMARY) ON t.id = k.id
    WHERE t.state = 1 LIMIT ${limit} FOR UPDATE SKIP LOCKED`
}

/** How many rows each queue has, as far as they matter, one queue after the other: ordinal and count. */
export function countsOf(
  queues: readonly string[],
  boundsOf: (queue: string) => readonly LineBound[],
  limit: number,
): Statement {
  return joined(
    queues.map(
      (queue, i) => sql`SELECT ${i}, COUNT(*) FROM (SELECT 1 FROM @tasks t FORCE INDEX (turn)
        WHERE ${readyOf(queue, boundsOf(queue))} LIMIT ${limit}) AS c`,
    ),
    ' UNION ALL ',
  )
}

/** How many of the best rows each queue has, all queues being one lane: queue and count. */
export function sharesOf(
  queues: readonly string[],
  boundsOf: (queue: string) => readonly LineBound[],
  limit: number,
): Statement {
  const heads = queues.map(
    (queue) => sql`(SELECT t.queue, t.line, t.slot FROM @tasks t FORCE INDEX (turn)
      WHERE ${readyOf(queue, boundsOf(queue))} ORDER BY t.line, t.slot LIMIT ${limit})`,
  )
  return sql`SELECT queue, COUNT(*) FROM (SELECT queue FROM (${joined(heads, ' UNION ALL ')}) AS heads
    ORDER BY -((-line) DIV 2), slot LIMIT ${limit}) AS best GROUP BY queue`
}

/** Is anything ready in these queues, behind what was taken? */
export function moreOf(
  queues: readonly string[],
  boundsOf: (queue: string) => readonly LineBound[],
  taken: ReadonlyMap<string, LineBound>,
): Statement {
  const any = queues.map((queue) => {
    const last = taken.get(queue)
    const ready =
      last === undefined
        ? readyOf(queue, boundsOf(queue))
        : sql`t.state = 1 AND t.queue = ${queue} AND (t.line > ${last.line} OR t.line = ${last.line} AND t.slot > ${last.slot})`
    return sql`EXISTS (SELECT 1 FROM @tasks t FORCE INDEX (turn) WHERE ${ready})`
  })
  return any.length === 0 ? words('SELECT 0') : sql`SELECT ${joined(any, ' OR ')}`
}

/** Makes locked rows running ones. */
export function takeOf(ids: readonly string[], claimId: string, session: number, now: number): Statement {
  return sql`UPDATE @tasks FORCE INDEX (PRIMARY) SET state = 2, attempt = attempt + 1, claim = ${claimId},
    session = ${session}, started_at = ${now}, deadline_at = ${now} + timeout, progress = NULL, back = 0
    WHERE id IN (${ids})`
}

/** The tasks that still run under a claim. */
export function replayOf(session: string, claimId: string): Statement {
  return sql`${ROWS} FORCE INDEX (running) WHERE t.session =
    (SELECT n FROM @sessions WHERE id = ${session}) AND t.claim = ${claimId} AND t.state = 2`
}

/** The bound of a rank, as a line. Released rows have a line of their own, without a bound. */
export function boundOf({ rank, place }: { readonly rank: number; readonly place: number }): LineBound {
  return { line: lineOf(rank, 0), slot: place }
}
