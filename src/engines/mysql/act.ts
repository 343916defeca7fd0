// The operator's verbs, in one unit of work on locked rows.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import { actRows } from '../sql/act-rows.ts'
import type { Store } from './store.ts'
import { loadSpace, storeSpace } from './task-unit.ts'

/** Acts in array order. */
export function act(store: Store, actions: readonly Action[]): Promise<ActionReply[]> {
  return store.write(async (unit) => {
    const space = await loadSpace(store, unit, {
      ids: actions.map(({ id }) => id),
      tasks: [],
      keys: actions.some(({ verb }) => verb === 'requeue'),
      sessions: false,
      places: actions.length,
    })
    const replies = actRows(space, actions)
    await storeSpace(unit, space)
    return replies
  })
}
