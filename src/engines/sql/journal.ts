// The journal: append-only streams, read newest first.
// Promises that an entry keeps its place in its stream, so that a reader who pages misses nothing while others
// append. The attempts and log lines of tasks are in attempts.ts.

import type { JournalQuery } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JournalEntry } from '../../core/record.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import type { SqlSession, Value } from './session.ts'

const APPEND = 'INSERT INTO @journal (stream, key, at, body) VALUES '
const PRUNE = `DELETE FROM @journal WHERE n IN
  (SELECT n FROM (SELECT n FROM @journal WHERE stream = ? AND at < ? ORDER BY at, n LIMIT ?) AS old)`
/** Entries written by one statement. */
const CHUNK = 500

/** Appends entries in their order. */
export async function appendEntries(session: SqlSession, entries: readonly JournalEntry[]): Promise<void> {
  for (let i = 0; i < entries.length; i += CHUNK) {
    const chunk = entries.slice(i, i + CHUNK)
    const values = chunk.flatMap(({ stream, key, at, body }): Value[] => [stream, key, at, body])
    await session.run(APPEND + chunk.map(() => '(?, ?, ?, ?)').join(', '), values)
  }
}

/** A page of a stream. */
export async function readEntries(
  session: SqlSession,
  { stream, key, from, to, limit, cursor }: JournalQuery,
): Promise<{ entries: JournalEntry[]; next: string | null }> {
  const below = cursor === null ? null : Number(partsOf(cursor, ['number'])[0])
  const wanted = Math.min(limit, LIMITS.page)
  const bounds: readonly [string, Value][] = [
    ['key = ?', key],
    ['n < ?', below],
    ['at >= ?', from],
    ['at < ?', to],
  ]
  const used = bounds.filter(([, value]) => value !== null)
  const where = used.map(([text]) => ` AND ${text}`).join('')
  const rows = await session.all(
    `SELECT n, stream, key, at, body FROM @journal WHERE stream = ?${where} ORDER BY n DESC LIMIT ?`,
    [stream, ...used.map(([, value]) => value), wanted + 1],
  )
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
export function pruneEntries(
  session: SqlSession,
  stream: string,
  before: number,
  limit: number,
): Promise<number> {
  return session.run(PRUNE, [stream, before, limit])
}
