// Brings back the tasks that nobody runs any more: core decides each one's ending, the store settles them under the
// guard that makes it safe. One task's trouble is its own: what cannot be settled now is found again by the next sweep.

import { decide } from '../core/decide.ts'
import type { Engine } from '../core/engine.ts'
import type { Outcome, Settlement, SweepReply } from '../core/hot-verbs.ts'
import type { ProcessIdentity, TaskRecord } from '../core/record.ts'
import { deathDetails } from './death-words.ts'
import { endingLine } from './ending-words.ts'
import type { News } from './news.ts'

export interface RescuePorts {
  readonly engine: Engine
  readonly tell: (news: News) => void
  readonly random: () => number
  /** Task types whose deaths are to be told. */
  readonly mourned: readonly string[]
  /** Who we are: with it, errors say more of the worker that died. */
  readonly identity?: ProcessIdentity
}

/** Settles what a sweep found; answers how many tasks were brought back. */
export async function rescue(
  { orphans, overdue }: Pick<SweepReply, 'orphans' | 'overdue'>,
  ports: RescuePorts,
): Promise<number> {
  const details = await deathDetails(orphans, ports.engine, ports.identity)
  const found = [
    ...orphans.map(({ task, cause, culprits }) => {
      const culprit = culprits?.includes(task.id) ?? null
      const detail = details.get(task.session ?? '') ?? null
      const outcome = decide({ kind: 'orphaned', cause, culprit, detail }, task, ports.random())
      return { task, outcome, guard: 'rescue' as const }
    }),
    ...overdue.map((task) => {
      const outcome = decide({ kind: 'overdue' }, task, ports.random())
      return { task, outcome, guard: 'overdue' as const }
    }),
  ]
  let rescued = 0
  for (const { task, outcome, applied } of await settleApart(found, ports)) {
    if (!applied) continue
    rescued++
    if (outcome.to === 'dead' && ports.mourned.includes(task.type))
      ports.tell({ kind: 'dead', task, outcome })
    const line = endingLine(task, outcome)
    if (line === null) continue
    const fields = { task: task.id, type: task.type, attempt: task.attempt, reason: outcome.reason }
    ports.tell({ kind: 'log', level: line.level, message: `rescued: ${line.message}`, fields })
  }
  if (rescued > 0) ports.tell({ kind: 'rescued', count: rescued })
  return rescued
}

interface Found {
  readonly task: TaskRecord
  readonly outcome: Outcome
  readonly guard: 'rescue' | 'overdue'
}

/** All in one call; when that fails, one by one, so that a single locked row holds up nobody else. */
async function settleApart(
  found: readonly Found[],
  { engine, tell }: Pick<RescuePorts, 'engine' | 'tell'>,
): Promise<(Found & { readonly applied: boolean })[]> {
  if (found.length === 0) return []
  const settlements = found.map(toSettlement)
  try {
    const replies = await engine.settle(settlements)
    return found.map((one, i) => ({ ...one, applied: replies[i]?.status === 'applied' }))
  } catch (error) {
    if (found.length === 1) {
      const fields = { task: found[0]?.task.id, error: String(error) }
      tell({ kind: 'log', level: 'warn', message: 'a task could not be rescued yet', fields })
      return []
    }
  }
  const apart: (Found & { readonly applied: boolean })[] = []
  for (const one of found) apart.push(...(await settleApart([one], { engine, tell })))
  return apart
}

function toSettlement({ task, outcome, guard }: Found): Settlement {
  return { id: task.id, claim: task.claim ?? '', guard, outcome, followUps: [], logs: [] }
}
