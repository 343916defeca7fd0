// Counts of tasks by queue and state: which queues are told of, and what is made of what a server has counted.
// Promises exact counts up to LIMITS.exactCount; what is more is an estimate of the engine's, and marked.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { TASK_STATES, type SessionRecord, type TaskState } from '../../core/record.ts'
import { byBytes } from './byte-order.ts'
import type { SqlSession } from './session.ts'
import { listSessions } from './sessions.ts'
import type { Row } from './task-row.ts'

/** Tasks of one state that are counted one by one; one more than is told exactly. */
export const MOST_COUNTED = LIMITS.exactCount + 1

const NAMES = 'SELECT DISTINCT queue FROM @kinds'
const SETTINGS = 'SELECT key FROM @documents WHERE kind = ?'

/** How an engine counts. */
export interface StatsLooks<L extends SqlSession> {
  /**
   * For each queue: its name, running, scheduled, ready, succeeded, dead and cancelled tasks, each but the running ones up
   * to MOST_COUNTED, whether it is paused (1 or true), and when the oldest ready task became ready. One moment for each
   * queue, so that a task that moves meanwhile is counted once.
   */
  counts(look: L, queues: readonly string[]): Promise<readonly Row[]>
  /** How many tasks of one state there may be, where they are too many to count. */
  estimate(look: L, state: TaskState, queue: string): Promise<number>
}

/** Counts of these queues, or of all that have tasks, settings or workers. */
export async function readStats<L extends SqlSession>(
  looks: StatsLooks<L>,
  look: L,
  queues: readonly string[] | null,
): Promise<QueueStats[]> {
  const live = await listSessions(look, { state: 'live', host: null })
  const set = await namesBy(look, SETTINGS, [QUEUE_DOCUMENT])
  const known = new Set([...set, ...live.flatMap((session) => session.queues ?? [])])
  const asked = queues ?? [...known.union(await namesBy(look, NAMES, []))].toSorted(byBytes)
  const all: QueueStats[] = []
  for (const row of await looks.counts(look, asked)) all.push(await statsOf(looks, look, row, live))
  if (queues !== null) return all
  return all.filter(({ queue, counts }) => known.has(queue) || TASK_STATES.some((state) => counts[state] > 0))
}

async function namesBy(look: SqlSession, sql: string, params: readonly string[]): Promise<Set<string>> {
  return new Set((await look.all(sql, params)).map(([name]) => name as string))
}

async function statsOf<L extends SqlSession>(
  looks: StatsLooks<L>,
  look: L,
  row: Row,
  live: readonly SessionRecord[],
): Promise<QueueStats> {
  const [name, running, scheduled, ready, succeeded, dead, cancelled, paused, oldest] = row
  const queue = name as string
  const counts: Record<TaskState, number> = {
    scheduled: scheduled as number,
    ready: ready as number,
    running: running as number,
    succeeded: succeeded as number,
    dead: dead as number,
    cancelled: cancelled as number,
  }
  const estimated = TASK_STATES.filter((state) => state !== 'running' && counts[state] >= MOST_COUNTED)
  for (const state of estimated)
    counts[state] = Math.max(MOST_COUNTED, await looks.estimate(look, state, queue))
  return {
    queue,
    paused: paused === 1 || paused === true,
    counts,
    estimated,
    oldest: typeof oldest === 'number' ? Math.max(0, look.now - oldest) : null,
    workers: live.filter(
      (session) => !session.draining && (session.queues === null || session.queues.includes(queue)),
    ).length,
  }
}
