// Which rows a filter selects, newest first, behind a given one. Finished rows of one state, queue and type are a run of
// an index, in this order: the runs are merged by their keys, and the rows of the first keys are read. Waiting and
// running rows are read through the index of their creation, tasks of a group or a parent through a list of their own.

import type { TaskFilter } from '../../core/cold-verbs.ts'
import { TASK_STATES } from '../../core/record.ts'
import type { CreationKey } from '../sql/records.ts'
import { ROW_COLUMNS, type Row } from '../sql/task-row.ts'
import { codeOfState, isFinalCode } from '../sql/words.ts'
import { GROUP, PARENT } from './rows.ts'
import type { MySession } from './session.ts'
import { joined, sql, words, type Statement } from './statement.ts'

const ROWS = words(`SELECT ${ROW_COLUMNS}, t.payload`)

/** At most `count` rows behind `from`. */
export async function selectRows(
  look: MySession,
  filter: TaskFilter,
  from: CreationKey | null,
  count: number,
): Promise<readonly Row[]> {
  const heads = await headsOf(look, filter, from, count)
  if (heads.length === 0) return []
  // The first keys of each run, the first of all of them, and then their rows: three steps of one statement, one moment.
  const keys = joined(heads, ' UNION ALL ')
  const best = sql`(SELECT created_at, id FROM (${keys}) AS heads ORDER BY created_at DESC, id DESC LIMIT ${count}) AS k`
  const { rows } = await look.query(sql`${ROWS} FROM ${best} STRAIGHT_JOIN @tasks t ON t.id = k.id
    UNION ALL ${ROWS} FROM ${best} STRAIGHT_JOIN @finished t ON t.id = k.id
    ORDER BY created_at DESC, id DESC`)
  return rows
}

async function headsOf(
  look: MySession,
  filter: TaskFilter,
  from: CreationKey | null,
  count: number,
): Promise<Statement[]> {
  const codes = [...new Set((filter.states ?? TASK_STATES).map(codeOfState))]
  const hot = codes.filter((code) => !isFinalCode(code))
  const final = codes.filter((code) => isFinalCode(code))
  const order = sql`ORDER BY t.created_at DESC, t.id DESC LIMIT ${count}`
  const { group, parentId } = filter
  if (group !== undefined || parentId !== undefined) {
    const related = sql`r.kind = ${group === undefined ? PARENT : GROUP} AND r.name = ${group ?? parentId ?? ''}`
    const parent = parentId === undefined ? sql`` : sql` AND t.parent_id = ${parentId}`
    return (['tasks', 'finished'] as const).map(
      (
        home,
      ) => sql`(SELECT r.created_at, r.id FROM @relatives r STRAIGHT_JOIN ${words(`@${home}`)} t ON t.id = r.id
        WHERE ${related} AND ${behind('r', filter, from)} AND t.state IN (${home === 'tasks' ? hot : final})
        ${named(filter)}${parent} ORDER BY r.created_at DESC, r.id DESC LIMIT ${count})`,
    )
  }
  const waiting = sql`(SELECT t.created_at, t.id FROM @tasks t FORCE INDEX (created)
    WHERE t.state IN (${hot}) AND ${behind('t', filter, from)} ${named(filter)} ${order})`
  const runs = final.length === 0 ? [] : await runsOf(look, filter)
  const finished = runs.flatMap(([queue, type]) =>
    final.map(
      (state) => sql`(SELECT t.created_at, t.id FROM @finished t FORCE INDEX (list) WHERE t.state = ${state}
        AND t.queue = ${queue} AND t.type = ${type} AND ${behind('t', filter, from)} ${order})`,
    ),
  )
  return hot.length === 0 ? finished : [waiting, ...finished]
}

/** Kinds that the filter lets through. */
async function runsOf(look: MySession, { queue, type }: TaskFilter): Promise<(readonly [string, string])[]> {
  if (queue !== undefined && type !== undefined) return [[queue, type]]
  const ofQueue = queue === undefined ? sql`` : sql` AND queue = ${queue}`
  const ofType = type === undefined ? sql`` : sql` AND type = ${type}`
  const { rows } = await look.query(sql`SELECT queue, type FROM @kinds WHERE 1 = 1${ofQueue}${ofType}`)
  return rows.map(([name, kind]) => [name as string, kind as string] as const)
}

function named({ queue, type }: TaskFilter): Statement {
  const ofQueue = queue === undefined ? sql`` : sql` AND t.queue = ${queue}`
  return type === undefined ? ofQueue : sql`${ofQueue} AND t.type = ${type}`
}

/** Within the times of the filter and behind the last row that was looked at. */
function behind(table: 't' | 'r', filter: TaskFilter, from: CreationKey | null): Statement {
  const at = words(`${table}.created_at`)
  const { createdFrom, createdTo } = filter
  const bounds = [
    ...(createdFrom === undefined ? [] : [sql`${at} >= ${createdFrom}`]),
    ...(createdTo === undefined ? [] : [sql`${at} < ${createdTo}`]),
    ...(from === null
      ? []
      : [sql`${at} <= ${from.at} AND (${at} < ${from.at} OR ${words(`${table}.id`)} < ${from.id})`]),
  ]
  return bounds.length === 0 ? words('1 = 1') : joined(bounds, ' AND ')
}
