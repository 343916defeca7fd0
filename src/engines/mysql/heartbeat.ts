// The verbs of sessions as this server says them best: leases are renewed by one statement each, then all beats are
// answered from what was committed; what attempts tell of themselves is written under their locks.

import type { Beat, BeatReply, Report, ReportReply } from '../../core/hot-verbs.ts'
import { keepLogs } from '../sql/attempts.ts'
import { answerBeats, renewLeases } from '../sql/sessions.ts'
import { tokenOf } from '../sql/task-row.ts'
import { patch } from './rows.ts'
import { sql, words } from './statement.ts'
import type { Store } from './store.ts'

const NEXT_DUE = words(`SELECT MIN(d.at) FROM (SELECT (SELECT t.slot FROM @tasks t FORCE INDEX (turn)
    WHERE t.state = 0 AND t.queue = q.queue AND t.line = 0 ORDER BY t.slot LIMIT 1) AS at
  FROM (SELECT DISTINCT queue FROM @kinds) AS q
  WHERE NOT EXISTS (SELECT 1 FROM @paused p WHERE p.queue = q.queue)) AS d`)

/** Renews where that is asked, and answers. */
export function heartbeat(store: Store, beats: readonly Beat[]): Promise<BeatReply[]> {
  return store.read(async (look) => {
    await renewLeases(look, beats)
    const next = ((await look.query(NEXT_DUE)).rows[0]?.[0] ?? null) as number | null
    return answerBeats(look, beats, next === null ? null : Math.max(0, next - look.now))
  })
}

/** What running attempts tell of themselves. */
export function report(store: Store, reports: readonly Report[]): Promise<ReportReply[]> {
  const ids = [...new Set(reports.map(({ id }) => id))]
  const held = sql`SELECT id, claim, attempt, cancel_at FROM @tasks FORCE INDEX (PRIMARY)
    WHERE id IN (${ids}) AND state = 2`
  const writes = reports.some(({ progress, logs }) => progress !== null || logs.length > 0)
  if (!writes) return store.read(async (look) => repliesOf((await look.query(held)).rows, reports))
  return store.write(async (unit) => {
    const { rows } = await unit.query(sql`${held} ORDER BY id FOR UPDATE`)
    const replies = repliesOf(rows, reports)
    const heard = reports.filter((_, i) => replies[i]?.status !== 'lost')
    // Of several reports of one task the last one's progress stands.
    const progress = new Map(
      heard.flatMap((one) =>
        one.progress === null ? [] : [[one.id, JSON.stringify(one.progress)] as const],
      ),
    )
    for (const statement of patch('tasks', ['id', 'progress'], [...progress])) unit.later(statement)
    const logs = heard.filter((one) => one.logs.length > 0)
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
