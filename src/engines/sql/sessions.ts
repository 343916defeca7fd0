// The verbs of sessions: start, heartbeat, end (CONTRACT rules 1 and 3).
// Promises that death is one step for ever, and that a heartbeat never revives: each change is one statement whose
// condition is that the session lives. Declaring death by time is the sweep's part.

import { compareHeld, heldHash, type RunningRow } from '../../core/held.ts'
import type { Beat, BeatReply, Held, NewSession, SessionEnd } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import type { DeathCause, SessionRecord } from '../../core/record.ts'
import type { SqlSession, SqlUnit, Value } from './session.ts'
import type { Row } from './task-row.ts'

const FIND = 'SELECT n, live FROM @sessions WHERE id = ?'
const INSERT_WORKER = 'INSERT INTO @workers (session, name, started_at) VALUES (?, ?, ?)'
const WORKER = 'SELECT n FROM @workers WHERE session = ?'
const INSERT = `INSERT INTO @sessions (n, id, name, queues, types, concurrency, lease, host, boot_id, pid_space, pid,
  start_time, live, started_at, seen_at, expires_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ?)`
const RENEW = `UPDATE @sessions SET expires_at = ? + lease, beat = beat + 1, seen_at = ?, draining = ?
  WHERE id = ? AND live = 1`
const END = 'UPDATE @sessions SET live = 0, cause = ?, culprits = ?, ended_at = ? WHERE id = ? AND live = 1'
const HELD = `SELECT id, claim, attempt, started_at, cancel_at FROM @tasks WHERE state = 2 AND session = ?`
const PAUSED = 'SELECT queue FROM @paused ORDER BY queue'
const COLUMNS = `id, name, queues, types, concurrency, lease, host, boot_id, pid_space, pid, start_time, live, cause,
  culprits, draining, beat, started_at, seen_at, expires_at, ended_at`

/** Starts sessions whose ids are free. */
export async function startSessions(
  unit: SqlUnit,
  sessions: readonly NewSession[],
): Promise<('started' | 'exists')[]> {
  const replies: ('started' | 'exists')[] = []
  for (const session of sessions) {
    const [known] = await unit.all(FIND, [session.id])
    if (known === undefined) await insertSession(unit, session)
    replies.push(known === undefined ? 'started' : 'exists')
  }
  return replies
}

async function insertSession(unit: SqlUnit, session: NewSession): Promise<void> {
  const { id, name, queues, types, concurrency, lease, host, bootId, pidSpace, pid, startTime } = session
  const { now } = unit
  // A session that a restored store has forgotten may still be known as a worker.
  let [worker] = await unit.all(WORKER, [id])
  if (worker === undefined) {
    await unit.run(INSERT_WORKER, [id, name, now])
    ;[worker] = await unit.all(WORKER, [id])
  }
  const list = queues === null ? null : JSON.stringify(queues)
  const identity: Value[] = [host, bootId, pidSpace, pid, startTime]
  const n = Number(worker?.[0])
  const own: Value[] = [n, id, name, list, JSON.stringify(types), concurrency, lease]
  await unit.run(INSERT, [...own, ...identity, now, now, now + lease])
}

/** Renews the leases of those beats that ask for it, of living sessions only. */
export async function renewLeases(session: SqlSession, beats: readonly Beat[]): Promise<void> {
  for (const beat of beats) {
    if (!beat.renew) continue
    await session.run(RENEW, [session.now, session.now, beat.draining ? 1 : 0, beat.session])
  }
}

/**
 * The answers to beats as the store stands.
 * @param dueIn wait for the next scheduled task, in ms
 * @param held the statement that lists what a session runs, where the server has to be told the way
 */
export async function answerBeats(
  session: SqlSession,
  beats: readonly Beat[],
  dueIn: number | null,
  held: string = HELD,
): Promise<BeatReply[]> {
  const paused = (await session.all(PAUSED, [])).map(([queue]) => queue as string)
  const replies: BeatReply[] = []
  for (const beat of beats) {
    const common = { now: session.now, paused, nextDueIn: dueIn, mismatch: false }
    const [known] = await session.all(FIND, [beat.session])
    if (known === undefined || known[1] !== 1) {
      replies.push({ ...common, status: 'gone', lost: [], unclaimed: [], cancels: [] })
    } else {
      const rows = await session.all(held, [known[0] as number])
      replies.push({ ...common, status: 'live', ...reconcile(beat, rows, session.now) })
    }
  }
  return replies
}

function reconcile(
  beat: Beat,
  rows: readonly Row[],
  now: number,
): Pick<BeatReply, 'mismatch' | 'lost' | 'unclaimed' | 'cancels'> {
  const running = rows.map((row): RunningRow => ({ ...heldOf(row), startedAt: row[3] as number }))
  const cancels = rows.filter((row) => row[4] !== null).map(heldOf)
  const { count, hash, list } = beat.held
  if (list === null) {
    const mismatch = count !== running.length || hash !== heldHash(running)
    return { mismatch, lost: [], unclaimed: [], cancels }
  }
  return { mismatch: false, ...compareHeld(list, running, now - beat.unclaimedAfter), cancels }
}

function heldOf(row: Row): Held {
  return { id: row[0] as string, claim: claimToken(row[1] as string, row[2] as number) }
}

/** The one step from live to dead. */
export async function endSessions(
  unit: SqlUnit,
  ends: readonly SessionEnd[],
): Promise<('ended' | 'already' | 'absent')[]> {
  const replies: ('ended' | 'already' | 'absent')[] = []
  for (const { session, cause, culprits } of ends) {
    const list = culprits === null ? null : JSON.stringify(culprits)
    const ended = await unit.run(END, [cause, list, unit.now, session])
    if (ended > 0) {
      unit.hints.noteAny()
      replies.push('ended')
      continue
    }
    const [known] = await unit.all(FIND, [session])
    replies.push(known === undefined ? 'absent' : 'already')
  }
  return replies
}

/** All sessions, or those in a state or on a host. */
export async function listSessions(
  session: SqlSession,
  { state, host }: { readonly state: 'live' | 'dead' | null; readonly host: string | null },
): Promise<SessionRecord[]> {
  const conditions = [...(state === null ? [] : ['live = ?']), ...(host === null ? [] : ['host = ?'])]
  const params = [...(state === null ? [] : [state === 'live' ? 1 : 0]), ...(host === null ? [] : [host])]
  const where = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
  const rows = await session.all(`SELECT ${COLUMNS} FROM @sessions ${where} ORDER BY n`, params)
  return rows.map(sessionOf)
}

function sessionOf(row: Row): SessionRecord {
  return {
    id: row[0] as string,
    name: row[1] as string,
    queues: row[2] === null ? null : (JSON.parse(row[2] as string) as string[]),
    types: JSON.parse(row[3] as string) as string[],
    concurrency: row[4] as number,
    lease: row[5] as number,
    host: row[6] as string,
    bootId: row[7] as string,
    pidSpace: row[8] as string,
    pid: row[9] as number,
    startTime: row[10] as string,
    state: row[11] === 1 ? 'live' : 'dead',
    cause: row[12] as DeathCause | null,
    culprits: row[13] === null ? null : (JSON.parse(row[13] as string) as string[]),
    draining: row[14] === 1,
    beat: row[15] as number,
    startedAt: row[16] as number,
    seenAt: row[17] as number,
    expiresAt: row[18] as number,
    endedAt: row[19] as number | null,
  }
}
