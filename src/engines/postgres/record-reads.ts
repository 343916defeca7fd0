// How tasks are read in the words of this server; what is made of it is portable. A filter is one statement: finished rows
// of one state, queue and type are a run of an index, in the order of creation, and the runs are merged.

import type { TaskFilter } from '../../core/cold-verbs.ts'
import { TASK_STATES } from '../../core/record.ts'
import type { RecordWays } from '../sql/cold-verbs.ts'
import type { CreationKey } from '../sql/records.ts'
import { ROW_COLUMNS, type Row } from '../sql/task-row.ts'
import { codeOfState } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import type { Param } from './connection.ts'
import { readChanges } from './feed.ts'
import type { PgSession } from './session.ts'
import { ahead, stats } from './stats.ts'
import type { Store } from './store.ts'

const SELECT = `SELECT ${ROW_COLUMNS}, t.payload`
const BY_ID = (['tasks', 'finished'] as const)
  .map((home) => `${SELECT} FROM @${home} t WHERE t.id = ANY($1::text[])`)
  .join(' UNION ALL ')
const ORDER = 'ORDER BY t.created_at DESC, t.id DESC LIMIT $1'

export const RECORDS: RecordWays<Store, PgSession> = {
  byId: async (look, ids) => (await look.query(BY_ID, [arrayOf(ids)])).rows,
  select: selectRows,
  stats,
  ahead,
  changes: readChanges,
}

async function selectRows(
  look: PgSession,
  filter: TaskFilter,
  from: CreationKey | null,
  count: number,
): Promise<readonly Row[]> {
  const params: Param[] = [count]
  const bind = (value: Param): string => `$${params.push(value)}`
  const states = arrayOf([...new Set((filter.states ?? TASK_STATES).map(codeOfState))])
  const state = `ANY(${bind(states)}::smallint[])`
  const common: string[] = []
  const add = (column: string, value: string | undefined): void => {
    if (value !== undefined) common.push(`t.${column} = ${bind(value)}`)
  }
  add('grp', filter.group)
  add('parent_id', filter.parentId)
  const { createdFrom, createdTo } = filter
  if (createdFrom !== undefined) common.push(`t.created_at >= ${bind(createdFrom)}`)
  if (createdTo !== undefined) common.push(`t.created_at < ${bind(createdTo)}`)
  if (from !== null) {
    const at = bind(from.at)
    common.push(`t.created_at <= ${at} AND (t.created_at, t.id) < (${at}, ${bind(from.id)})`)
  }
  const named: string[] = []
  const { queue, type } = filter
  if (queue !== undefined) named.push(`queue = ${bind(queue)}`)
  if (type !== undefined) named.push(`type = ${bind(type)}`)
  const where = [...common, ...named.map((text) => `t.${text}`)].map((text) => ` AND ${text}`).join('')
  const rest = common.map((text) => ` AND ${text}`).join('')
  const runs = ['TRUE', ...named.map((text) => `k.${text}`)].join(' AND ')
  const finished =
    filter.group !== undefined || filter.parentId !== undefined
      ? `${SELECT} FROM @finished t WHERE t.state = ${state}${where}`
      : `SELECT r.* FROM @kinds k, unnest(${bind(states)}::smallint[]) AS s(state), LATERAL (${SELECT}
          FROM @finished t WHERE t.state = s.state AND t.queue = k.queue AND t.type = k.type${rest} ${ORDER}) AS r
          WHERE ${runs}`
  // Only waiting tasks are in the index by creation: of running ones there are as many as handlers.
  const hot = (condition: string): string =>
    `(${SELECT} FROM @tasks t WHERE ${condition} AND t.state = ${state}${where} ${ORDER})`
  const sql = `SELECT * FROM (${hot('t.state - 0 < 2')} UNION ALL ${hot('t.state = 2')}
    UNION ALL (${finished})) AS t ${ORDER}`
  return (await look.query(sql, params)).rows
}
