// The job of `windlass.upkeep`: sweeps the store, so that it is looked after while no worker lives, too, drops what the
// journal keeps too long, and reports what it found and could not mend. How a store is swept is given to it.

import type { Log } from '../base/log.ts'
import type { Engine } from '../core/engine.ts'
import { LIMITS } from '../core/limits.ts'
import type { UpkeepReport } from './alert-words.ts'

/** What one sweep came to; the names are those of `windlass sweep`. */
export interface SweepCounts {
  readonly orphans: number
  readonly rescued: number
  readonly promoted: number
  readonly expired: number
  readonly purged: number
  readonly overdue: number
}

export interface UpkeepPorts {
  readonly engine: Engine
  readonly log: Log
  /** Between two runs, in ms. */
  readonly every: number
  readonly sweep: (signal: AbortSignal) => Promise<SweepCounts>
}

/** Alerts that were told are kept for this long, in ms. */
const ALERT_KEEP = 30 * 86_400_000
/** The history of alerts is this stream of the journal; its keys are names of alerts. */
export const ALERT_STREAM = 'alert'
const PRUNE_ROUNDS = 100
const REPORT = { kind: 'upkeep', key: 'report' }

/** One run of the upkeep. @throws what the store says */
export async function keepUp({ engine, log, every, sweep }: UpkeepPorts, signal: AbortSignal): Promise<void> {
  const counts = await sweep(signal)
  if (counts.rescued + counts.expired > 0) log.info('upkeep of the store', { ...counts })
  const now = await engine.now()
  await prune(engine, ALERT_STREAM, now - ALERT_KEEP)
  const stuck = Math.max(0, counts.orphans - counts.rescued) + counts.overdue
  const report: UpkeepReport = { at: now, every, stuck }
  const [standing = null] = await engine.documents.get([REPORT])
  // After a conflict there is a newer one.
  await engine.documents.put([{ ...REPORT, version: standing?.version ?? 0, body: JSON.stringify(report) }])
}

/** The newest report; null: there is none that this version can read. */
export async function readReport(engine: Engine): Promise<UpkeepReport | null> {
  const [document = null] = await engine.documents.get([REPORT])
  if (document === null) return null
  try {
    const { at, every, stuck } = JSON.parse(document.body) as Partial<UpkeepReport>
    if (typeof at === 'number' && typeof every === 'number' && typeof stuck === 'number')
      return { at, every, stuck }
  } catch {
    // No JSON: of another version.
  }
  return null
}

async function prune(engine: Engine, stream: string, before: number): Promise<void> {
  for (let round = 0; round < PRUNE_ROUNDS; round++)
    if ((await engine.journal.prune(stream, before, LIMITS.page)) < LIMITS.page) return
}
