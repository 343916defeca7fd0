// Reading tasks: by id and by filter, and what they become as records.
// Promises that one look sees each task once, though it may be moving from one table to the other: the engine answers
// each question by one statement, which sees one moment.

import { setImmediate as turn } from 'node:timers/promises'

import type { TaskFilter, TaskPage } from '../../core/cold-verbs.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { matcherOf } from '../../core/task-match.ts'
import { LIMITS } from '../../core/limits.ts'
import type { AttemptRecord, TaskRecord } from '../../core/record.ts'
import { attemptsOf, type WorkerName } from './attempts.ts'
import { learnPolicies } from './learn-policies.ts'
import type { Policies } from './policies.ts'
import type { SqlSession } from './session.ts'
import { ROW_WIDTH, rowOf, taskOf, type Row } from './task-row.ts'

const WORKER = 'SELECT session, name FROM @workers WHERE n = ?'
/** Names of workers that are remembered. */
const WORKERS = 10_000
/** Rows that a search looks at before the event loop has its turn. */
const STEP = 500

/** A store as readers need it. */
export interface RecordStore<L extends SqlSession> {
  readonly policies: Policies
  /** Who the numbers of sessions stand for. */
  readonly workers: Map<number, WorkerName>
  read<R>(look: (session: L) => Promise<R>): Promise<R>
}

/** Where a row stands in the order of creation. */
export interface CreationKey {
  readonly at: number
  readonly id: string
}

/** How an engine reads rows of both tables: ROW_COLUMNS and the payload, each statement one moment. */
export interface RowReads<L extends SqlSession> {
  byId(look: L, ids: readonly string[]): Promise<readonly Row[]>
  /** At most `count` rows that the filter's queue, type, states, group, parent and times select, newest first, behind `from`. */
  select(look: L, filter: TaskFilter, from: CreationKey | null, count: number): Promise<readonly Row[]>
}

/** Tasks by id; null for one that is not there. */
export function getTasks<L extends SqlSession>(
  reads: RowReads<L>,
  store: RecordStore<L>,
  ids: readonly string[],
): Promise<(TaskRecord | null)[]> {
  return store.read(async (look) => {
    const records = await recordsOf(store, look, await reads.byId(look, [...new Set(ids)]))
    const found = new Map(records.map((task) => [task.id, task]))
    return ids.map((id) => found.get(id) ?? null)
  })
}

/** Attempts of tasks; none for an id that is not there. */
export function attemptsOfTasks<L extends SqlSession>(
  reads: RowReads<L>,
  store: RecordStore<L>,
  ids: readonly string[],
): Promise<AttemptRecord[][]> {
  return store.read(async (look) => {
    const rows = await reads.byId(look, [...new Set(ids)])
    const found = new Map(rows.map(rowOf).map((row) => [row.id, row]))
    const all: AttemptRecord[][] = []
    for (const id of ids) {
      const row = found.get(id)
      all.push(row === undefined ? [] : await attemptsOf(look, row, (n) => workerOf(store, look, n)))
    }
    return all
  })
}

/** Who a session's number stands for; never changes once it is committed. */
async function workerOf<L extends SqlSession>(
  store: RecordStore<L>,
  look: L,
  n: number | null,
): Promise<WorkerName | null> {
  if (n === null) return null
  const known = store.workers.get(n)
  if (known !== undefined) return known
  const [row] = await look.all(WORKER, [n])
  if (row === undefined) return null
  const worker = { session: row[0] as string, name: row[1] as string }
  if (store.workers.size >= WORKERS) store.workers.clear()
  store.workers.set(n, worker)
  return worker
}

/** Records of rows of ROW_COLUMNS and a payload. */
export async function recordsOf<L extends SqlSession>(
  store: RecordStore<L>,
  look: L,
  rows: readonly Row[],
): Promise<TaskRecord[]> {
  const taskRows = rows.map(rowOf)
  await learnPolicies(store.policies, look, taskRows)
  const records: TaskRecord[] = []
  for (const [i, row] of taskRows.entries()) {
    const worker = await workerOf(store, look, row.session)
    records.push(taskOf(row, rows[i]?.[ROW_WIDTH] as string, store.policies.of(row), worker?.session ?? null))
  }
  return records
}

/** A page of tasks, newest first. */
export async function findTasks<L extends SqlSession>(
  reads: RowReads<L>,
  store: RecordStore<L>,
  filter: TaskFilter,
): Promise<TaskPage> {
  const position = readCursor(filter.cursor)
  const limit = Math.min(filter.limit, LIMITS.page)
  const searches = filter.tag !== undefined || filter.text !== undefined
  const matches = matcherOf(filter)
  const tasks: TaskRecord[] = []
  let { from } = position
  let scanned = 0
  const step = searches ? STEP : limit + 1
  for (;;) {
    const behind = from
    const rows = await store.read(async (look) =>
      recordsOf(store, look, await reads.select(look, filter, behind, step)),
    )
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

/** A cursor is the last row that was looked at, and how many a search has looked at in all. */
function writeCursor(last: CreationKey | null, searched: number): string {
  return cursorOf([last?.at ?? 0, last?.id ?? '', searched])
}

function readCursor(cursor: string | null): { from: CreationKey | null; searched: number } {
  if (cursor === null) return { from: null, searched: 0 }
  const [at, id, searched] = partsOf(cursor, ['number', 'string', 'number'])
  return { from: { at: Number(at), id: String(id) }, searched: Number(searched) }
}
