// Takes the figures of one check from the store. Promises a handful of queries however much is in it, the same on every
// engine, and that a figure which cannot be taken is told as missing and keeps no other from being taken.

import type { AlertRules } from '../core/alert-rules.ts'
import { WindlassError } from '../core/errors.ts'
import type { Engine } from '../core/engine.ts'
import { LIMITS } from '../core/limits.ts'
import type { JournalEntry } from '../core/record.ts'
import { readRollup, ROLLUP_STREAM, type Rollup } from '../core/rollup.ts'
import { maskSecrets } from '../core/secrets.ts'
import type { Figure, Figures } from './alert-words.ts'
import { readReport } from './upkeep.ts'

/** Pages of roll-ups that are read: half an hour of 250 busy workers. */
const PAGES = 16
const NOTHING: Rollup = { succeeded: 0, dead: 0 }

/**
 * Measures what the rules ask for.
 * @param now engine time
 */
export async function takeFigures(engine: Engine, rules: AlertRules, now: number): Promise<Figures> {
  const { successRate, dead, backlog, workers, waiting, unserved, stuck } = rules
  const counted = successRate ?? dead ?? backlog ?? waiting ?? (unserved || null)
  const { records } = engine
  const [queues, live, ended, rate, upkeep] = await Promise.all([
    take(counted, [], () => records.stats(null)),
    take(workers ?? (unserved || null), [], async () =>
      (await records.sessions({ state: 'live', host: null })).filter(({ expiresAt }) => expiresAt >= now),
    ),
    take(workers?.died ?? null, [], () => records.sessions({ state: 'dead', host: null })),
    take(successRate, NOTHING, () => countEnded(engine, now - (successRate?.window ?? 0))),
    take(stuck || null, null, () => readReport(engine)),
  ])
  return { queues, live, ended, rate, upkeep }
}

/** The figure; `none` where no rule wants it. */
async function take<T>(wanted: unknown, none: T, measure: () => Promise<T>): Promise<Figure<T>> {
  if (wanted === null) return { value: none }
  try {
    return { value: await measure() }
  } catch (error) {
    return { missing: wordsOf(error) }
  }
}

/** What of an error may be told to others. */
export function wordsOf(error: unknown): string {
  const words = error instanceof WindlassError ? error.message : 'an unexpected error'
  return maskSecrets(words).slice(0, 300)
}

/** Newest first until they are older: asking the store for a time would make it look through the whole stream. */
async function countEnded(engine: Engine, from: number): Promise<Rollup> {
  let [succeeded, dead] = [0, 0]
  let cursor: string | null = null
  for (let page = 0; page < PAGES; page++) {
    const query = { stream: ROLLUP_STREAM, key: null, from: null, to: null, limit: LIMITS.page, cursor }
    const found: { readonly entries: readonly JournalEntry[]; readonly next: string | null } =
      await engine.journal.read(query)
    for (const { at, body } of found.entries) {
      if (at < from) return { succeeded, dead }
      const rollup = readRollup(body)
      succeeded += rollup.succeeded
      dead += rollup.dead
    }
    cursor = found.next
    if (cursor === null) break
  }
  return { succeeded, dead }
}
