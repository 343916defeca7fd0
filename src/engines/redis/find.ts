// Finding tasks, newest first, page by page, in small steps.
// Promises that a search by tag or text looks at a bounded number of rows and says so when it stopped there.

import type { TaskFilter, TaskPage } from '../../core/cold-verbs.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { isSelected, matcherOf } from '../../core/task-match.ts'
import { LIMITS } from '../../core/limits.ts'
import { TASK_STATES, type TaskRecord } from '../../core/record.ts'
import { KeyReader, type CreationKey } from './find-keys.ts'
import type { Store } from './store.ts'
import { codeOf, word } from './words.ts'

/** Rows that one step reads. */
const STEP = 500

interface Found {
  readonly key: CreationKey
  readonly task: TaskRecord
}

export async function find(store: Store, filter: TaskFilter): Promise<TaskPage> {
  const position = readCursor(filter.cursor)
  const limit = Math.min(filter.limit, LIMITS.page)
  const searches = filter.tag !== undefined || filter.text !== undefined
  const matches = matcherOf(filter)
  const step = searches ? STEP : Math.min(STEP, limit + 1)
  const keys = new KeyReader(store, filter, position.from)
  const tasks: TaskRecord[] = []
  let { from } = position
  let scanned = 0
  for (;;) {
    const wanted = await keys.read(step)
    for (const { key, task } of await readTasks(store, wanted, filter.states)) {
      if (!isSelected(task, filter)) continue
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
    if (wanted.length < step) return { tasks, next: null, partial: false, scanned }
  }
}

/** The tasks of these keys that are in one of the wanted states. */
async function readTasks(
  store: Store,
  keys: readonly CreationKey[],
  states: TaskFilter['states'],
): Promise<Found[]> {
  if (keys.length === 0) return []
  const codes = (states ?? TASK_STATES).map(codeOf).join('')
  const records = store.reader.readAll(await store.run('get', [codes, ...keys.map(({ id }) => word(id))]))
  const tasks = new Map(records.flatMap((task) => (task === null ? [] : [[task.id, task]])))
  return keys.flatMap((key) => {
    const task = tasks.get(key.id)
    return task === undefined ? [] : [{ key, task }]
  })
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
