// Counts of tasks by queue and state, and how many come before a task.
// Promises exact counts up to LIMITS.exactCount, each by stepping over no more entries of an index than that; what is
// more is estimated by the server from where the index begins and ends, and marked.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { TASK_STATES, type SessionRecord, type TaskState } from '../../core/record.ts'
import { listSessions } from '../sql/sessions.ts'
import { codeOfState } from '../sql/words.ts'
import { lineOf } from './rows.ts'
import type { MySession } from './session.ts'
import { joined, sql, words, type Statement } from './statement.ts'
import type { Store } from './store.ts'
import { byBytes } from './task-unit.ts'

const MOST = LIMITS.exactCount + 1
/** Queues that are counted by one statement. */
const CHUNK = 50

/** Counts of these queues, or of all that are known. */
export function stats(store: Store, queues: readonly string[] | null): Promise<QueueStats[]> {
  return store.read(async (look, { dialect }) => {
    const live = await listSessions(look, { state: 'live', host: null })
    const named = live.flatMap((session) => session.queues ?? [])
    const settings = await settingsOf(look)
    const asked = queues ?? (await knownQueues(look, [...named, ...settings]))
    const all: QueueStats[] = []
    for (let i = 0; i < asked.length; i += CHUNK) {
      const chunk = asked.slice(i, i + CHUNK)
      const { rows } = await look.query(
        joined(
          chunk.map((queue) => sql`(${countsOf(queue)})`),
          ' UNION ALL ',
        ),
      )
      for (const [j, queue] of chunk.entries())
        all.push(await statsOf(queue, rows[j] ?? [], live, look, dialect.explainedRows))
    }
    if (queues !== null) return all
    return all.filter(
      ({ queue, counts }) =>
        settings.includes(queue) || named.includes(queue) || TASK_STATES.some((state) => counts[state] > 0),
    )
  })
}

async function settingsOf(look: MySession): Promise<string[]> {
  const { rows } = await look.query(sql`SELECT \`key\` FROM @documents WHERE kind = ${QUEUE_DOCUMENT}`)
  return rows.map(([key]) => key as string)
}

async function knownQueues(look: MySession, others: readonly string[]): Promise<string[]> {
  const { rows } = await look.query(words('SELECT DISTINCT queue FROM @kinds'))
  return [...new Set([...rows.map(([queue]) => queue as string), ...others])].toSorted(byBytes)
}

function rowsIn(state: TaskState, queue: string): Statement {
  const code = codeOfState(state)
  const table = code < 3 ? words('@tasks t FORCE INDEX (turn)') : words('@finished t FORCE INDEX (list)')
  return sql`FROM ${table} WHERE t.state = ${code} AND t.queue = ${queue}`
}

const COUNTED = ['scheduled', 'ready', 'succeeded', 'dead', 'cancelled'] as const

/** In one statement, which sees one moment: a task that moves meanwhile is counted once. */
function countsOf(queue: string): Statement {
  const counts = COUNTED.map(
    (state) => sql`(SELECT COUNT(*) FROM (SELECT 1 ${rowsIn(state, queue)} LIMIT ${MOST}) AS c)`,
  )
  return sql`SELECT (SELECT COUNT(*) ${rowsIn('running', queue)}), ${joined(counts, ', ')}, EXISTS (SELECT 1 FROM @paused p WHERE p.queue = ${queue}),
    (SELECT MIN(run_at) FROM (SELECT t.run_at ${rowsIn('ready', queue)} ORDER BY t.line, t.slot
      LIMIT ${LIMITS.exactCount}) AS o)`
}

async function statsOf(
  queue: string,
  row: readonly unknown[],
  live: readonly SessionRecord[],
  look: MySession,
  explainedRows: number,
): Promise<QueueStats> {
  const [running, scheduled, ready, succeeded, dead, cancelled, paused, oldest] = row as (number | null)[]
  const counts: Record<TaskState, number> = {
    scheduled: scheduled ?? 0,
    ready: ready ?? 0,
    running: running ?? 0,
    succeeded: succeeded ?? 0,
    dead: dead ?? 0,
    cancelled: cancelled ?? 0,
  }
  const estimated = COUNTED.filter((state) => counts[state] >= MOST)
  for (const state of estimated) {
    const { rows } = await look.query(sql`EXPLAIN SELECT 1 ${rowsIn(state, queue)}`)
    counts[state] = Math.max(MOST, Number(rows[0]?.[explainedRows] ?? 0))
  }
  return {
    queue,
    paused: paused === 1,
    counts,
    estimated,
    oldest: typeof oldest === 'number' ? Math.max(0, look.now - oldest) : null,
    workers: live.filter(
      (session) => !session.draining && (session.queues === null || session.queues.includes(queue)),
    ).length,
  }
}

/** How many ready tasks of its queue a claim would take before each; null for one that is not ready. */
export function ahead(store: Store, ids: readonly string[]): Promise<(number | null)[]> {
  return store.read(async (look) => {
    const { rows } = await look.query(
      sql`SELECT id, queue, \`rank\`, place FROM @tasks WHERE id IN (${[...new Set(ids)]}) AND state = 1`,
    )
    const ready = rows as unknown as [string, string, number, number][]
    const answers = await look.queries(ready.map(([, ...turn]) => beforeOf(...turn)))
    const counts = new Map(ready.map(([id], i) => [id, Number(answers[i]?.rows[0]?.[0] ?? 0)]))
    return ids.map((id) => counts.get(id) ?? null)
  })
}

function beforeOf(queue: string, rank: number, place: number): Statement {
  const [released, line] = [lineOf(rank, 1), lineOf(rank, 0)]
  return sql`SELECT COUNT(*) FROM (SELECT 1 ${rowsIn('ready', queue)} AND (t.line < ${released}
    OR (t.line = ${released} AND t.slot < ${place}) OR (t.line = ${line} AND t.slot < ${place}))
    LIMIT ${LIMITS.exactCount}) AS c`
}
