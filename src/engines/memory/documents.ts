// Documents and schedules: small versioned records with compare-and-set, and the firing of ticks.
// Promises that nothing is replaced or removed whose version the caller has not seen, and that a tick fires once.

import type { DocumentPut, Firing, PutReply, RemoveReply, SchedulePut } from '../../core/cold-verbs.ts'
import type { EnqueueReply } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import type { DocumentRecord, ScheduleRecord } from '../../core/record.ts'
import { compareBytes } from './byte-order.ts'
import { enqueue } from './enqueue.ts'
import { append } from './journal.ts'
import type { MemoryStore } from './store.ts'

/** Puts what `make` gives for the next version, if `version` is the standing one (0: none). */
function putVersion<R extends { readonly version: number }>(
  map: Map<string, R>,
  key: string,
  version: number,
  make: (version: number, standing: R | undefined) => R,
): PutReply {
  const standing = map.get(key)
  const current = standing?.version ?? 0
  if (version !== current) return { status: 'conflict', version: current }
  map.set(key, make(current + 1, standing))
  return { status: 'put', version: current + 1 }
}

function removeVersion(
  map: Map<string, { readonly version: number }> | undefined,
  key: string,
  version: number,
): RemoveReply {
  const standing = map?.get(key)
  if (standing === undefined) return { status: 'not_found' }
  if (standing.version !== version) return { status: 'conflict' }
  map?.delete(key)
  return { status: 'removed' }
}

// ── documents ───────────────────────────────────────────────────────────────────────────────────────────────

type DocumentKey = { readonly kind: string; readonly key: string }

export function getDocuments(store: MemoryStore, keys: readonly DocumentKey[]): (DocumentRecord | null)[] {
  return keys.map(({ kind, key }) => store.documents.get(kind)?.get(key) ?? null)
}

/** In the order of their keys, after the key `after`. */
export function listDocuments(
  store: MemoryStore,
  kind: string,
  after: string | null,
  limit: number,
): DocumentRecord[] {
  return [...(store.documents.get(kind)?.values() ?? [])]
    .filter(({ key }) => after === null || compareBytes(key, after) > 0)
    .toSorted((left, right) => compareBytes(left.key, right.key))
    .slice(0, Math.min(limit, LIMITS.page))
}

export function putDocuments(store: MemoryStore, items: readonly DocumentPut[]): PutReply[] {
  return items.map(({ kind, key, version, body }) => {
    const map = store.documents.get(kind) ?? new Map<string, DocumentRecord>()
    store.documents.set(kind, map)
    noteSettings(store, kind, key)
    const updatedAt = store.now
    return putVersion(map, key, version, (next) => ({ kind, key, version: next, body, updatedAt }))
  })
}

export function removeDocuments(
  store: MemoryStore,
  items: readonly (DocumentKey & { readonly version: number })[],
): RemoveReply[] {
  return items.map(({ kind, key, version }) => {
    noteSettings(store, kind, key)
    return removeVersion(store.documents.get(kind), key, version)
  })
}

/** A queue that is paused no more has work at once. */
function noteSettings(store: MemoryStore, kind: string, key: string): void {
  if (kind === QUEUE_DOCUMENT) store.hints.note('work', key)
}

// ── schedules ───────────────────────────────────────────────────────────────────────────────────────────────

export function putSchedules(store: MemoryStore, items: readonly SchedulePut[]): PutReply[] {
  return items.map(({ name, version, body, paused, dueAt }) =>
    putVersion(store.schedules, name, version, (next, standing) => ({
      name,
      version: next,
      body,
      paused,
      dueAt,
      // A changed rule has still fired when it did: catching up of missed ticks counts from there.
      lastFiredAt: standing?.lastFiredAt ?? null,
      updatedAt: store.now,
    })),
  )
}

/** In the order of their names; names that do not exist are left out. */
export function listSchedules(store: MemoryStore, names: readonly string[] | null): ScheduleRecord[] {
  return [...store.schedules.values()]
    .filter(({ name }) => names === null || names.includes(name))
    .toSorted((left, right) => compareBytes(left.name, right.name))
}

export function removeSchedules(
  store: MemoryStore,
  items: readonly { readonly name: string; readonly version: number }[],
): RemoveReply[] {
  return items.map(({ name, version }) => removeVersion(store.schedules, name, version))
}

export function dueSchedules(
  store: MemoryStore,
  limit: number,
): { now: number; schedules: ScheduleRecord[] } {
  const schedules = [...store.schedules.values()]
    .filter(({ paused, dueAt }) => !paused && dueAt !== null && dueAt <= store.now)
    .toSorted((left, right) => (left.dueAt ?? 0) - (right.dueAt ?? 0) || compareBytes(left.name, right.name))
    .slice(0, Math.min(limit, LIMITS.page))
  return { now: store.now, schedules }
}

/** Fires ticks whose schedule still stands as it was read. */
export function fire(
  store: MemoryStore,
  items: readonly Firing[],
): { status: 'fired' | 'stale'; tasks: EnqueueReply[] }[] {
  return items.map(({ name, version, dueAt, nextDueAt, tasks, journal }) => {
    const schedule = store.schedules.get(name)
    const stands =
      schedule !== undefined && schedule.version === version && schedule.dueAt === dueAt && !schedule.paused
    if (!stands) return { status: 'stale', tasks: [] }
    store.schedules.set(name, { ...schedule, dueAt: nextDueAt, lastFiredAt: store.now })
    append(store, journal)
    return { status: 'fired', tasks: enqueue(store, tasks) }
  })
}
