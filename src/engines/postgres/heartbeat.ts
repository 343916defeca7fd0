// The verbs of sessions as this server says them best: leases are renewed by one statement each, then all beats are
// answered from what was committed; ends and starts are units of work.

import type { Beat, BeatReply, Report, ReportReply } from '../../core/hot-verbs.ts'
import { keepLogs } from '../sql/attempts.ts'
import { answerBeats, renewLeases } from '../sql/sessions.ts'
import { tokenOf } from '../sql/task-row.ts'
import { arrayOf } from './arrays.ts'
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

/** What running attempts tell of themselves. */
export async function report(store: Store, reports: readonly Report[]): Promise<ReportReply[]> {
  const ids = arrayOf([...new Set(reports.map(({ id }) => id))])
  const writes = reports.some(({ progress, logs }) => progress !== null || logs.length > 0)
  if (!writes) return store.read(async (look) => repliesOf((await look.query(HELD, [ids])).rows, reports))
  return store.write(async (unit) => {
    const { rows } = await unit.query(HOLD, [ids])
    const replies = repliesOf(rows, reports)
    const held = reports.filter((_, i) => replies[i]?.status !== 'lost')
    // Of several reports of one task the last one's progress stands.
    const progress = new Map(
      held.flatMap((one) => (one.progress === null ? [] : [[one.id, one.progress] as const])),
    )
    if (progress.size > 0) {
      const texts = [...progress.values()].map((one) => JSON.stringify(one))
      unit.later(PROGRESS, [arrayOf([...progress.keys()]), arrayOf(texts)])
    }
    const logs = held.filter((one) => one.logs.length > 0)
    await keepLogs(
      unit,
      logs.map(({ id, logs: lines }) => ({ task: id, lines })),
    )
    return replies
  })
}

function repliesOf(rows: readonly (readonly unknown[])[], reports: readonly Report[]): ReportReply[] {
  const held = new Map(rows.map((row) => [row[0] as string, row]))
  return reports.map(({ id, claim }) => {
    const row = held.get(id)
    if (row === undefined) return { status: 'lost' }
    const token = tokenOf({ claim: row[1] as string, attempt: row[2] as number })
    if (token !== claim) return { status: 'lost' }
    return { status: row[3] === null ? 'ok' : 'cancel' }
  })
}
