// The journal: append-only streams, read newest first.
// Promises that an entry keeps its place in its stream, so that a reader who pages misses nothing while others
// append. The attempts and log lines of tasks are in attempts.ts.

import type { JournalQuery } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { JournalEntry } from '../../core/record.ts'
import { cursorOf, numberFrom } from '../../core/cursor.ts'
import type { MemoryStore } from './store.ts'

export function append(store: MemoryStore, entries: readonly JournalEntry[]): void {
  for (const { stream, key, at, body } of entries) {
    const list = store.streams.get(stream) ?? []
    store.streams.set(stream, list)
    list.push({ number: store.drawEntryNumber(), entry: { stream, key, at, body } })
  }
}

export function read(
  store: MemoryStore,
  { stream, key, from, to, limit, cursor }: JournalQuery,
): { entries: JournalEntry[]; next: string | null } {
  const below = cursor === null ? Infinity : numberFrom(cursor)
  const found = (store.streams.get(stream) ?? [])
    .filter(
      ({ number, entry }) =>
        number < below &&
        (key === null || entry.key === key) &&
        (from === null || entry.at >= from) &&
        (to === null || entry.at < to),
    )
    .toReversed()
  const page = found.slice(0, Math.min(limit, LIMITS.page))
  const last = page.at(-1)
  return {
    entries: page.map((one) => one.entry),
    next: last !== undefined && found.length > page.length ? cursorOf([last.number]) : null,
  }
}

/** Drops at most `limit` entries that are older than `before`, oldest first; answers how many. */
export function prune(store: MemoryStore, stream: string, before: number, limit: number): number {
  const list = store.streams.get(stream) ?? []
  const old = new Set(list.filter(({ entry }) => entry.at < before).slice(0, limit))
  store.streams.set(
    stream,
    list.filter((one) => !old.has(one)),
  )
  return old.size
}
