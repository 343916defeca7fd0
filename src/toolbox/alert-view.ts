// What is to be seen of alerts: which fire now and since when, whether anybody checks, and what was told. One JSON form
// for commands and HTTP; times are ISO-8601 UTC, lengths of time end in `_ms`. Changes nothing.

import type { AlertName } from '../core/alert-rules.ts'
import type { Engine } from '../core/engine.ts'
import { standingSchedule } from '../core/schedule-put.ts'
import type { AlertNotice, AlertReason, AlertState } from './alert-words.ts'
import { readBook } from './alert-document.ts'
import { ALERTS_SCHEDULE } from './built-ins.ts'
import { ALERT_STREAM } from './upkeep.ts'

export interface AlertJson {
  readonly alert: AlertName
  readonly firing: boolean
  /** Since when it fires. */
  readonly since: string | null
  readonly reason: AlertReason | null
  readonly value: number | null
  readonly threshold: number | null
  /** For people, in English; empty unless something is wrong. */
  readonly text: string
}

/**
 * `off`: not configured. `paused`: by somebody. `late`: no check for three turns. `new`: not checked yet. `on`: all is
 * well with checking.
 */
export type Checking = 'off' | 'paused' | 'late' | 'new' | 'on'

export interface AlertsJson {
  readonly checking: Checking
  readonly checked_at: string | null
  readonly every_ms: number | null
  /** Those that fire first. */
  readonly alerts: readonly AlertJson[]
}

/** Turns without a check after which checking is late. */
const TURNS = 3

/** Every alert as it stands. @throws what the store says */
export async function viewAlerts(engine: Engine): Promise<AlertsJson> {
  const [now, [schedule = null], book] = await Promise.all([
    engine.now(),
    engine.schedules.list([ALERTS_SCHEDULE]),
    readBook(engine),
  ])
  const { checkedAt, every, states } = book
  const alerts = (Object.entries(states) as [AlertName, AlertState][]).map(alertJson)
  const turn = (schedule && standingSchedule(schedule)?.rule.every) ?? every
  // Whoever puts or resumes it begins anew.
  const seen = Math.max(checkedAt ?? 0, schedule?.updatedAt ?? 0)
  const late = now - seen > TURNS * turn
  return {
    checking: checkingOf(schedule, checkedAt, late),
    checked_at: checkedAt === null ? null : new Date(checkedAt).toISOString(),
    every_ms: turn === 0 ? null : turn,
    alerts: [...alerts.filter(({ firing }) => firing), ...alerts.filter(({ firing }) => !firing)],
  }
}

function checkingOf(
  schedule: { readonly paused: boolean } | null,
  checkedAt: number | null,
  late: boolean,
): Checking {
  if (schedule === null) return 'off'
  if (schedule.paused) return 'paused'
  if (late) return 'late'
  return checkedAt === null ? 'new' : 'on'
}

function alertJson([alert, state]: [AlertName, AlertState]): AlertJson {
  const { since, reason, value, threshold, text } = state
  const firing = since !== null
  return {
    alert,
    firing,
    since: since === null ? null : new Date(since).toISOString(),
    reason: firing ? reason : null,
    value,
    threshold,
    text: firing ? text : '',
  }
}

/**
 * What was told, the newest first; kept for 30 days.
 * @param limit 1 to 1,000
 * @throws what the store says
 */
export async function readHistory(engine: Engine, limit: number): Promise<readonly AlertNotice[]> {
  const query = { stream: ALERT_STREAM, key: null, from: null, to: null, limit, cursor: null }
  const { entries } = await engine.journal.read(query)
  const notices = new Map<string, AlertNotice>()
  for (const { body } of entries) {
    const notice = parse(body)
    // After a lost answer an entry may be written twice.
    if (notice !== null && !notices.has(notice.id)) notices.set(notice.id, notice)
  }
  return [...notices.values()]
}

function parse(body: string): AlertNotice | null {
  try {
    const value: unknown = JSON.parse(body)
    return typeof value === 'object' && value !== null && 'event' in value ? (value as AlertNotice) : null
  } catch {
    return null
  }
}
