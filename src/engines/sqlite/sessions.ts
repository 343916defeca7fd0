// The verbs of sessions: start, heartbeat, end (CONTRACT rules 1 and 3).
// Promises that death is one step for ever, and that a heartbeat never revives. Declaring death by time is the
// sweep's part.

import { compareHeld, heldHash, type RunningRow } from '../../core/held.ts'
import type { Beat, BeatReply, Held, NewSession, SessionEnd } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import type { DeathCause, SessionRecord } from '../../core/record.ts'
import type { Row } from './connection.ts'
import { nextDueIn, openQueues } from './queues.ts'
import type { Unit } from './unit.ts'
import type { View } from './view.ts'

const INSERT_WORKER =
  'INSERT INTO windlass_workers (session, name, started_at) VALUES (?, ?, ?) ON CONFLICT (session) DO NOTHING'
const INSERT = `INSERT INTO windlass_sessions (n, id, name, queues, types, concurrency, lease, host, boot_id,
  pid_space, pid, start_time, live, started_at, seen_at, expires_at)
  SELECT n, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 1, ?, ?, ? FROM windlass_workers WHERE session = ?`
const RENEW = `UPDATE windlass_sessions SET expires_at = ? + lease, beat = beat + 1, seen_at = ?, draining = ?
  WHERE n = ?`
const END = 'UPDATE windlass_sessions SET live = 0, cause = ?, culprits = ?, ended_at = ? WHERE n = ?'
const HELD = `SELECT t.id, s.claim, s.attempt, s.started_at, s.cancel_at FROM windlass_states s
  JOIN windlass_tasks t ON t.seq = s.seq WHERE s.state = 2 AND s.session = ?`
const COLUMNS = `id, name, queues, types, concurrency, lease, host, boot_id, pid_space, pid, start_time, live, cause,
  culprits, draining, beat, started_at, seen_at, expires_at, ended_at`
const LIST = `SELECT ${COLUMNS} FROM windlass_sessions WHERE (?1 IS NULL OR live = ?1) AND (?2 IS NULL OR host = ?2)
  ORDER BY n`

export function startSessions(unit: Unit, sessions: readonly NewSession[]): ('started' | 'exists')[] {
  return sessions.map((session) => {
    if (unit.session(session.id) !== null) return 'exists'
    const { id, name, queues, types, concurrency, lease, host, bootId, pidSpace, pid, startTime } = session
    const { connection, now } = unit
    connection.run(INSERT_WORKER, id, name, now)
    connection.run(
      INSERT,
      id,
      name,
      queues === null ? null : JSON.stringify(queues),
      JSON.stringify(types),
      concurrency,
      lease,
      host,
      bootId,
      pidSpace,
      pid,
      startTime,
      now,
      now,
      now + lease,
      id,
    )
    unit.forgetSession(id)
    return 'started'
  })
}

/** Beats that renew are written. */
export function heartbeat(unit: Unit, beats: readonly Beat[]): BeatReply[] {
  return beats.map((beat) => {
    const session = unit.session(beat.session)
    if (session !== null && session.live && beat.renew) {
      unit.connection.run(RENEW, unit.now, unit.now, beat.draining ? 1 : 0, session.n)
    }
    return answer(unit, beat)
  })
}

/** The answer to a beat as the store stands; writes nothing. */
export function answer(view: View, beat: Beat): BeatReply {
  const session = view.session(beat.session)
  const paused = view.paused()
  const common = {
    now: view.now,
    paused: [...paused],
    nextDueIn: nextDueIn(view.connection, openQueues(view.connection, null, paused), view.now),
  }
  if (session === null || !session.live) {
    return { ...common, status: 'gone', mismatch: false, lost: [], unclaimed: [], cancels: [] }
  }
  const rows = view.connection.all(HELD, session.n)
  const running = rows.map((row): RunningRow => ({ ...heldOf(row), startedAt: row[3] as number }))
  const cancels = rows.filter((row) => row[4] !== null).map(heldOf)
  const { count, hash, list } = beat.held
  if (list === null) {
    const mismatch = count !== running.length || hash !== heldHash(running)
    return { ...common, status: 'live', mismatch, lost: [], unclaimed: [], cancels }
  }
  const compared = compareHeld(list, running, view.now - beat.unclaimedAfter)
  return { ...common, status: 'live', mismatch: false, ...compared, cancels }
}

function heldOf(row: Row): Held {
  return { id: row[0] as string, claim: claimToken(row[1] as string, row[2] as number) }
}

export function endSessions(unit: Unit, ends: readonly SessionEnd[]): ('ended' | 'already' | 'absent')[] {
  return ends.map(({ session: id, cause, culprits }) => {
    const session = unit.session(id)
    if (session === null) return 'absent'
    if (!session.live) return 'already'
    declareDead(unit, id, session.n, cause, culprits)
    return 'ended'
  })
}

/** The one step from live to dead. */
export function declareDead(
  unit: Unit,
  id: string,
  n: number,
  cause: DeathCause,
  culprits: readonly string[] | null,
): void {
  unit.connection.run(END, cause, culprits === null ? null : JSON.stringify(culprits), unit.now, n)
  unit.forgetSession(id)
  unit.hints.noteAny()
}

export function listSessions(
  view: View,
  filter: { readonly state: 'live' | 'dead' | null; readonly host: string | null },
): SessionRecord[] {
  const live = filter.state === null ? null : filter.state === 'live' ? 1 : 0
  return view.connection.all(LIST, live, filter.host).map(sessionOf)
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
