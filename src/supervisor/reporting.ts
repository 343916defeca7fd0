// What a worker tells its supervisor while it works: that it is ready, with its session, and once a second how it is.
// Promises that a supervisor always knows the session that a death would have to end. Leaves the way there to
// worker-link.ts.

import type { OutcomeKind } from '../core/record.ts'
import type { WorkerStatus } from '../worker/status.ts'
import { VitalsMeter } from './vitals.ts'
import type { WorkerLink } from './worker-link.ts'

/** How often the session is compared with what was told; this timer keeps the process alive, too. */
const LOOK = 250
/** Every so many looks the vitals are told. */
const VITALS = 4

/** Handed back or taken away is not ended. */
const NOT_FINISHED: ReadonlySet<string> = new Set<OutcomeKind>(['release', 'loss', 'crash', 'expire'])

/**
 * Keeps this process alive and its supervisor, if there is one, informed.
 * @returns ends that
 */
export function reportWork(link: WorkerLink | null, status: () => WorkerStatus | null): () => void {
  const meter = link === null ? null : new VitalsMeter()
  let told: string | null = null
  let looks = 0
  const look = (): void => {
    const now = status()
    if (now === null || link === null || meter === null) return
    if (now.session !== null && now.session !== told) {
      told = now.session
      link.tell({ session: told, ready: true })
    }
    if (looks++ % VITALS === 0) link.tell({ vitals: meter.read(workOf(now)) })
  }
  look()
  const looking = setInterval(look, LOOK)
  return () => {
    clearInterval(looking)
    meter?.close()
  }
}

function workOf({ running, counters }: WorkerStatus): { running: number; finished: number } {
  const finished = Object.entries(counters.settled).reduce(
    (sum, [kind, count]) => (NOT_FINISHED.has(kind) ? sum : sum + count),
    0,
  )
  return { running: running.length, finished }
}
