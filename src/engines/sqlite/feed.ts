// The changes feed: one packed row for all changes of one unit of work, instead of a row for each task. Cursors
// count single changes, so a page may begin inside a row.
// Promotion is not told. Old rows are dropped by the sweep; the newest always stays.

import type { Change, ChangePage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Connection } from './connection.ts'
import { stateOf, type StateCode } from '../sql/words.ts'

/** Stands for a state: the task is gone. */
export const DELETED = 9
type Told = StateCode | typeof DELETED

/** Consecutive changes that are alike in all but the id. */
type Run = [type: string, queue: string, state: Told, attempt: number, ids: string[]]

const INSERT = 'INSERT INTO windlass_changes (first, count, at, items) VALUES (?, ?, ?, ?)'
const NEXT_CURSOR = 'SELECT change FROM windlass_counters WHERE one = 1'
const OLDEST = 'SELECT first FROM windlass_changes ORDER BY first LIMIT 1'
// The row that holds a cursor is the last one that begins at or before it.
const FROM = `SELECT first, at, items FROM windlass_changes
  WHERE first >= coalesce((SELECT max(first) FROM windlass_changes WHERE first <= ?1), ?1) ORDER BY first LIMIT ?2`
const TRIM = `DELETE FROM windlass_changes WHERE first IN
  (SELECT first FROM windlass_changes WHERE first + count <= ? ORDER BY first LIMIT ?)`

/** Changes of one unit, gathered. */
export class FeedNotes {
  readonly #runs: Run[] = []
  count = 0

  tell(id: string, type: string, queue: string, state: Told, attempt: number): void {
    this.count++
    const run = this.#runs.at(-1)
    if (run !== undefined && run[2] === state && run[3] === attempt && run[0] === type && run[1] === queue) {
      run[4].push(id)
    } else {
      this.#runs.push([type, queue, state, attempt, [id]])
    }
  }

  /** @param first cursor of the first change of this unit */
  write(connection: Connection, first: number, at: number): void {
    if (this.count > 0) connection.run(INSERT, first, this.count, at, JSON.stringify(this.#runs))
  }
}

/** A page of changes after `since`; `since` below 0 asks for the newest cursor only. */
export function readChanges(connection: Connection, since: number, limit: number): ChangePage {
  const newest = Number(connection.get(NEXT_CURSOR)?.[0] ?? 1) - 1
  if (since < 0) return { changes: [], cursor: newest, gap: false }
  const oldest = connection.get(OLDEST)?.[0] as number | undefined
  const dropped = oldest === undefined ? newest : oldest - 1
  const start = Math.max(since, dropped)
  const wanted = Math.min(limit, LIMITS.page)
  const changes = readAfter(connection, start, wanted)
  return { changes, cursor: changes.at(-1)?.cursor ?? start, gap: since < dropped }
}

function readAfter(connection: Connection, start: number, wanted: number): Change[] {
  const changes: Change[] = []
  let from = start + 1
  while (changes.length < wanted) {
    // Rows hold one change at least, most hold many: a few rows at a time.
    const rows = connection.all(FROM, from, Math.min(100, wanted - changes.length))
    const found = rows
      .flatMap(([first, at, items]) => unpack(first as number, at as number, items as string))
      .filter((change) => change.cursor >= from)
    const last = found.at(-1)
    if (last === undefined) break
    changes.push(...found.slice(0, wanted - changes.length))
    from = last.cursor + 1
  }
  return changes
}

function unpack(first: number, at: number, items: string): Change[] {
  let cursor = first
  return (JSON.parse(items) as Run[]).flatMap(([type, queue, code, attempt, ids]) => {
    const state = code === DELETED ? 'deleted' : stateOf(code)
    return ids.map((id) => ({ cursor: cursor++, at, id, type, queue, state, attempt }))
  })
}

/** Drops the oldest rows over what is kept, at most `limit` of them. */
export function trimChanges(connection: Connection, keep: number, limit: number): void {
  const next = Number(connection.get(NEXT_CURSOR)?.[0] ?? 1)
  if (next - 1 > keep) connection.run(TRIM, next - keep, limit)
}
