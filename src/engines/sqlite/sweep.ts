// The verb sweep: one bounded pass of upkeep (CONTRACT rules 6 and 10).
// It finds what nobody runs and hands it to the caller, who decides and settles; it expires, promotes and purges
// by itself. Promises that death by time is declared only where the caller may, and never after a clock jump.

import { NOT_ITS_TURN } from '../../core/no-turn.ts'
import type { Orphan, SweepReply, SweepRequest } from '../../core/hot-verbs.ts'
import type { DeathCause, TaskRecord } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { promote } from './promote.ts'
import { dropOld, expireWaiting } from './purge.ts'
import { stepThrough } from './queues.ts'
import { declareDead } from './sessions.ts'
import { readTask, TASK_COLUMNS, TASK_WIDTH } from './task-rows.ts'
import type { Unit } from './unit.ts'
import type { View } from './view.ts'

const LAST = 'SELECT swept_at FROM windlass_counters WHERE one = 1'
const TAKE = 'UPDATE windlass_counters SET swept_at = ? WHERE one = 1'
const EXTEND = 'UPDATE windlass_sessions SET expires_at = ? + lease WHERE live = 1'
const EXPIRED = 'SELECT id, n FROM windlass_sessions WHERE live = 1 AND expires_at <= ? ORDER BY expires_at'
// In the order of the index of running tasks, so that settling some of a page moves no other.
const STRANDED = `SELECT ${TASK_COLUMNS}, s.session, s.claim, x.live, x.cause, x.culprits FROM windlass_states s
  JOIN windlass_tasks t ON t.seq = s.seq LEFT JOIN windlass_sessions x ON x.n = s.session
  WHERE s.state = 2 AND (s.session, s.claim, s.seq) > (?, ?, ?)
  AND (x.live IS NOT 1 OR s.deadline_at <= ?) ORDER BY s.session, s.claim, s.seq LIMIT ?`
const NEXT_SCHEDULED =
  'SELECT queue FROM windlass_states WHERE state = 0 AND queue > ? ORDER BY queue LIMIT 1'

/** May this caller sweep? A look, without the write lock; sweep() asks again under it. */
export function hasTurn(view: View, { cursor, every }: SweepRequest): boolean {
  if (cursor !== null) return true
  const last = view.connection.get(LAST)?.[0] as number | null
  // A last sweep that lies ahead was before the clock was set back.
  return last === null || last > view.now || view.now - last >= every
}

export function sweep(unit: Unit, request: SweepRequest): SweepReply {
  if (!hasTurn(unit, request)) return NOT_ITS_TURN
  const { limit } = request
  const first = request.cursor === null
  if (first) unit.connection.run(TAKE, unit.now)
  if (request.extend) unit.connection.run(EXTEND, unit.now)
  const mayDeclare = request.declare && !request.extend && request.session !== null
  const declaredDead = mayDeclare ? declareExpired(unit) : []
  const stranded = findStranded(unit, request)
  if (!first) return { ...NOT_ITS_TURN, turn: true, declaredDead, ...stranded }
  return {
    turn: true,
    declaredDead,
    ...stranded,
    expired: expireWaiting(unit, limit),
    promoted: promoteDue(unit, limit),
    purged: dropOld(unit, request),
  }
}

function declareExpired(unit: Unit): string[] {
  return unit.connection.all(EXPIRED, unit.now).map(([id, n]) => {
    declareDead(unit, id as string, n as number, 'expired', null)
    return id as string
  })
}

function findStranded(
  unit: Unit,
  { cursor, limit, grace }: SweepRequest,
): Pick<SweepReply, 'orphans' | 'overdue' | 'cursor'> {
  const after = cursor === null ? [-1, '', 0] : partsOf(cursor, ['number', 'string', 'number'])
  const rows = unit.connection.all(STRANDED, ...after, unit.now - grace, limit + 1)
  const orphans: Orphan[] = []
  const overdue: TaskRecord[] = []
  const page = rows.slice(0, limit)
  for (const row of page) {
    const task = readTask(unit, row)
    const [, , live, cause, culprits] = row.slice(TASK_WIDTH)
    if (live === 1) overdue.push(task)
    else orphans.push({ task, ...deathOf(cause as string | null, culprits as string | null) })
  }
  const last = page.at(-1)
  const more = last !== undefined && rows.length > page.length
  const next = more
    ? cursorOf([last[TASK_WIDTH] as number, last[TASK_WIDTH + 1] as string, last[0] as number])
    : null
  return { orphans, overdue, cursor: next }
}

function deathOf(cause: string | null, culprits: string | null): Pick<Orphan, 'cause' | 'culprits'> {
  return {
    cause: (cause as DeathCause | null) ?? 'missing',
    culprits: culprits === null ? null : (JSON.parse(culprits) as string[]),
  }
}

function promoteDue(unit: Unit, limit: number): number {
  const paused = unit.paused()
  const queues = stepThrough(unit.connection, NEXT_SCHEDULED).filter((queue) => !paused.has(queue))
  return promote(unit, queues, limit, limit)
}
