// The verb report: progress and log lines of a running attempt, fenced by its token. Changes no state.

import type { Report, ReportReply } from '../../core/hot-verbs.ts'
import { claimToken } from '../../core/ids.ts'
import { keepLogs } from './attempts.ts'
import type { Unit } from './unit.ts'
import { RUNNING } from '../sql/words.ts'

const HELD = `SELECT s.seq, s.state, s.claim, s.attempt, s.cancel_at FROM windlass_tasks t
  JOIN windlass_states s ON s.seq = t.seq WHERE t.id = ?`
const PROGRESS = 'UPDATE windlass_states SET progress = ? WHERE seq = ?'

export function report(unit: Unit, reports: readonly Report[]): ReportReply[] {
  return reports.map((one) => reportOne(unit, one))
}

function reportOne(unit: Unit, { id, claim, progress, logs }: Report): ReportReply {
  const row = unit.connection.get(HELD, id)
  if (row === undefined || row[1] !== RUNNING || claimToken(String(row[2]), Number(row[3])) !== claim) {
    return { status: 'lost' }
  }
  const seq = row[0] as number
  if (progress !== null) unit.connection.run(PROGRESS, JSON.stringify(progress), seq)
  keepLogs(unit, seq, logs)
  return { status: row[4] === null ? 'ok' : 'cancel' }
}
