// The line that a supervisor writes in its log every so often: how its workers do, and what waits in the queues.
// Promises a line also while the store is out of reach, and never two looks at once. Leaves where it goes to the log.

import { systemClock, type Cancel, type Clock } from '../base/clock.ts'
import type { QueueStats } from '../core/cold-verbs.ts'
import type { SupervisorStatus, WorkerFacts } from '../supervisor/control.ts'
import type { Say } from './up-lines.ts'

export interface MonitorOptions {
  /** In ms; 0: never. */
  readonly every: number
  readonly status: () => SupervisorStatus
  readonly queues: () => Promise<readonly QueueStats[]>
  readonly say: Say
  readonly clock?: Clock
}

/** Queues that one line names, those with the most ready tasks. */
const NAMED = 10

/** Begins; the answer ends it. The first line comes after `every`. */
export function startMonitor({ every, status, queues, say, clock = systemClock }: MonitorOptions): Cancel {
  if (every === 0) return () => undefined
  let over = false
  const plan = (): Cancel => clock.timer(every, () => void look())
  const look = async (): Promise<void> => {
    // A store that is away is told of by whoever needs it.
    const waiting = await queues().catch(() => null)
    if (over) return
    say('info', 'monitor', 'workers and queues', monitorFields(status(), waiting))
    cancel = plan()
  }
  let cancel = plan()
  return () => {
    over = true
    cancel()
  }
}

/** What the line tells. `queues` null: the store could not be asked. */
export function monitorFields(
  { supervisor, workers }: SupervisorStatus,
  queues: readonly QueueStats[] | null,
): object {
  const sum = (of: (one: WorkerFacts) => number | null): number =>
    workers.reduce((total, one) => total + (of(one) ?? 0), 0)
  const fields = {
    workers: `${workers.filter(({ state }) => state === 'running').length}/${supervisor.count}`,
    cpu: Math.round(sum(({ cpu }) => cpu)),
    rss_mb: Math.round(supervisor.rss_mb + sum(({ rss_mb }) => rss_mb)),
    running: sum(({ running }) => running),
  }
  if (queues === null) return { ...fields, ready: null, oldest_ms: null }
  const waiting = queues
    .filter(({ counts }) => counts.ready > 0)
    .toSorted((a, b) => b.counts.ready - a.counts.ready)
  return {
    ...fields,
    ready: waiting.reduce((total, { counts }) => total + counts.ready, 0),
    oldest_ms: Math.max(0, ...waiting.map(({ oldest }) => oldest ?? 0)),
    queues: Object.fromEntries(
      waiting
        .slice(0, NAMED)
        .map(({ queue, counts, oldest }) => [queue, { ready: counts.ready, oldest_ms: oldest }]),
    ),
  }
}
