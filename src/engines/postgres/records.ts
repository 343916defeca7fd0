// Reading tasks: by id, by filter, how many there are, what comes before one.
// Promises that one look sees each task once, though it may be moving from one table to the other.

import { setImmediate as turn } from 'node:timers/promises'

import type { TaskFilter, TaskPage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { TASK_STATES, type AttemptRecord, type TaskRecord } from '../../core/record.ts'
import { attemptsOf, type WorkerName } from '../sql/attempts.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { ROW_COLUMNS, ROW_WIDTH, rowOf, taskOf, type Row } from '../sql/task-row.ts'
import { codeOfState } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import type { Param } from './connection.ts'
import { learnPolicies } from './register.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

const GET = (['tasks', 'finished'] as const)
  .map((home) => `SELECT ${ROW_COLUMNS}, t.payload FROM @${home} t WHERE t.id = ANY($1::text[])`)
  .join(' UNION ALL ')
const WORKER = 'SELECT session, name FROM @workers WHERE n = $1'

/** Rows that a search looks at before the event loop has its turn. */
const STEP = 500

/** Tasks by id; null for one that is not there. */
export function getTasks(store: Store, ids: readonly string[]): Promise<(TaskRecord | null)[]> {
  return store.read(async (look) => {
    const { rows } = await look.query(GET, [arrayOf([...new Set(ids)])])
    const found = await recordsOf(store, look, rows)
    const byId = new Map(found.map((task) => [task.id, task]))
    return ids.map((id) => byId.get(id) ?? null)
  })
}

/** Attempts of tasks; none for an id that is not there. */
export function attemptsOfTasks(store: Store, ids: readonly string[]): Promise<AttemptRecord[][]> {
  return store.read(async (look) => {
    const { rows } = await look.query(GET, [arrayOf([...new Set(ids)])])
    const byId = new Map(rows.map(rowOf).map((row) => [row.id, row]))
    const all: AttemptRecord[][] = []
    for (const id of ids) {
      const row = byId.get(id)
      all.push(row === undefined ? [] : await attemptsOf(look, row, (n) => workerOf(store, look, n)))
    }
    return all
  })
}

/** Who a session's number stands for; never changes once it is committed. */
async function workerOf(store: Store, look: PgSession, n: number | null): Promise<WorkerName | null> {
  if (n === null) return null
  const known = store.workers.get(n)
  if (known !== undefined) return known
  const [row] = (await look.query(WORKER, [n])).rows
  if (row === undefined) return null
  const worker = { session: row[0] as string, name: row[1] as string }
  if (store.workers.size >= 10_000) store.workers.clear()
  store.workers.set(n, worker)
  return worker
}

/** Records of rows of ROW_COLUMNS and a payload. */
export async function recordsOf(store: Store, look: PgSession, rows: readonly Row[]): Promise<TaskRecord[]> {
  const taskRows = rows.map(rowOf)
  await learnPolicies(store, look, taskRows)
  const records: TaskRecord[] = []
  for (const [i, row] of taskRows.entries()) {
    const worker = await workerOf(store, look, row.session)
    records.push(taskOf(row, rows[i]?.[ROW_WIDTH] as string, store.policies.of(row), worker?.session ?? null))
  }
  return records
}

/** A page of tasks, newest first. */
export async function find(store: Store, filter: TaskFilter): Promise<TaskPage> {
  const position = readCursor(filter.cursor)
  const limit = Math.min(filter.limit, LIMITS.page)
  const searches = filter.tag !== undefined || filter.text !== undefined
  const matches = matcher(filter)
  const tasks: TaskRecord[] = []
  let { from } = position
  let scanned = 0
  const step = searches ? STEP : limit + 1
  for (;;) {
    const rows = await readStep(store, filter, from, step)
    for (const task of rows) {
      if (searches && position.searched + scanned >= LIMITS.searchRows)
        return { tasks, next: null, partial: true, scanned }
      if (tasks.length >= limit)
        return { tasks, next: writeCursor(from, position.searched + scanned), partial: false, scanned }
      scanned++
      from = { at: task.createdAt, id: task.id }
      if (matches(task)) tasks.push(task)
    }
    if (rows.length < step) return { tasks, next: null, partial: false, scanned }
    await turn()
  }
}

/** Where a row stands in the order of creation. */
interface CreationKey {
  readonly at: number
  readonly id: string
}

function readStep(
  store: Store,
  filter: TaskFilter,
  from: CreationKey | null,
  count: number,
): Promise<TaskRecord[]> {
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
  const order = 'ORDER BY t.created_at DESC, t.id DESC LIMIT $1'
  const select = `SELECT ${ROW_COLUMNS}, t.payload`
  const where = [...common, ...named.map((text) => `t.${text}`)].map((text) => ` AND ${text}`).join('')
  const rest = common.map((text) => ` AND ${text}`).join('')
  const runs = ['TRUE', ...named.map((text) => `k.${text}`)].join(' AND ')
  // Finished rows of one state, queue and type are a run of an index, in this order: the runs are merged.
  const finished =
    filter.group !== undefined || filter.parentId !== undefined
      ? `${select} FROM @finished t WHERE t.state = ${state}${where}`
      : `SELECT r.* FROM @kinds k, unnest(${bind(states)}::smallint[]) AS s(state), LATERAL (${select}
          FROM @finished t WHERE t.state = s.state AND t.queue = k.queue AND t.type = k.type${rest} ${order}) AS r
          WHERE ${runs}`
  // Only waiting tasks are in the index by creation: of running ones there are as many as handlers.
  const hot = (condition: string): string =>
    `(${select} FROM @tasks t WHERE ${condition} AND t.state = ${state}${where} ${order})`
  const sql = `SELECT * FROM (${hot('t.state < 2')} UNION ALL ${hot('t.state = 2')}
    UNION ALL (${finished})) AS t ${order}`
  return store.read(async (look) => recordsOf(store, look, (await look.query(sql, params)).rows))
}

/** By tag and text, for which every row has to be looked at. */
function matcher({ tag, text }: TaskFilter): (task: TaskRecord) => boolean {
  const wanted = text?.toLowerCase()
  return (task) =>
    (tag === undefined || task.tags.includes(tag)) &&
    (wanted === undefined ||
      [task.id, task.type, task.uniqueKey, ...task.tags, task.payload, task.error?.message].some(
        (field) => field?.toLowerCase().includes(wanted) === true,
      ))
}

/** A cursor is the last row that was looked at, and how many a search has looked at in all. */
function writeCursor(last: CreationKey | null, searched: number): string {
  return cursorOf([last?.at ?? 0, last?.id ?? '', searched])
}

function readCursor(cursor: string | null): { from: CreationKey | null; searched: number } {
  if (cursor === null) return { from: null, searched: 0 }
  const [at, id, searched] = partsOf(cursor, ['number', 'string', 'number'])
  return { from: { at: Number(at), id: String(id) }, searched: Number(searched) }
}
