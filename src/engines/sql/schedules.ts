// Schedules: small versioned records with compare-and-set, and the firing of ticks.
// Promises that nothing is replaced or removed whose version the caller has not seen, and that a tick fires once.

import type { Firing, PutReply, RemoveReply, SchedulePut } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import type { ScheduleRecord } from '../../core/record.ts'
import type { SqlSession, SqlUnit } from './session.ts'
import type { Row } from './task-row.ts'

const COLUMNS = 'name, version, body, paused, due_at, last_fired_at, updated_at'
const GET = `SELECT ${COLUMNS} FROM @schedules WHERE name = ? FOR UPDATE`
const LIST = `SELECT ${COLUMNS} FROM @schedules ORDER BY name`
const DUE = `SELECT ${COLUMNS} FROM @schedules WHERE paused = 0 AND due_at <= ? ORDER BY due_at, name LIMIT ?`
const INSERT = `INSERT INTO @schedules (version, body, paused, due_at, updated_at, name) VALUES (?, ?, ?, ?, ?, ?)`
// A changed rule has still fired when it did: catching up of missed ticks counts from there.
const UPDATE =
  'UPDATE @schedules SET version = ?, body = ?, paused = ?, due_at = ?, updated_at = ? WHERE name = ?'
const REMOVE = 'DELETE FROM @schedules WHERE name = ?'
const FIRE = 'UPDATE @schedules SET due_at = ?, last_fired_at = ? WHERE name = ?'

/** Creates or replaces schedules whose version the caller has seen. */
export async function putSchedules(unit: SqlUnit, items: readonly SchedulePut[]): Promise<PutReply[]> {
  const replies: PutReply[] = []
  for (const { name, version, body, paused, dueAt } of items) {
    const [row] = await unit.all(GET, [name])
    const standing = row === undefined ? 0 : (row[1] as number)
    if (version !== standing) {
      replies.push({ status: 'conflict', version: standing })
      continue
    }
    const next = standing + 1
    await unit.run(standing === 0 ? INSERT : UPDATE, [next, body, paused ? 1 : 0, dueAt, unit.now, name])
    replies.push({ status: 'put', version: next })
  }
  return replies
}

/** In the order of their names; names that do not exist are left out. */
export async function listSchedules(
  session: SqlSession,
  names: readonly string[] | null,
): Promise<ScheduleRecord[]> {
  const all = (await session.all(LIST, [])).map(scheduleOf)
  return names === null ? all : all.filter(({ name }) => names.includes(name))
}

/** Removes schedules whose version the caller has seen. */
export async function removeSchedules(
  unit: SqlUnit,
  items: readonly { readonly name: string; readonly version: number }[],
): Promise<RemoveReply[]> {
  const replies: RemoveReply[] = []
  for (const { name, version } of items) {
    const [row] = await unit.all(GET, [name])
    if (row === undefined) replies.push({ status: 'not_found' })
    else if (row[1] !== version) replies.push({ status: 'conflict' })
    else {
      await unit.run(REMOVE, [name])
      replies.push({ status: 'removed' })
    }
  }
  return replies
}

/** Schedules that are due, earliest first. */
export async function dueSchedules(
  session: SqlSession,
  limit: number,
): Promise<{ now: number; schedules: ScheduleRecord[] }> {
  const rows = await session.all(DUE, [session.now, Math.min(limit, LIMITS.page)])
  return { now: session.now, schedules: rows.map(scheduleOf) }
}

/** Takes the ticks whose schedule still stands as it was read; answers which. */
export async function takeTicks(unit: SqlUnit, items: readonly Firing[]): Promise<boolean[]> {
  const taken: boolean[] = []
  for (const { name, version, dueAt, nextDueAt } of items) {
    const [row] = await unit.all(GET, [name])
    const stands = row !== undefined && row[1] === version && row[4] === dueAt && row[3] === 0
    if (stands) await unit.run(FIRE, [nextDueAt, unit.now, name])
    taken.push(stands)
  }
  return taken
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
