// Counts of tasks by queue and state, and how many come before a task.
// Promises exact counts up to LIMITS.exactCount, each by stepping over no more entries of an index than that; what is
// more is estimated from a sample of pages, which needs no statistics, and marked.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { TASK_STATES, type SessionRecord, type TaskState } from '../../core/record.ts'
import { listSessions } from '../sql/sessions.ts'
import { stateOf } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

const MOST = LIMITS.exactCount + 1
const QUEUES = 'SELECT DISTINCT queue FROM @lanes UNION SELECT key FROM @documents WHERE kind = $1'
const SETTINGS = 'SELECT key FROM @documents WHERE kind = $1'
const counting = (home: string, state: number): string =>
  `(SELECT count(*) FROM (SELECT 1 FROM @${home} t WHERE t.state = ${state} AND t.queue = q.queue LIMIT ${MOST}) AS c)`
// In one statement, which sees one moment: a task that moves meanwhile is counted once.
const COUNTS = `WITH r AS MATERIALIZED (SELECT queue, count(*) AS runs FROM @tasks WHERE state = 2 GROUP BY queue)
  SELECT q.queue, coalesce((SELECT r.runs FROM r WHERE r.queue = q.queue), 0), ${counting('tasks', 0)},
  ${counting('tasks', 1)}, ${counting('finished', 3)}, ${counting('finished', 4)}, ${counting('finished', 5)}, EXISTS (SELECT 1 FROM @paused p WHERE p.queue = q.queue),
  (SELECT min(run_at) FROM (SELECT t.run_at FROM @tasks t WHERE t.state = 1 AND t.queue = q.queue
    ORDER BY t.rank, t.place LIMIT ${LIMITS.exactCount}) AS o)
  FROM unnest($1::text[]) AS q(queue)`
const PAGES = `SELECT pg_relation_size('@tasks') / 8192, pg_relation_size('@finished') / 8192`
const sampling = (home: string): string =>
  `SELECT state, queue, count(*) FROM @${home} TABLESAMPLE SYSTEM ($1) REPEATABLE (1) GROUP BY state, queue`
/** Pages that an estimate looks at. */
const SAMPLE = 300

/** Counts of these queues, or of all that are known. */
export function stats(store: Store, queues: readonly string[] | null): Promise<QueueStats[]> {
  return store.read(async (look) => {
    const live = await listSessions(look, { state: 'live', host: null })
    const named = live.flatMap((session) => session.queues ?? [])
    const asked = queues ?? (await knownQueues(look, named))
    const { rows } = await look.query(COUNTS, [arrayOf(asked)])
    const estimate = new Estimate(look)
    const all: QueueStats[] = []
    for (const row of rows) all.push(await statsOf(row, live, estimate, look.now))
    if (queues !== null) return all
    const set = new Set((await look.query(SETTINGS, [QUEUE_DOCUMENT])).rows.map(([key]) => key as string))
    return all.filter(
      ({ queue, counts }) =>
        set.has(queue) || named.includes(queue) || TASK_STATES.some((state) => counts[state] > 0),
    )
  })
}

async function knownQueues(look: PgSession, named: readonly string[]): Promise<string[]> {
  const { rows } = await look.query(QUEUES, [QUEUE_DOCUMENT])
  return [...new Set([...rows.map(([queue]) => queue as string), ...named])].toSorted((a, b) =>
    Buffer.compare(Buffer.from(a), Buffer.from(b)),
  )
}

async function statsOf(
  row: readonly unknown[],
  live: readonly SessionRecord[],
  estimate: Estimate,
  now: number,
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
  const estimated = TASK_STATES.filter((state) => state !== 'running' && counts[state] >= MOST)
  for (const state of estimated) counts[state] = Math.max(MOST, await estimate.of(state, queue))
  return {
    queue,
    paused: paused === true,
    counts,
    estimated,
    oldest: typeof oldest === 'number' ? Math.max(0, now - oldest) : null,
    workers: live.filter(
      (session) => !session.draining && (session.queues === null || session.queues.includes(queue)),
    ).length,
  }
}

/** Reads a sample of both tables once, when it is needed. */
class Estimate {
  readonly #look: PgSession
  #counts: Map<string, number> | null = null

  constructor(look: PgSession) {
    this.#look = look
  }

  async of(state: TaskState, queue: string): Promise<number> {
    this.#counts ??= await this.#sample()
    return Math.round(this.#counts.get(`${state}:${queue}`) ?? 0)
  }

  async #sample(): Promise<Map<string, number>> {
    const counts = new Map<string, number>()
    const [pages = []] = (await this.#look.query(PAGES, [])).rows
    for (const [i, home] of ['tasks', 'finished'].entries()) {
      const share = Math.min(100, (100 * SAMPLE) / Math.max(1, pages[i] as number))
      const { rows } = await this.#look.query(sampling(home), [share])
      for (const [state, queue, count] of rows)
        counts.set(`${stateOf(state as number)}:${queue as string}`, ((count as number) * 100) / share)
    }
    return counts
  }
}

const AHEAD = `SELECT t.id, (SELECT count(*) FROM (SELECT 1 FROM @tasks o WHERE o.state = 1 AND o.queue = t.queue
    AND (o.rank, o.place) < (t.rank, t.place) LIMIT ${LIMITS.exactCount}) AS before)
  FROM @tasks t WHERE t.id = ANY($1::text[]) AND t.state = 1`

/** How many ready tasks of its queue a claim would take before each; null for one that is not ready. */
export function ahead(store: Store, ids: readonly string[]): Promise<(number | null)[]> {
  return store.read(async (look) => {
    const { rows } = await look.query(AHEAD, [arrayOf([...new Set(ids)])])
    const counts = new Map(rows.map(([id, count]) => [id as string, count as number]))
    return ids.map((id) => counts.get(id) ?? null)
  })
}
