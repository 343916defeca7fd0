// The verb report: what running attempts tell of themselves is written under the locks of their rows.
// Promises that a report without news writes nothing, and that the token alone says who may tell (CONTRACT rule 2).

import type { Report, ReportReply } from '../../core/hot-verbs.ts'
import { keepLogs } from './attempts.ts'
import type { SqlSession, SqlUnit } from './session.ts'
import { tokenOf, type Row } from './task-row.ts'

/** How an engine reads and writes running rows. */
export interface RunningRows<L extends SqlSession, U extends SqlUnit> {
  /** Id, claim, attempt and cancel_at of those of the tasks that run. */
  look(look: L, ids: readonly string[]): Promise<readonly Row[]>
  /** The same, locked in the order of ids. */
  hold(unit: U, ids: readonly string[]): Promise<readonly Row[]>
  /** Writes the progress of locked rows: id and text. Not called for none. */
  keep(unit: U, progress: readonly (readonly [id: string, text: string])[]): void
}

interface ReportStore<L, U> {
  read<R>(look: (session: L) => Promise<R>): Promise<R>
  write<R>(run: (unit: U) => Promise<R>): Promise<R>
}

/** What running attempts tell of themselves. */
export async function report<L extends SqlSession, U extends SqlUnit>(
  running: RunningRows<L, U>,
  store: ReportStore<L, U>,
  reports: readonly Report[],
): Promise<ReportReply[]> {
  const ids = [...new Set(reports.map(({ id }) => id))]
  const writes = reports.some(({ progress, logs }) => progress !== null || logs.length > 0)
  if (!writes) return store.read(async (look) => repliesOf(await running.look(look, ids), reports))
  return store.write(async (unit) => {
    const replies = repliesOf(await running.hold(unit, ids), reports)
    const heard = reports.filter((_, i) => replies[i]?.status !== 'lost')
    // Of several reports of one task the last one's progress stands.
    const progress = new Map(
      heard.flatMap((one) =>
        one.progress === null ? [] : [[one.id, JSON.stringify(one.progress)] as const],
      ),
    )
    if (progress.size > 0) running.keep(unit, [...progress])
    const logs = heard.filter((one) => one.logs.length > 0)
    await keepLogs(
      unit,
      logs.map(({ id, logs: lines }) => ({ task: id, lines })),
    )
    return replies
  })
}

function repliesOf(rows: readonly Row[], reports: readonly Report[]): ReportReply[] {
  const held = new Map(rows.map((row) => [row[0] as string, row]))
  return reports.map(({ id, claim }) => {
    const row = held.get(id)
    if (row === undefined) return { status: 'lost' }
    const token = tokenOf({ claim: row[1] as string, attempt: row[2] as number })
    if (token !== claim) return { status: 'lost' }
    return { status: row[3] === null ? 'ok' : 'cancel' }
  })
}
