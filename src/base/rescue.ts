// What every rescuer does with tasks that nobody runs any more: core decides the ending, the store settles it under
// the guard that makes it safe. One task's trouble is its own (CONTRACT rule 10): what cannot be settled now is found
// again by the next sweep. Finding such tasks, and telling of them, is the owner's business.

import { decide } from '../core/decide.ts'
import type { Engine } from '../core/engine.ts'
import type { Orphan, Settlement } from '../core/hot-verbs.ts'

/**
 * The settlement of a task whose session is not live.
 * @param detail what is known of the death; null: nothing more than its cause
 * @param random 0 ≤ x < 1, for jitter
 */
export function settleOrphan(
  { task, cause, culprits }: Orphan,
  detail: string | null,
  random: number,
): Settlement {
  const culprit = culprits?.includes(task.id) ?? null
  const outcome = decide({ kind: 'orphaned', cause, culprit, detail }, task, random)
  return { id: task.id, claim: task.claim ?? '', guard: 'rescue', outcome, followUps: [], logs: [] }
}

/**
 * Settles all in one call; when that fails one by one, so that a single locked row holds up nobody else.
 * @param failed told of each one that could not be settled
 * @returns whether each was applied, aligned by index
 */
export async function settleApart(
  engine: Pick<Engine, 'settle'>,
  settlements: readonly Settlement[],
  failed: (settlement: Settlement, error: unknown) => void,
): Promise<boolean[]> {
  if (settlements.length === 0) return []
  const [first] = settlements
  try {
    const replies = await engine.settle(settlements)
    return replies.map(({ status }) => status === 'applied')
  } catch (error) {
    if (settlements.length === 1 && first !== undefined) {
      failed(first, error)
      return [false]
    }
  }
  const applied: boolean[] = []
  for (const one of settlements) applied.push(...(await settleApart(engine, [one], failed)))
  return applied
}
