// Counts of tasks by queue and state, and how many come before a task.
// Counts are kept by every unit that changes a state, so they are exact whatever their size.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import { TASK_STATES, type TaskState } from '../../core/record.ts'
import { listSessions, sortedWords } from './sessions.ts'
import type { Store } from './store.ts'
import { codeOf, FIELD, undigits, unword, word } from './words.ts'

/** By queue. */
type Counts = ReadonlyMap<string, number>

export async function stats(store: Store, queues: readonly string[] | null): Promise<QueueStats[]> {
  const [live, paused, settings, now, ...counted] = await Promise.all([
    listSessions(store, { state: 'live', host: null }),
    store.texts('SMEMBERS', 'paused'),
    store.texts('HKEYS', `doc:${QUEUE_DOCUMENT}`),
    store.now(),
    ...TASK_STATES.map((state) => countsOf(store, state)),
  ])
  const named = live.flatMap((session) => session.queues ?? [])
  const used = counted.flatMap((counts) => [...counts.keys()])
  const known = queues ?? sortedWords([...new Set([...used, ...named, ...settings.map(unword)].map(word))])
  const resting = new Set(paused.map(unword))
  // One short script for each, so that none holds the server for long.
  const oldest = await Promise.all(known.map((queue) => store.run('waits', ['oldest', word(queue)])))
  return known.map((queue, i) => {
    const since = undigits(String(oldest[i]?.[0] ?? ''))
    return {
      queue,
      paused: resting.has(queue),
      counts: Object.fromEntries(
        TASK_STATES.map((state, n) => [state, counted[n]?.get(queue) ?? 0]),
      ) as Record<TaskState, number>,
      estimated: [],
      oldest: since === null ? null : Math.max(0, now - since),
      workers: live.filter(
        (session) => !session.draining && (session.queues === null || session.queues.includes(queue)),
      ).length,
    }
  })
}

/** Ready tasks are counted by priority and queue. */
async function countsOf(store: Store, state: TaskState): Promise<Counts> {
  const counts = new Map<string, number>()
  for (const [field, count] of await store.pairs(`n${codeOf(state)}`)) {
    const queue = unword(state === 'ready' ? field.slice(field.indexOf(FIELD) + 1) : field)
    counts.set(queue, (counts.get(queue) ?? 0) + Number(count))
  }
  return counts
}

/** How many ready tasks of its queue a claim would take before each; null for one that is not ready. */
export async function ahead(store: Store, ids: readonly string[]): Promise<(number | null)[]> {
  return Promise.all(
    ids.map(async (id) => {
      const [before] = await store.run('waits', ['ahead', word(id), String(LIMITS.exactCount)])
      return Number(before) < 0 ? null : Number(before)
    }),
  )
}
