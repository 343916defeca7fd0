// Counts of tasks by queue and state, and how many come before a task, in the words of this server.
// Each count steps over no more entries of an index than are told exactly; what is more is estimated from a sample of
// pages, which needs no statistics.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskState } from '../../core/record.ts'
import { MOST_COUNTED, readStats, type StatsLooks } from '../sql/stats.ts'
import type { Row } from '../sql/task-row.ts'
import { stateOf } from '../sql/words.ts'
import { arrayOf } from './arrays.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

const counting = (home: string, state: number): string =>
  `(SELECT count(*) FROM (SELECT 1 FROM @${home} t WHERE t.state = ${state} AND t.queue = q.queue LIMIT ${MOST_COUNTED}) AS c)`
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
  return store.read((look) => readStats(new Looks(), look, queues))
}

/** Reads a sample of both tables once, when it is needed. */
class Looks implements StatsLooks<PgSession> {
  #sampled: Map<string, number> | null = null

  async counts(look: PgSession, queues: readonly string[]): Promise<readonly Row[]> {
    return (await look.query(COUNTS, [arrayOf(queues)])).rows
  }

  async estimate(look: PgSession, state: TaskState, queue: string): Promise<number> {
    this.#sampled ??= await sample(look)
    return Math.round(this.#sampled.get(`${state}:${queue}`) ?? 0)
  }
}

async function sample(look: PgSession): Promise<Map<string, number>> {
  const counts = new Map<string, number>()
  const [pages = []] = (await look.query(PAGES, [])).rows
  for (const [i, home] of ['tasks', 'finished'].entries()) {
    const share = Math.min(100, (100 * SAMPLE) / Math.max(1, pages[i] as number))
    const { rows } = await look.query(sampling(home), [share])
    for (const [state, queue, count] of rows)
      counts.set(`${stateOf(state as number)}:${queue as string}`, ((count as number) * 100) / share)
  }
  return counts
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
