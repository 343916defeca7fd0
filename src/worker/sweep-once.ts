// One sweep by hand, to the end: what a worker's upkeep does by itself, for a store that no worker looks after now.
// Promises never to declare death by time, since a process that just started has witnessed nothing (CONTRACT rule 6);
// overdue tasks of living workers are only counted, for the same reason. Leaves deciding endings to core.

import { DEFAULTS } from '../core/limits.ts'
import type { Engine } from '../core/engine.ts'
import type { SweepReply } from '../core/hot-verbs.ts'
import type { News } from './news.ts'
import { rescue } from './rescue.ts'

const PAGE = 1_000

export interface SweepCounts {
  /** Tasks of dead workers found, and brought back of them. */
  readonly orphans: number
  readonly rescued: number
  /** Due tasks made ready. */
  readonly promoted: number
  readonly expired: number
  readonly purged: number
  /** Tasks of living workers past their deadline: left to workers. */
  readonly overdue: number
}

export interface SweepOncePorts {
  readonly engine: Engine
  /** Finished tasks kept at most. */
  readonly keepCount: number
  /** Bytes of payloads and results of finished tasks kept at most; null (default): no bound. */
  readonly keepBytes?: number | null
  readonly tell: (news: News) => void
  /** Leaves the rest for another time. */
  readonly signal?: AbortSignal
  /** 0 ≤ x < 1; for the jitter of waits. Default Math.random. */
  readonly random?: () => number
}

/** Rescues orphans of dead sessions, promotes, expires and purges until nothing is left to do. */
export async function sweepOnce(ports: SweepOncePorts): Promise<SweepCounts> {
  const counts = { orphans: 0, rescued: 0, promoted: 0, expired: 0, purged: 0, overdue: 0 }
  let full = true
  while (full && ports.signal?.aborted !== true) {
    const first = await sweep(ports, null)
    counts.promoted += first.promoted
    counts.expired += first.expired
    counts.purged += first.purged
    full = Math.max(first.promoted, first.expired, first.purged) >= PAGE
    const found = await rescueAll(ports, first)
    counts.rescued += found.rescued
    // Looked at anew in each round: what could not be brought back must not count twice.
    counts.orphans = Math.max(counts.orphans, counts.rescued + found.orphans - found.rescued)
    counts.overdue = found.overdue
  }
  return counts
}

async function rescueAll(
  ports: SweepOncePorts,
  first: SweepReply,
): Promise<Pick<SweepCounts, 'orphans' | 'rescued' | 'overdue'>> {
  const { engine, tell, random = Math.random } = ports
  const found = { orphans: 0, rescued: 0, overdue: 0 }
  for (let reply = first; ; reply = await sweep(ports, reply.cursor)) {
    found.orphans += reply.orphans.length
    found.overdue += reply.overdue.length
    // Nobody here has handlers: workers that know the type find the notice of a death.
    found.rescued += await rescue(
      { orphans: reply.orphans, overdue: [] },
      { engine, tell, random, silent: [] },
    )
    if (reply.cursor === null) return found
  }
}

function sweep(ports: SweepOncePorts, cursor: string | null): Promise<SweepReply> {
  const { engine, keepCount, keepBytes = DEFAULTS.keepBytes } = ports
  return engine.sweep({
    session: null,
    every: 0,
    declare: false,
    extend: false,
    grace: DEFAULTS.grace + Math.max(5_000, DEFAULTS.lease / 3),
    limit: PAGE,
    cursor,
    keepCount,
    keepBytes,
  })
}
