// Finding tasks, newest first, page by page.
// Promises that a search by tag or text looks at a bounded number of rows and says so when it stopped there.

import type { TaskFilter, TaskPage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { isSelected, matcherOf } from '../../core/task-match.ts'
import type { CreationKey, MemoryStore } from './store.ts'

export function find(store: MemoryStore, filter: TaskFilter): TaskPage {
  const { from, searched } = readCursor(filter.cursor)
  const limit = Math.min(filter.limit, LIMITS.page)
  const searches = filter.tag !== undefined || filter.text !== undefined
  const matches = matcherOf(filter)
  const tasks: TaskRecord[] = []
  let scanned = 0
  let last = from
  for (const { task } of store.created.falling(from)) {
    if (!isSelected(task, filter)) continue
    if (searches && searched + scanned >= LIMITS.searchRows)
      return { tasks, next: null, partial: true, scanned }
    if (tasks.length >= limit)
      return { tasks, next: writeCursor(last, searched + scanned), partial: false, scanned }
    scanned++
    last = { task }
    if (matches(task)) tasks.push(task)
  }
  return { tasks, next: null, partial: false, scanned }
}

/** A cursor is the last row that was looked at, and how many a search has looked at in all. */
function writeCursor(last: CreationKey | null, searched: number): string {
  return cursorOf([last?.task.createdAt ?? 0, last?.task.id ?? '', searched])
}

function readCursor(cursor: string | null): { from: CreationKey | null; searched: number } {
  if (cursor === null) return { from: null, searched: 0 }
  const [createdAt, id, searched] = partsOf(cursor, ['number', 'string', 'number'])
  return { from: { task: { createdAt: Number(createdAt), id: String(id) } }, searched: Number(searched) }
}
