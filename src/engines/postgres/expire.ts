// Cancels waiting tasks whose time is over: those that a claim meets, and those that a sweep finds.

import { expireTasks as expireWaiting } from '../sql/units.ts'
import type { Store } from './store.ts'
import { UNITS } from './task-unit.ts'

/** Cancels those of the tasks that wait and are past their time; answers how many. */
export function expireTasks(store: Store, ids: readonly string[]): Promise<number> {
  return expireWaiting(UNITS, store, ids)
}
