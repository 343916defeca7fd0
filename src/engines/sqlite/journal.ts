// The journal: append-only streams, read newest first.
// Promises that an entry keeps its place in its stream, so that a reader who pages misses nothing while others
// append. The attempts and log lines of tasks are in attempts.ts.

import type { JournalQuery } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JournalEntry } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import type { Unit } from './unit.ts'
import type { View } from './view.ts'

const APPEND = 'INSERT INTO windlass_journal (stream, key, at, body) VALUES (?, ?, ?, ?)'
const READ = `SELECT n, stream, key, at, body FROM windlass_journal
  WHERE stream = ?1 AND n < ?2 AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4) ORDER BY n DESC LIMIT ?5`
const READ_KEY = `SELECT n, stream, key, at, body FROM windlass_journal WHERE stream = ?1 AND key = ?6
  AND n < ?2 AND (?3 IS NULL OR at >= ?3) AND (?4 IS NULL OR at < ?4) ORDER BY n DESC LIMIT ?5`
const PRUNE = `DELETE FROM windlass_journal WHERE n IN
  (SELECT n FROM windlass_journal WHERE stream = ? AND at < ? ORDER BY at, n LIMIT ?)`

export function appendEntries(unit: Unit, entries: readonly JournalEntry[]): void {
  for (const { stream, key, at, body } of entries) unit.connection.run(APPEND, stream, key, at, body)
}

export function readEntries(
  view: View,
  { stream, key, from, to, limit, cursor }: JournalQuery,
): { entries: JournalEntry[]; next: string | null } {
  const below = cursor === null ? Number.MAX_SAFE_INTEGER : Number(partsOf(cursor, ['number'])[0])
  const wanted = Math.min(limit, LIMITS.page)
  const range = [stream, below, from, to, wanted + 1] as const
  const rows =
    key === null ? view.connection.all(READ, ...range) : view.connection.all(READ_KEY, ...range, key)
  const page = rows.slice(0, wanted)
  const last = page.at(-1)
  return {
    entries: page.map(([, stream, key, at, body]) => ({
      stream: stream as string,
      key: key as string,
      at: at as number,
      body: body as string,
    })),
    next: last !== undefined && rows.length > page.length ? cursorOf([last[0] as number]) : null,
  }
}

/** Drops at most `limit` entries that are older than `before`; answers how many. */
export function pruneEntries(unit: Unit, stream: string, before: number, limit: number): number {
  return unit.connection.run(PRUNE, stream, before, limit)
}
