// The operator's verbs as calls of one script, and the tidying that many cancels leave.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import type { Reply } from './link.ts'
import { inParts, type Store } from './store.ts'
import { stateOf, unword, word } from './words.ts'

/** Times that a call goes on dropping stale entries, each time up to 1,000. */
const TIDYINGS = 8

export async function act(store: Store, actions: readonly Action[]): Promise<ActionReply[]> {
  return inParts(actions, async (part) => {
    const args = part.flatMap((action) => [
      action.verb,
      word(action.id),
      action.verb === 'reprioritise' ? String(action.priority) : '',
    ])
    const [untidy, ...flat] = await store.run('act', [String(part.length), ...args])
    await tidy(store, untidy as readonly Reply[])
    return part.map((_, i): ActionReply => {
      const [outcome, code, holder] = flat.slice(3 * i, 3 * i + 3).map(String)
      return {
        outcome: outcome as ActionReply['outcome'],
        state: code === '' || code === undefined ? null : stateOf(code),
        holder: holder === '' || holder === undefined ? null : unword(holder),
      }
    })
  })
}

/** Leaves fewer stale entries for claims to skip; what fails here is no failure of what was done. */
async function tidy(store: Store, lanes: readonly Reply[]): Promise<void> {
  let left = lanes
  try {
    for (let i = 0; i < TIDYINGS && left.length > 0; i++)
      left = await store.run('drop-stale', left.map(String))
  } catch {
    // Claims skip what is left, and the next cancels drop it.
  }
}
