// Finding tasks, newest first, page by page.
// Promises that the fields with an index are never filtered by hand, whatever the store holds: the index of each
// state lists (queue, type, creation), so the rows that are wanted are a few runs of it, merged from their ends.
// A search by tag or text looks at a bounded number of rows, in small steps, and says so when it stopped there.

import { setImmediate as turn } from 'node:timers/promises'

import type { TaskFilter, TaskPage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { matcherOf } from '../../core/task-match.ts'
import { selectKeys, type CreationKey } from './find-keys.ts'
import type { Access } from './access.ts'
import { readTask, SELECT_TASK } from './task-rows.ts'
import type { View } from './view.ts'

const BY_NUMBER = `${SELECT_TASK} WHERE s.seq = ?`

/** Rows that a search looks at before the event loop has its turn. */
const STEP = 500

interface Found {
  readonly key: CreationKey
  readonly task: TaskRecord
}

export async function find(read: Access['read'], filter: TaskFilter): Promise<TaskPage> {
  const position = readCursor(filter.cursor)
  const limit = Math.min(filter.limit, LIMITS.page)
  const searches = filter.tag !== undefined || filter.text !== undefined
  const matches = matcherOf(filter)
  const tasks: TaskRecord[] = []
  let { from } = position
  let scanned = 0
  const step = searches ? STEP : limit + 1
  for (;;) {
    const rows = await read((view) => readStep(view, filter, from, step))
    for (const { key, task } of rows) {
      if (searches && position.searched + scanned >= LIMITS.searchRows) {
        return { tasks, next: null, partial: true, scanned }
      }
      if (tasks.length >= limit) {
        return { tasks, next: writeCursor(from, position.searched + scanned), partial: false, scanned }
      }
      scanned++
      from = key
      if (matches(task)) tasks.push(task)
    }
    if (rows.length < step) return { tasks, next: null, partial: false, scanned }
    await turn()
  }
}

function readStep(view: View, filter: TaskFilter, from: CreationKey | null, count: number): Found[] {
  return selectKeys(view.connection, filter, from, count).flatMap((key) => {
    const row = view.connection.get(BY_NUMBER, key.seq)
    return row === undefined ? [] : [{ key, task: readTask(view, row) }]
  })
}

/** A cursor is the last row that was looked at, and how many a search has looked at in all. */
function writeCursor(last: CreationKey | null, searched: number): string {
  return cursorOf([last?.at ?? 0, last?.seq ?? 0, searched])
}

function readCursor(cursor: string | null): { from: CreationKey | null; searched: number } {
  if (cursor === null) return { from: null, searched: 0 }
  const [at, seq, searched] = partsOf(cursor, ['number', 'number', 'number'])
  return { from: { at: Number(at), seq: Number(seq) }, searched: Number(searched) }
}
