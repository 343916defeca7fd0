// Counts of tasks by queue and state, and how many come before a task, in the words of this server.
// Each count steps over no more entries of an index than are told exactly; what is more is estimated by the server from
// where the index begins and ends.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { TaskState } from '../../core/record.ts'
import { MOST_COUNTED, readStats, type StatsLooks } from '../sql/stats.ts'
import type { Row } from '../sql/task-row.ts'
import { codeOfState, isFinalCode } from '../sql/words.ts'
import type { Dialect } from './dialect.ts'
import { lineOf } from './rows.ts'
import type { MySession } from './session.ts'
import { joined, sql, words, type Statement } from './statement.ts'
import type { Store } from './store.ts'

/** Queues that are counted by one statement. */
const CHUNK = 50

/** Counts of these queues, or of all that are known. */
export function stats(store: Store, queues: readonly string[] | null): Promise<QueueStats[]> {
  return store.read((look, { dialect }) => readStats(looksOf(dialect), look, queues))
}

function looksOf({ explainedRows }: Dialect): StatsLooks<MySession> {
  return {
    counts: async (look, queues) => {
      const all: Row[] = []
      for (let i = 0; i < queues.length; i += CHUNK) {
        const chunk = queues.slice(i, i + CHUNK).map((queue) => sql`(${countsOf(queue)})`)
        all.push(...(await look.query(joined(chunk, ' UNION ALL '))).rows)
      }
      return all
    },
    estimate: async (look, state, queue) => {
      const { rows } = await look.query(sql`EXPLAIN SELECT 1 ${rowsIn(state, queue)}`)
      return Number(rows[0]?.[explainedRows] ?? 0)
    },
  }
}

function rowsIn(state: TaskState, queue: string): Statement {
  const code = codeOfState(state)
  const table = !isFinalCode(code)
    ? words('@tasks t FORCE INDEX (turn)')
    : words('@finished t FORCE INDEX (list)')
  return sql`FROM ${table} WHERE t.state = ${code} AND t.queue = ${queue}`
}

const COUNTED = ['scheduled', 'ready', 'succeeded', 'dead', 'cancelled'] as const

/** In one statement, which sees one moment: a task that moves meanwhile is counted once. */
function countsOf(queue: string): Statement {
  const counts = COUNTED.map(
    (state) => sql`(SELECT COUNT(*) FROM (SELECT 1 ${rowsIn(state, queue)} LIMIT ${MOST_COUNTED}) AS c)`,
  )
  return sql`SELECT ${queue}, (SELECT COUNT(*) ${rowsIn('running', queue)}), ${joined(counts, ', ')}, EXISTS (SELECT 1 FROM @paused p WHERE p.queue = ${queue}),
    (SELECT MIN(run_at) FROM (SELECT t.run_at ${rowsIn('ready', queue)} ORDER BY t.line, t.slot
      LIMIT ${LIMITS.exactCount}) AS o)`
}

/** How many ready tasks of its queue a claim would take before each; null for one that is not ready. */
export function ahead(store: Store, ids: readonly string[]): Promise<(number | null)[]> {
  return store.read(async (look) => {
    const { rows } = await look.query(
      sql`SELECT id, queue, \`rank\`, place FROM @tasks WHERE id IN (${[...new Set(ids)]}) AND state = 1`,
    )
    const answers = await look.queries(
      rows.map(([, queue, rank, place]) => beforeOf(queue as string, rank as number, place as number)),
    )
    const counts = new Map(rows.map(([id], i) => [id as string, Number(answers[i]?.rows[0]?.[0] ?? 0)]))
    return ids.map((id) => counts.get(id) ?? null)
  })
}

function beforeOf(queue: string, rank: number, place: number): Statement {
  const [released, line] = [lineOf(rank, 1), lineOf(rank, 0)]
  return sql`SELECT COUNT(*) FROM (SELECT 1 ${rowsIn('ready', queue)} AND (t.line < ${released}
    OR (t.line = ${released} AND t.slot < ${place}) OR (t.line = ${line} AND t.slot < ${place}))
    LIMIT ${LIMITS.exactCount}) AS c`
}
