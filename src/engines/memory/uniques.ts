// Unique keys: records of their own (key → task, until), as CONTRACT rule 17 says.
// Promises that a key is freed only by the task that holds it, and that one with an end lapses exactly then.

import type { MemoryStore } from './store.ts'
import type { Row } from './row.ts'

/** The task that holds `key` now, or null. */
export function holderOf(store: MemoryStore, key: string): Row | null {
  const held = store.uniques.get(key)
  if (held === undefined || (held.until !== null && held.until <= store.now)) return null
  return store.tasks.get(held.id) ?? null
}

export function takeKey(store: MemoryStore, row: Row): void {
  const { id, uniqueKey, uniqueUntil } = row.task
  if (uniqueKey !== null) store.uniques.set(uniqueKey, { id, until: uniqueUntil })
}

/** Frees the key of a task that became final: not one that holds for a time. */
export function freeKeyAtEnd(store: MemoryStore, row: Row): void {
  if (row.task.uniqueUntil === null) freeKey(store, row)
}

/** Frees the key of a task that goes away, whatever it was held for. */
export function freeKey(store: MemoryStore, row: Row): void {
  const { id, uniqueKey } = row.task
  // Its time may have lapsed and another task may hold the key since.
  if (uniqueKey !== null && store.uniques.get(uniqueKey)?.id === id) store.uniques.delete(uniqueKey)
}
