// What every rescuer does with tasks that nobody runs any more: core decides the ending, the store settles it under
// the guard that makes it safe. One task's trouble is its own (CONTRACT rule 10): what cannot be settled now is found
// again by the next sweep. Finding such tasks, and telling of them, is the owner's business.

import { decide } from '../core/decide.ts'
import type { Engine } from '../core/engine.ts'
import type { Orphan, Settlement } from '../core/hot-verbs.ts'
import type { TaskRecord } from '../core/record.ts'
import { writeDeathNotices, type NoticeBoard } from './death-notices.ts'

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

/** What a rescue needs of the contract. */
export type Rescuing = Pick<Engine, 'settle'> & NoticeBoard

/**
 * Settles what became of tasks that nobody runs, as `settleApart` does. Deaths are made known before, so that the
 * `onDead` of their type is called wherever a worker knows it; those of `silent` types have nobody to tell. A death that
 * cannot be made known is not settled now.
 * @param tasks aligned with the settlements
 */
export async function settleRescued(
  engine: Rescuing,
  tasks: readonly TaskRecord[],
  settlements: readonly Settlement[],
  silent: readonly string[],
  failed: (settlement: Settlement, error: unknown) => void,
): Promise<boolean[]> {
  const dies = settlements.map(
    ({ outcome }, i) => outcome.to === 'dead' && !silent.includes(tasks[i]?.type ?? ''),
  )
  try {
    await writeDeathNotices(
      engine,
      tasks.filter((_, i) => dies[i]),
    )
    return await settleApart(engine, settlements, failed)
  } catch (error) {
    for (const one of settlements.filter((_, i) => dies[i])) failed(one, error)
    const others = await settleApart(
      engine,
      settlements.filter((_, i) => !dies[i]),
      failed,
    )
    return dies.map((dead) => !dead && (others.shift() ?? false))
  }
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
