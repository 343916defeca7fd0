// The verbs of sessions as this server says them best: leases are renewed by one statement each, then all beats are
// answered from what was committed; ends and starts are units of work.

import type { Beat, BeatReply, Report, ReportReply } from '../../core/hot-verbs.ts'
import { report as reportRunning, type RunningRows } from '../sql/reports.ts'
import { answerBeats, renewLeases } from '../sql/sessions.ts'
import { arrayOf } from './arrays.ts'
import type { PgSession } from './session.ts'
import type { Store } from './store.ts'

const NEXT_DUE = `SELECT min(d.run_at) FROM (SELECT DISTINCT l.queue FROM @lanes l
    WHERE NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = l.queue)) AS q,
  LATERAL (SELECT t.run_at FROM @tasks t WHERE t.state = 0 AND t.queue = q.queue ORDER BY t.run_at, t.id LIMIT 1) AS d`
const HELD = `SELECT id, claim, attempt, cancel_at FROM @tasks WHERE id = ANY($1::text[]) AND state = 2`
const HOLD = `${HELD} ORDER BY id FOR UPDATE`
const PROGRESS = `UPDATE @tasks t SET progress = u.progress FROM unnest($1::text[], $2::text[]) AS u(id, progress)
  WHERE t.id = u.id AND t.state = 2`

/** Renews where that is asked, and answers. */
export async function heartbeat(store: Store, beats: readonly Beat[]): Promise<BeatReply[]> {
  return store.read(async (look) => {
    await renewLeases(look, beats)
    const next = (await look.query(NEXT_DUE, [])).rows[0]?.[0] as number | null
    return answerBeats(look, beats, next === null ? null : Math.max(0, next - look.now))
  })
}

const RUNNING_ROWS: RunningRows<PgSession, PgSession> = {
  look: async (look, ids) => (await look.query(HELD, [arrayOf(ids)])).rows,
  hold: async (unit, ids) => (await unit.query(HOLD, [arrayOf(ids)])).rows,
  keep: (unit, progress) => {
    const ids = arrayOf(progress.map(([id]) => id))
    unit.later(PROGRESS, [ids, arrayOf(progress.map(([, text]) => text))])
  },
}

/** What running attempts tell of themselves. */
export function report(store: Store, reports: readonly Report[]): Promise<ReportReply[]> {
  return reportRunning(RUNNING_ROWS, store, reports)
}
