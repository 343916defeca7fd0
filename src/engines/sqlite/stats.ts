// Counts of tasks by queue and state, and how many come before a task.
// Promises exact counts up to LIMITS.exactCount, each by stepping over no more entries of an index than that;
// what is more is estimated from rows at even distances, and marked.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { TASK_STATES, type TaskState } from '../../core/record.ts'
import { listed, stepThrough } from './queues.ts'
import { listSessions } from './sessions.ts'
import type { View } from './view.ts'
import { codeOfState, RUNNING, stateOf } from '../sql/words.ts'

const SETTINGS = 'SELECT key FROM windlass_documents WHERE kind = ? ORDER BY key'
const RUNNING_BY_QUEUE = 'SELECT queue, count(*) FROM windlass_states WHERE state = 2 GROUP BY queue'
const OLDEST = `SELECT min(run_at) FROM (SELECT run_at FROM windlass_states
  WHERE state = 1 AND queue = ? ORDER BY rank, place LIMIT ?)`
const EXTENT = 'SELECT min(seq), max(seq) FROM windlass_states'
const FIRST_FROM = 'SELECT seq, queue, state FROM windlass_states WHERE seq >= ? LIMIT 1'
const READY_PLACE = `SELECT s.queue, s.rank, s.place FROM windlass_tasks t JOIN windlass_states s ON s.seq = t.seq
  WHERE t.id = ? AND s.state = 1`
const AHEAD = `SELECT count(*) FROM (SELECT 1 FROM windlass_states
  WHERE state = 1 AND queue = ? AND (rank, place) < (?, ?) LIMIT ?)`

/** Rows that an estimate looks at. */
const SAMPLES = 500

export function stats(view: View, queues: readonly string[] | null): QueueStats[] {
  const live = listSessions(view, { state: 'live', host: null })
  const paused = view.paused()
  const running = new Map(
    view.connection.all(RUNNING_BY_QUEUE).map(([queue, count]) => [queue as string, count as number]),
  )
  const named = live.flatMap((session) => session.queues ?? [])
  const estimate = estimator(view)
  return (queues ?? knownQueues(view, [...running.keys(), ...named])).map((queue) => ({
    queue,
    paused: paused.has(queue),
    ...countStates(view, queue, running.get(queue) ?? 0, estimate),
    oldest: oldestWait(view, queue),
    workers: live.filter(
      (session) => !session.draining && (session.queues === null || session.queues.includes(queue)),
    ).length,
  }))
}

function knownQueues(view: View, more: readonly string[]): string[] {
  const { connection } = view
  const used = TASK_STATES.map(codeOfState)
    .filter((code) => code !== RUNNING)
    .flatMap((code) =>
      stepThrough(connection, `SELECT queue FROM ${listed(code)} AND queue > ? ORDER BY queue LIMIT 1`),
    )
  const set = connection.all(SETTINGS, QUEUE_DOCUMENT).map(([key]) => key as string)
  return [...new Set([...used, ...set, ...more])].toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
}

type Estimate = (queue: string, state: TaskState) => number

function countStates(
  view: View,
  queue: string,
  running: number,
  estimate: Estimate,
): Pick<QueueStats, 'counts' | 'estimated'> {
  const estimated: TaskState[] = []
  const counts = Object.fromEntries(
    TASK_STATES.map((state) => {
      if (state === 'running') return [state, running]
      const sql = `SELECT count(*) FROM
        (SELECT 1 FROM ${listed(codeOfState(state))} AND queue = ? LIMIT ?)`
      const count = view.connection.get(sql, queue, LIMITS.exactCount + 1)?.[0] as number
      if (count <= LIMITS.exactCount) return [state, count]
      estimated.push(state)
      return [state, Math.max(count, estimate(queue, state))]
    }),
  ) as Record<TaskState, number>
  return { counts, estimated }
}

/** Reads rows at even distances once, and answers from them. */
function estimator(view: View): Estimate {
  let samples: ReadonlyMap<string, number> | null = null
  return (queue, state) => {
    samples ??= sample(view)
    return Math.round(samples.get(`${state}:${queue}`) ?? 0)
  }
}

/** Each sampled row stands for the rows from it to the next. */
function sample(view: View): Map<string, number> {
  const weights = new Map<string, number>()
  const [low, high] = (view.connection.get(EXTENT) ?? []) as (number | null | undefined)[]
  if (typeof low !== 'number' || typeof high !== 'number') return weights
  const stride = (high - low + 1) / SAMPLES
  let last = low - 1
  for (let i = 0; i < SAMPLES; i++) {
    const from = Math.max(last + 1, Math.floor(low + i * stride))
    const row = view.connection.get(FIRST_FROM, from)
    if (row === undefined) break
    last = row[0] as number
    // A gap of purged rows before the sample stands for nothing.
    if (last >= low + (i + 1) * stride) continue
    const key = `${stateOf(row[2] as number)}:${row[1] as string}`
    weights.set(key, (weights.get(key) ?? 0) + stride)
  }
  return weights
}

/** Since when the ready task has waited that has waited longest, among as many as are counted exactly. */
function oldestWait(view: View, queue: string): number | null {
  const oldest = view.connection.get(OLDEST, queue, LIMITS.exactCount)?.[0]
  return typeof oldest === 'number' ? Math.max(0, view.now - oldest) : null
}

/** How many ready tasks of its queue a claim would take before each; null for one that is not ready. */
export function ahead(view: View, ids: readonly string[]): (number | null)[] {
  return ids.map((id) => {
    const row = view.connection.get(READY_PLACE, id)
    if (row === undefined) return null
    return view.connection.get(AHEAD, ...row, LIMITS.exactCount)?.[0] as number
  })
}
