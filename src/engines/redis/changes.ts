// Reading the changes feed: a stream whose entries hold all changes of one unit; their ids are the cursors of the first.

import type { Change, ChangePage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { Store } from './store.ts'
import { FIELD, ITEM, stateOf, unword } from './words.ts'

/** Stands for a state: the task is gone. */
const DELETED = '9'

/** A page of changes after `since`; `since` below 0 asks for the newest cursor only. */
export async function readChanges(store: Store, since: number, limit: number): Promise<ChangePage> {
  const wanted = Math.min(limit, LIMITS.page)
  const from = since < 0 ? '' : String(since + 1)
  const [newest, oldest, ...entries] = await store.run('changes', [from, String(wanted)])
  if (since < 0) return { changes: [], cursor: Number(newest), gap: false }
  const dropped = oldest === '' ? Number(newest) : Number(oldest) - 1
  const start = Math.max(since, dropped)
  const changes: Change[] = []
  for (let i = 0; i + 1 < entries.length && changes.length < wanted; i += 2) {
    const part = unpack(Number(entries[i]), entries[i + 1] as readonly string[]).filter(
      (change) => change.cursor > start,
    )
    changes.push(...part.slice(0, wanted - changes.length))
  }
  return { changes, cursor: changes.at(-1)?.cursor ?? start, gap: since < dropped }
}

function unpack(first: number, [, at, ...runs]: readonly string[]): Change[] {
  let cursor = first
  return runs.flatMap((run, i) => {
    if (i % 2 === 1) return []
    const [type = '', queue = '', code = '', attempt] = run.split(FIELD)
    const ids = runs[i + 1] ?? ''
    const common = {
      at: Number(at),
      type: unword(type),
      queue: unword(queue),
      state: code === DELETED ? ('deleted' as const) : stateOf(code),
      attempt: Number(attempt),
    }
    return ids.split(ITEM).map((id): Change => ({ cursor: cursor++, id: unword(id), ...common }))
  })
}
