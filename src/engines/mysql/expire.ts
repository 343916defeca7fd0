// Cancels waiting tasks whose time is over: those that a claim meets, and those that a sweep finds.

import { loadSpace, storeSpace } from './task-unit.ts'
import type { Store } from './store.ts'
import { READY, SCHEDULED } from '../sql/words.ts'

/** Cancels those of the tasks that wait and are past their time; answers how many. */
export function expireTasks(store: Store, ids: readonly string[]): Promise<number> {
  if (ids.length === 0) return Promise.resolve(0)
  return store.write(async (unit) => {
    const space = await loadSpace(store, unit, { ids, tasks: [], keys: false, sessions: false, places: 0 })
    let count = 0
    for (const id of ids) {
      const entry = space.find(id)
      if (entry === null) continue
      const { state, expiresAt } = entry.row
      if ((state !== READY && state !== SCHEDULED) || expiresAt === null || expiresAt > unit.now) continue
      space.cancelWaiting(entry, 'expired')
      count++
    }
    await storeSpace(unit, space)
    return count
  })
}
