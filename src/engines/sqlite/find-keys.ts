// Which rows a filter selects, as keys in the order of creation, newest first, behind a given one.
// Each run of the index (one state, queue and type) is in that order; the wanted ones are merged, a few keys of
// each at a time. Running tasks, groups and parents have indexes of their own.

import type { TaskFilter } from '../../core/cold-verbs.ts'
import { TASK_STATES } from '../../core/record.ts'
import type { Connection, Param } from './connection.ts'
import { listed } from './queues.ts'
import { codeOfState, RUNNING, type StateCode } from '../sql/words.ts'

/** Where a row stands in the order of creation. */
export interface CreationKey {
  readonly at: number
  readonly seq: number
}

/** A source of keys, newest first, all below `below`. */
type Source = (below: CreationKey, count: number) => CreationKey[]

const TOP: CreationKey = { at: Number.MAX_SAFE_INTEGER, seq: Number.MAX_SAFE_INTEGER }
const RANGE = '(created_at, seq) < (?, ?) AND created_at >= ? ORDER BY created_at DESC, seq DESC LIMIT ?'

/** At most `count` keys behind `from`. */
export function selectKeys(
  connection: Connection,
  filter: TaskFilter,
  from: CreationKey | null,
  count: number,
): CreationKey[] {
  const { createdTo } = filter
  const top = createdTo === undefined ? TOP : { at: createdTo, seq: -1 }
  const below = from !== null && isBelow(from, top) ? from : top
  return merge(sourcesOf(connection, filter), below, count)
}

function sourcesOf(connection: Connection, filter: TaskFilter): Source[] {
  const codes = (filter.states ?? TASK_STATES).map(codeOfState)
  const lowest = filter.createdFrom ?? 0
  const source =
    (sql: string, ...params: Param[]): Source =>
    (below, count) =>
      connection.all(sql, ...params, below.at, below.seq, lowest, count).map(([at, seq]) => ({
        at: at as number,
        seq: seq as number,
      }))
  const { group, parentId, queue = null, type = null } = filter
  const rest = '(?2 IS NULL OR queue = ?2) AND (?3 IS NULL OR type = ?3)'
  if (group !== undefined || parentId !== undefined) {
    const column = group !== undefined ? 'grp' : 'parent_id'
    const mask = codes.reduce<number>((sum, code) => sum | (1 << code), 0)
    const sql = `SELECT created_at, seq FROM windlass_states WHERE ${column} = ?1 AND ${rest}
      AND (?4 IS NULL OR parent_id = ?4) AND (1 << state) & ?5
      AND (created_at, seq) < (?6, ?7) AND created_at >= ?8 ORDER BY created_at DESC, seq DESC LIMIT ?9`
    return [source(sql, group ?? parentId ?? null, queue, type, parentId ?? null, mask)]
  }
  return [...new Set(codes)].flatMap((code) => {
    if (code === RUNNING) {
      // Few rows: as many as handlers run at this moment.
      const sql = `SELECT created_at, seq FROM windlass_states WHERE state = 2 AND ?1 = 0 AND ${rest}
        AND (created_at, seq) < (?4, ?5) AND created_at >= ?6 ORDER BY created_at DESC, seq DESC LIMIT ?7`
      return [source(sql, 0, queue, type)]
    }
    const sql = `SELECT created_at, seq FROM ${listed(code)} AND queue = ? AND type = ? AND ${RANGE}`
    return runsOf(connection, code, queue, type).map((run) => source(sql, ...run))
  })
}

/** The queues and types that tasks of a state have: one probe of the index for each. */
function runsOf(
  connection: Connection,
  code: StateCode,
  queue: string | null,
  type: string | null,
): [queue: string, type: string][] {
  if (queue !== null && type !== null) return [[queue, type]]
  const next = `SELECT queue, type FROM ${listed(code)} AND (queue, type) > (?, ?)
    ORDER BY queue, type LIMIT 1`
  const runs: [string, string][] = []
  for (let at: [string, string] = [queue ?? '', '']; ;) {
    const row = connection.get(next, ...at)
    if (row === undefined || (queue !== null && row[0] !== queue)) return runs
    at = [row[0] as string, row[1] as string]
    if (type === null || at[1] === type) runs.push(at)
  }
}

/** The newest keys of all sources together. */
function merge(sources: readonly Source[], below: CreationKey, count: number): CreationKey[] {
  const chunk = Math.min(count, Math.max(8, Math.ceil((2 * count) / Math.max(1, sources.length))))
  const heads = sources.map((source) => ({ source, keys: source(below, chunk), at: 0 }))
  const merged: CreationKey[] = []
  while (merged.length < count) {
    let best: (typeof heads)[number] | null = null
    for (const head of heads) {
      const key = head.keys[head.at]
      if (key === undefined) continue
      const other = best?.keys[best.at]
      if (other === undefined || isBelow(other, key)) best = head
    }
    const key = best?.keys[best.at]
    if (best === null || key === undefined) break
    merged.push(key)
    best.at++
    if (best.at === chunk) {
      best.keys = best.source(key, chunk)
      best.at = 0
    }
  }
  return merged
}

function isBelow(left: CreationKey, right: CreationKey): boolean {
  return left.at < right.at || (left.at === right.at && left.seq < right.seq)
}
