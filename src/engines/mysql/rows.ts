// How rows of tasks are written: whole, in part, and from one table to the other. A part of many rows is written by one
// INSERT that meets the rows that are there, each with values of its own; so only rows that are locked may be patched.

import type { NewTask } from '../../core/hot-verbs.ts'
import { CHANGING, FIXED, type TaskRow } from '../sql/task-row.ts'
import type { Home } from '../sql/workspace.ts'
import { READY, SCHEDULED } from '../sql/words.ts'
import { sql, words, type Statement, type Values } from './statement.ts'

const COLUMNS = [...FIXED, ...CHANGING]
const named = (names: readonly string[]): string => names.map((name) => `\`${name}\``).join(', ')
const CHANGED = CHANGING.map(({ name }) => name)
const ALL = named([...COLUMNS.map(({ name }) => name), 'payload'])
const PLACE: Readonly<Record<Home, readonly string[]>> = { tasks: ['line', 'slot'], finished: [] }

/** Bytes of one statement, roughly: more rows go into the next one. */
const CHUNK_BYTES = 256 * 1024
const CHUNK = 1_000

const INSERT = words(
  `INSERT INTO @tasks (${named(COLUMNS.map(({ name }) => name))}, line, slot, payload) VALUES `,
)

/** Where a waiting row stands in its queue: line and slot. */
function turnOf({ state, rank, back, place, runAt }: TaskRow): [line: number, slot: number] {
  if (state === READY) return [lineOf(rank, back), place ?? 0]
  return [0, state === SCHEDULED ? runAt : 0]
}

/** The line of ready tasks of a rank; released ones stand before the others. */
export function lineOf(rank: number, back: number): number {
  return 2 * rank - back
}

/** Inserts rows; a row that is there already is a duplicate, and an error. */
export function insertRows(
  rows: readonly { readonly row: TaskRow; readonly payload: string }[],
): Statement[] {
  const values = rows.map(({ row, payload }) => [
    ...COLUMNS.map(({ field }) => row[field]),
    ...turnOf(row),
    payload,
  ])
  return chunksOf(values).map((chunk) => sql`${INSERT}${chunk}`)
}

/** Cuts rows of values into statements of a bearable size. */
export function chunksOf(rows: readonly Values[]): Values[][] {
  const chunks: Values[][] = []
  let chunk: Values[] = []
  let bytes = 0
  for (const row of rows) {
    let size = 0
    for (const value of row) size += typeof value === 'string' ? value.length + 3 : 8
    if (chunk.length >= CHUNK || (chunk.length > 0 && bytes + size > CHUNK_BYTES)) {
      chunks.push(chunk)
      chunk = []
      bytes = 0
    }
    chunk.push(row)
    bytes += size
  }
  return chunk.length === 0 ? chunks : [...chunks, chunk]
}

/** Writes some columns of rows that are there and locked. The first column is the id. */
export function patch(home: Home, columns: readonly string[], rows: readonly Values[]): Statement[] {
  const head = words(`INSERT INTO @${home} (${named(columns)}) VALUES `)
  const changed = columns.slice(1).map((name) => `\`${name}\` = VALUES(\`${name}\`)`)
  const tail = words(` ON DUPLICATE KEY UPDATE ${changed.join(', ')}`)
  return chunksOf(rows).map((chunk) => sql`${head}${chunk}${tail}`)
}

/** Writes what a task's life changes into rows of a table. */
export function patchRows(home: Home, rows: readonly TaskRow[]): Statement[] {
  return patch(
    home,
    ['id', ...CHANGED, ...PLACE[home]],
    rows.map((row) => [
      row.id,
      ...CHANGING.map(({ field }) => row[field]),
      ...(home === 'tasks' ? turnOf(row) : []),
    ]),
  )
}

/** Moves rows as they are to the other table. */
export function moveRows(from: Home, to: Home, ids: readonly string[]): Statement[] {
  return [
    sql`${words(`INSERT INTO @${to} (${ALL}) SELECT ${ALL} FROM @${from} FORCE INDEX (PRIMARY)`)} WHERE id IN (${ids})`,
    removeRows(from, ids),
  ]
}

/**
 * Removes rows by their key. The keys come first in the join, so each row is looked up by its key: a DELETE with a list of
 * keys reads the whole of a small table, index or not, and then waits for rows that somebody else holds.
 */
export function removeRows(
  table: 'tasks' | 'finished' | 'attempts' | 'logs' | 'holders' | 'fresh' | 'tombstones',
  keys: readonly (string | number)[],
  column = 'id',
): Statement {
  const type = column === 'n' ? 'BIGINT' : 'VARCHAR(1024) CHARSET utf8mb4'
  const wanted = words(`, '$[*]' COLUMNS (value ${type} PATH '$')) AS k
    STRAIGHT_JOIN @${table} t FORCE INDEX (PRIMARY) ON t.\`${column}\` = k.value`)
  return sql`DELETE t FROM JSON_TABLE(${JSON.stringify(keys)}${wanted}`
}

/** In relatives: what a name is of. */
export const GROUP = 1
export const PARENT = 2

type Related = Pick<NewTask, 'id' | 'group' | 'parentId'>

/** The rows that say to which group and parent tasks belong. */
export function relativesOf(tasks: readonly Related[], createdAt: Values[number]): Values[] {
  return tasks.flatMap(({ id, group, parentId }) => [
    ...(group === null ? [] : [[GROUP, group, createdAt, id]]),
    ...(parentId === null ? [] : [[PARENT, parentId, createdAt, id]]),
  ])
}

/** Writes groups and parents. */
export function relate(rows: readonly Values[]): Statement[] {
  return chunksOf(rows).map(
    (chunk) =>
      sql`INSERT INTO @relatives (kind, name, created_at, id) VALUES ${chunk} ON DUPLICATE KEY UPDATE id = @relatives.id`,
  )
}

/** Writes when waiting tasks expire. */
export function expire(rows: readonly Values[]): Statement[] {
  return chunksOf(rows).map(
    (chunk) => sql`INSERT INTO @expiring (at, id) VALUES ${chunk} ON DUPLICATE KEY UPDATE id = @expiring.id`,
  )
}
