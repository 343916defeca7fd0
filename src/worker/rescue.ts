// Brings back the tasks that a sweep found without anybody who runs them, and tells: in the log, and to the handlers
// of `onDead`. How they are judged and settled is base/rescue.ts.

import { settleOrphan, settleRescued } from '../base/rescue.ts'
import { decide } from '../core/decide.ts'
import type { Engine } from '../core/engine.ts'
import type { Settlement, SweepReply } from '../core/hot-verbs.ts'
import { keepError } from '../core/kept-error.ts'
import type { ProcessIdentity, TaskRecord } from '../core/record.ts'
import { deathDetails } from './death-words.ts'
import { endingLine } from './ending-words.ts'
import type { News } from './news.ts'

export interface RescuePorts {
  readonly engine: Engine
  readonly tell: (news: News) => void
  readonly random: () => number
  /** Task types whose deaths nobody is to be told of. */
  readonly silent: readonly string[]
  /** Who we are: with it, errors say more of the worker that died. */
  readonly identity?: ProcessIdentity
}

/** Settles what a sweep found; answers how many tasks were brought back. */
export async function rescue(
  { orphans, overdue }: Pick<SweepReply, 'orphans' | 'overdue'>,
  ports: RescuePorts,
): Promise<number> {
  const details = await deathDetails(orphans, ports.engine, ports.identity)
  const tasks = [...orphans.map(({ task }) => task), ...overdue]
  const settlements = [
    ...orphans.map((one) => settleOrphan(one, details.get(one.task.session ?? '') ?? null, ports.random())),
    ...overdue.map((task) => settleOverdue(task, ports.random())),
  ]
  const applied = await settleRescued(ports.engine, tasks, settlements, ports.silent, ({ id }, error) => {
    const fields = { task: id, error: keepError(error) }
    ports.tell({ kind: 'log', level: 'warn', message: 'a task could not be rescued yet', fields })
  })
  let rescued = 0
  const dead: string[] = []
  for (const [i, task] of tasks.entries()) {
    const outcome = settlements[i]?.outcome
    if (outcome === undefined || applied[i] !== true) continue
    rescued++
    if (outcome.to === 'dead') dead.push(task.id)
    const line = endingLine(task, outcome)
    if (line === null) continue
    const fields = { task: task.id, type: task.type, attempt: task.attempt, reason: outcome.reason }
    ports.tell({ kind: 'log', level: line.level, message: `rescued: ${line.message}`, fields })
  }
  if (dead.length > 0) ports.tell({ kind: 'dead', ids: dead })
  if (rescued > 0) ports.tell({ kind: 'rescued', count: rescued })
  return rescued
}

function settleOverdue(task: TaskRecord, random: number): Settlement {
  const outcome = decide({ kind: 'overdue' }, task, random)
  return { id: task.id, claim: task.claim ?? '', guard: 'overdue', outcome, followUps: [], logs: [] }
}
