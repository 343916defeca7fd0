// Who takes from which queue, and which queues nobody serves. Pure; shared by whoever examines a system.

import type { QueueStats } from './cold-verbs.ts'
import type { SessionRecord } from './record.ts'

type Taker = Pick<SessionRecord, 'draining' | 'queues'>

/** The sessions that take new tasks from a queue. */
export function takersOf<S extends Taker>(queue: string, live: readonly S[]): readonly S[] {
  return live.filter((one) => !one.draining && (one.queues === null || one.queues.includes(queue)))
}

/** Queues that are not paused, with ready tasks that no session takes. */
export function unservedQueues(queues: readonly QueueStats[], live: readonly Taker[]): readonly QueueStats[] {
  return queues.filter(
    ({ queue, paused, counts }) => !paused && counts.ready > 0 && takersOf(queue, live).length === 0,
  )
}
