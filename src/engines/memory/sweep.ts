// The verb sweep: one bounded pass of upkeep (CONTRACT rules 6 and 10).
// It finds what nobody runs and hands it to the caller, who decides and settles; it expires, promotes and purges
// by itself. Promises that death by time is declared only where the caller may, and never after a clock jump.

import { NOT_ITS_TURN } from '../../core/no-turn.ts'
import type { Orphan, SweepReply, SweepRequest } from '../../core/hot-verbs.ts'
import { countOverBytes, measuresOf, type MeasuredHistory } from '../../core/kept-bytes.ts'
import { DEFAULTS } from '../../core/limits.ts'
import type { TaskRecord } from '../../core/record.ts'
import { compareBytes } from './byte-order.ts'
import { cursorOf, partsOf } from '../../core/cursor.ts'
import { bury, cancelWaiting } from './endings.ts'
import { promote } from './promote.ts'
import type { Row } from './row.ts'
import { declareDead } from './sessions.ts'
import { keptUntil, type MemoryStore } from './store.ts'

export function sweep(store: MemoryStore, request: SweepRequest): SweepReply {
  if (request.cursor === null && !takeTurn(store, request.every)) return NOT_ITS_TURN
  if (request.extend) extendLeases(store)
  const mayDeclare = request.declare && !request.extend && request.session !== null
  return {
    turn: true,
    declaredDead: mayDeclare ? declareExpired(store) : [],
    ...findStranded(store, request),
    expired: expireWaiting(store, request.limit),
    promoted: promoteDue(store, request.limit),
    purged: dropOld(store, request),
  }
}

function takeTurn(store: MemoryStore, every: number): boolean {
  if (store.lastSweep !== null && store.now - store.lastSweep < every) return false
  store.lastSweep = store.now
  return true
}

function extendLeases(store: MemoryStore): void {
  for (const session of store.sessions.values()) {
    if (session.state === 'live') {
      store.sessions.set(session.id, { ...session, expiresAt: store.now + session.lease })
    }
  }
}

function declareExpired(store: MemoryStore): string[] {
  const expired = [...store.sessions.values()].filter(
    (session) => session.state === 'live' && session.expiresAt <= store.now,
  )
  for (const session of expired) declareDead(store, session, 'expired', null)
  return expired.map((session) => session.id)
}

/** A page of orphans and overdue tasks in the order of their ids, so that settling some moves no other. */
function findStranded(
  store: MemoryStore,
  { cursor, limit, grace }: SweepRequest,
): Pick<SweepReply, 'orphans' | 'overdue' | 'cursor'> {
  const after = cursor === null ? '' : String(partsOf(cursor, ['string'])[0])
  const stranded = [...store.running]
    .flatMap(([session, rows]) => {
      const live = store.isLive(session)
      return [...rows].filter(({ task }) => !live || isOverdue(task, store.now, grace))
    })
    .map((row) => row.task)
    .filter((task) => compareBytes(task.id, after) > 0)
    .toSorted((left, right) => compareBytes(left.id, right.id))
  const page = stranded.slice(0, limit)
  const last = page.at(-1)
  return {
    orphans: page.filter((task) => !store.isLive(task.session ?? '')).map((task) => orphanOf(store, task)),
    overdue: page.filter((task) => store.isLive(task.session ?? '')),
    cursor: last !== undefined && stranded.length > page.length ? cursorOf([last.id]) : null,
  }
}

function isOverdue(task: TaskRecord, now: number, grace: number): boolean {
  return task.deadlineAt !== null && task.deadlineAt + grace <= now
}

function orphanOf(store: MemoryStore, task: TaskRecord): Orphan {
  const session = store.sessions.get(task.session ?? '')
  return { task, cause: session?.cause ?? 'missing', culprits: session?.culprits ?? null }
}

function expireWaiting(store: MemoryStore, limit: number): number {
  const rows = store.expiring.head(limit, ({ task }) => (task.expiresAt ?? Infinity) <= store.now)
  for (const row of rows) cancelWaiting(store, row, 'expired', 'expire')
  return rows.length
}

function promoteDue(store: MemoryStore, limit: number): number {
  const open = [...store.lanes.values()].filter((lane) => !store.isPaused(lane.queue))
  return promote(store, open, limit, limit)
}

/** Drops what is past its time; answers how many tasks were purged. */
function dropOld(store: MemoryStore, request: SweepRequest): number {
  const { limit } = request
  const purged = purgeFinished(store, request)
  const buried = [...store.tombstones].filter(([, stone]) => stone.until <= store.now)
  for (const [id] of buried.slice(0, limit)) store.tombstones.delete(id)
  const forgotten = [...store.sessions.values()].filter(
    ({ id, endedAt }) =>
      endedAt !== null && endedAt + DEFAULTS.keepSessions < store.now && !store.running.has(id),
  )
  for (const { id } of forgotten.slice(0, limit)) store.sessions.delete(id)
  store.changes.trim()
  return purged
}

function purgeFinished(store: MemoryStore, { limit, keepCount, keepBytes }: SweepRequest): number {
  const old = store.retained.head(limit, ({ task }) => keptUntil(task) <= store.now)
  for (const row of old) bury(store, row)
  const overBytes = keepBytes === null ? 0 : countOverBytes(measure(store), keepBytes)
  const over = Math.min(limit - old.length, Math.max(store.finished.size - keepCount, overBytes))
  const oldest = over > 0 ? store.finished.head(over, () => true) : []
  for (const row of oldest) bury(store, row)
  return old.length + oldest.length
}

function measure({ finished }: MemoryStore): MeasuredHistory {
  const most = measuresOf(finished.size)
  const newest: number[] = []
  for (const row of finished.falling(null)) {
    if (newest.length >= most.newest) break
    newest.push(bytesOf(row))
  }
  return { count: finished.size, oldest: finished.head(most.oldest, () => true).map(bytesOf), newest }
}

function bytesOf({ task }: Row): number {
  return Buffer.byteLength(task.payload) + Buffer.byteLength(task.result ?? '')
}
