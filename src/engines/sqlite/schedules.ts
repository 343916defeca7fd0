// Schedules: small versioned records with compare-and-set, and the firing of ticks.
// Promises that nothing is replaced or removed whose version the caller has not seen, and that a tick fires once.

import type { Firing, PutReply, RemoveReply, SchedulePut } from '../../core/cold-verbs.ts'
import type { EnqueueReply } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ScheduleRecord } from '../../core/record.ts'
import type { Row } from './connection.ts'
import { enqueue } from './enqueue.ts'
import { appendEntries } from './journal.ts'
import type { Unit } from './unit.ts'
import type { View } from './view.ts'

const COLUMNS = 'name, version, body, paused, due_at, last_fired_at, updated_at'
const GET = `SELECT ${COLUMNS} FROM windlass_schedules WHERE name = ?`
const LIST = `SELECT ${COLUMNS} FROM windlass_schedules ORDER BY name`
const DUE = `SELECT ${COLUMNS} FROM windlass_schedules WHERE paused = 0 AND due_at <= ? ORDER BY due_at, name LIMIT ?`
// A changed rule has still fired when it did: catching up of missed ticks counts from there.
const PUT = `INSERT INTO windlass_schedules (name, version, body, paused, due_at, last_fired_at, updated_at)
  VALUES (?, ?, ?, ?, ?, NULL, ?) ON CONFLICT (name) DO UPDATE SET version = excluded.version, body = excluded.body,
  paused = excluded.paused, due_at = excluded.due_at, updated_at = excluded.updated_at`
const REMOVE = 'DELETE FROM windlass_schedules WHERE name = ?'
const FIRE = 'UPDATE windlass_schedules SET due_at = ?, last_fired_at = ? WHERE name = ?'

export function putSchedules(unit: Unit, items: readonly SchedulePut[]): PutReply[] {
  return items.map(({ name, version, body, paused, dueAt }) => {
    const standing = (unit.connection.get(GET, name)?.[1] as number | undefined) ?? 0
    if (version !== standing) return { status: 'conflict', version: standing }
    unit.connection.run(PUT, name, standing + 1, body, paused ? 1 : 0, dueAt, unit.now)
    return { status: 'put', version: standing + 1 }
  })
}

export function listSchedules(view: View, names: readonly string[] | null): ScheduleRecord[] {
  const all = view.connection.all(LIST).map(scheduleOf)
  return names === null ? all : all.filter(({ name }) => names.includes(name))
}

export function removeSchedules(
  unit: Unit,
  items: readonly { readonly name: string; readonly version: number }[],
): RemoveReply[] {
  return items.map(({ name, version }) => {
    const row = unit.connection.get(GET, name)
    if (row === undefined) return { status: 'not_found' }
    if (row[1] !== version) return { status: 'conflict' }
    unit.connection.run(REMOVE, name)
    return { status: 'removed' }
  })
}

export function dueSchedules(view: View, limit: number): { now: number; schedules: ScheduleRecord[] } {
  const rows = view.connection.all(DUE, view.now, Math.min(limit, LIMITS.page))
  return { now: view.now, schedules: rows.map(scheduleOf) }
}

/** Fires ticks whose schedule still stands as it was read. */
export function fireSchedules(
  unit: Unit,
  items: readonly Firing[],
): { status: 'fired' | 'stale'; tasks: EnqueueReply[] }[] {
  return items.map(({ name, version, dueAt, nextDueAt, tasks, journal }) => {
    const row = unit.connection.get(GET, name)
    const stands = row !== undefined && row[1] === version && row[4] === dueAt && row[3] === 0
    if (!stands) return { status: 'stale', tasks: [] }
    unit.connection.run(FIRE, nextDueAt, unit.now, name)
    appendEntries(unit, journal)
    return { status: 'fired', tasks: enqueue(unit, tasks) }
  })
}

function scheduleOf(row: Row): ScheduleRecord {
  return {
    name: row[0] as string,
    version: row[1] as number,
    body: row[2] as string,
    paused: row[3] === 1,
    dueAt: row[4] as number | null,
    lastFiredAt: row[5] as number | null,
    updatedAt: row[6] as number,
  }
}
