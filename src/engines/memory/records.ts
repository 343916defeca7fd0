// The records group of the contract, except `find` (search.ts) and `act` (act.ts): counts, sessions, how many
// tasks come first. All are exact here; nothing is ever estimated.

import type { QueueStats } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import type { SessionRecord, TaskRecord } from '../../core/record.ts'
import { compareBytes } from './byte-order.ts'
import { Lane } from './lane.ts'
import type { MemoryStore } from './store.ts'

export function get(store: MemoryStore, ids: readonly string[]): (TaskRecord | null)[] {
  return ids.map((id) => store.tasks.get(id)?.task ?? null)
}

export function stats(store: MemoryStore, queues: readonly string[] | null): QueueStats[] {
  return (queues ?? knownQueues(store)).map((queue) => statsOf(store, queue))
}

function knownQueues(store: MemoryStore): string[] {
  const used = [...store.lanes.values()].filter((lane) => !lane.isEmpty).map((lane) => lane.queue)
  const set = store.documents.get(QUEUE_DOCUMENT)?.keys() ?? []
  const named = liveSessions(store).flatMap((session) => session.queues ?? [])
  return [...new Set([...used, ...set, ...named])].toSorted(compareBytes)
}

function statsOf(store: MemoryStore, queue: string): QueueStats {
  const lane = store.lanes.get(queue) ?? new Lane(queue)
  let waiting = Infinity
  for (const { task } of lane.ready) waiting = Math.min(waiting, task.runAt)
  return {
    queue,
    paused: store.isPaused(queue),
    counts: { ...lane.counts },
    estimated: [],
    oldest: waiting === Infinity ? null : Math.max(0, store.now - waiting),
    workers: liveSessions(store).filter(
      (session) => !session.draining && (session.queues === null || session.queues.includes(queue)),
    ).length,
  }
}

function liveSessions(store: MemoryStore): SessionRecord[] {
  return [...store.sessions.values()].filter((session) => session.state === 'live')
}

export function sessions(
  store: MemoryStore,
  { state, host }: { readonly state: 'live' | 'dead' | null; readonly host: string | null },
): SessionRecord[] {
  return [...store.sessions.values()].filter(
    (session) => (state === null || session.state === state) && (host === null || session.host === host),
  )
}

/** How many ready tasks of its queue a claim would take before each; null for one that is not ready. */
export function ahead(store: MemoryStore, ids: readonly string[]): (number | null)[] {
  return ids.map((id) => {
    const row = store.tasks.get(id)
    if (row === undefined || row.task.state !== 'ready') return null
    return Math.min(LIMITS.exactCount, store.lane(row.task.queue).ready.rank(row))
  })
}
