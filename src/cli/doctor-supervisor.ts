// What is wrong with the supervisor of this config and its workers: a pure function from facts to findings. Promises
// that no supervisor at all is no wrong finding: workers may run under another process manager, or elsewhere. Leaves
// finding out to doctor-facts.ts.

import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import { finding, type Finding } from './finding.ts'

export interface SupervisorState {
  readonly name: string
  /** Null: none runs, or it does not answer. */
  readonly status: SupervisorStatus | null
  /** Why it does not answer; null: it does, or there is none. */
  readonly mute: string | null
  /** Of one that does not answer; null: not known. */
  readonly pid: number | null
  /** Workers that go on without it. */
  readonly left: readonly Pick<WorkerFacts, 'name' | 'pid'>[]
}

/** From so many restarts on, a worker that waits for the next one is in a loop. */
const LOOP = 3

/** What can be said of the supervisor and each of its workers. */
export function judgeSupervisor({ name, status, mute, pid, left }: SupervisorState): Finding[] {
  if (mute !== null) {
    const mend =
      pid === null
        ? 'ask as the user who started it'
        : `kill -CONT ${pid}; if that does not help, kill it, then windlass start: its workers are taken over`
    return [finding('supervisor', false, mute, mend)]
  }
  if (status !== null) return [judgeCount(status), ...status.workers.flatMap(judgeWorker)]
  if (left.length === 0) return [finding('supervisor', true, 'none runs here', '')]
  const who = left.map((one) => `${one.name} (pid ${one.pid ?? '-'})`).join(', ')
  const mend = 'windlass start takes them over, windlass stop ends them'
  return [finding('supervisor', false, `${name} is gone, its workers go on: ${who}`, mend)]
}

/** Workers that are just renewed or end are none too few: the process that follows is there, or is not wanted. */
function judgeCount({ supervisor, workers }: SupervisorStatus): Finding {
  const { name, pid, count } = supervisor
  const running = workers.filter(({ state }) => state === 'running').length
  const detail = `${name}, pid ${pid}, workers that take work: ${running} of ${count}`
  return finding('supervisor', true, detail, '')
}

function judgeWorker({ name, state, restarts, last_end }: WorkerFacts): Finding[] {
  if (state !== 'restarting') return []
  const why = last_end ?? 'it ended'
  const detail =
    restarts >= LOOP ? `${name} is in a crash loop: ${why}` : `${name} is missing and starts again: ${why}`
  return [finding('worker process', false, detail, `windlass logs --worker ${name}`)]
}
