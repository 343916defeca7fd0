// The verbs of sessions as this server says them best: leases are renewed by one statement each, then all beats are
// answered from what was committed; what attempts tell of themselves is written under their locks.

import type { Beat, BeatReply, Report, ReportReply } from '../../core/hot-verbs.ts'
import { report as reportRunning, type RunningRows } from '../sql/reports.ts'
import { answerBeats, renewLeases } from '../sql/sessions.ts'
import { patch } from './rows.ts'
import type { MySession } from './session.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

// By the whole index: where the queue comes from another table, MySQL sorts all that is scheduled to have it by slot.
const NEXT_DUE = words(`SELECT MIN(d.at) FROM (SELECT (SELECT t.slot FROM @tasks t FORCE INDEX (turn)
    WHERE t.state = 0 AND t.queue = q.queue AND t.line = 0
    ORDER BY t.state, t.queue, t.line, t.slot LIMIT 1) AS at
  FROM (SELECT DISTINCT queue FROM @kinds) AS q
  WHERE NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = q.queue)) AS d`)

/** Of a thousand the server would rather read the whole table. */
const RUN_BY = `SELECT id, claim, attempt, started_at, cancel_at FROM @tasks FORCE INDEX (running)
  WHERE state = 2 AND session = ?`

/** Renews where that is asked, and answers. */
export function heartbeat(store: Store, beats: readonly Beat[]): Promise<BeatReply[]> {
  return store.read(async (look) => {
    await renewLeases(look, beats)
    const next = ((await look.query(NEXT_DUE)).rows[0]?.[0] ?? null) as number | null
    return answerBeats(look, beats, next === null ? null : Math.max(0, next - look.now), RUN_BY)
  })
}

const HELD = words('SELECT id, claim, attempt, cancel_at FROM @tasks FORCE INDEX (PRIMARY) WHERE state = 2')

const RUNNING_ROWS: RunningRows<MySession, MySession> = {
  look: async (look, ids) => (await look.query(sql`${HELD} AND id IN (${ids})`)).rows,
  hold: async (unit, ids) => (await unit.query(sql`${HELD} AND id IN (${ids}) ORDER BY id FOR UPDATE`)).rows,
  keep: (unit, progress) => {
    for (const statement of patch('tasks', ['id', 'progress'], progress)) unit.later(statement)
  },
}

/** What running attempts tell of themselves. */
export function report(store: Store, reports: readonly Report[]): Promise<ReportReply[]> {
  return reportRunning(RUNNING_ROWS, store, reports)
}
