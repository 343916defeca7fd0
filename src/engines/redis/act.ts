// The operator's verbs as calls of one script.

import type { Action, ActionReply } from '../../core/cold-verbs.ts'
import { inParts, type Store } from './store.ts'
import { stateOf, unword, word } from './words.ts'

export async function act(store: Store, actions: readonly Action[]): Promise<ActionReply[]> {
  return inParts(actions, async (part) => {
    const args = part.flatMap((action) => [
      action.verb,
      word(action.id),
      action.verb === 'reprioritise' ? String(action.priority) : '',
    ])
    const flat = await store.run('act', [String(part.length), ...args])
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
