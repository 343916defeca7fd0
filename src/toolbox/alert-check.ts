// The job of `windlass.alerts`: measures, judges, keeps what changed and delivers what is to be told. The document of
// alerts is the outbox as well: what a crash cuts off is delivered by a later check, of whichever scheduler.
// Promises that each change is told once or, after a crash or a lost answer, again under the same id.

import type { Log } from '../base/log.ts'
import type { AlertName, AlertRules, AlertTargets } from '../core/alert-rules.ts'
import type { Engine } from '../core/engine.ts'
import { changeBook, type AlertBook, type Pending, type Target } from './alert-document.ts'
import type { AlertEvent, AlertNotice, AlertState, Reading } from './alert-words.ts'
import { postNotice, runCommand, targetsOf, tellLog } from './courier.ts'
import { takeFigures, wordsOf } from './figures.ts'
import { judge } from './judge.ts'
import { readFigures } from './readings.ts'
import { ALERT_STREAM } from './upkeep.ts'

export interface AlertPorts {
  readonly engine: Engine
  readonly log: Log
  readonly targets: AlertTargets
}

/** For so long whoever took a notice has it for itself: longer than any target may take. In ms. */
const TAKEN = 60_000
/** Waits before it is tried again: this, doubled each time, up to the most. */
const AGAIN = 30_000
const AGAIN_MOST = 3_600_000
/** After so long it is given up. */
const HOPELESS = 86_400_000

/** One check by the rules that are stored with the schedule. @throws what the store says */
export async function checkAlerts(ports: AlertPorts, rules: AlertRules, signal: AbortSignal): Promise<void> {
  const { engine, targets } = ports
  const measuredAt = await engine.now()
  const readings = readFigures(await takeFigures(engine, rules, measuredAt), rules, measuredAt)
  const now = await engine.now()
  const taken = await changeBook(engine, (book) => {
    const { states, notices } = judgeAll(book, readings, rules, { now, instance: engine.instanceId })
    const left: readonly Target[] = ['journal', ...targetsOf(targets)]
    const fresh = notices.map((notice) => ({ notice, left, tries: 0, notBefore: 0 }))
    const pending = [...book.pending, ...fresh].map((one) => take(one, targets, now))
    const checkedAt = Math.max(now, book.checkedAt ?? 0)
    return {
      book: { checkedAt, every: rules.every, states, pending: pending.map(({ kept }) => kept) },
      answer: pending.flatMap(({ kept, mine }) => (mine ? [kept] : [])),
    }
  })
  if (taken.length > 0) await deliverAll(ports, taken, signal)
}

interface Occasion {
  readonly now: number
  readonly instance: string
}

function judgeAll(book: AlertBook, readings: readonly Reading[], rules: AlertRules, occasion: Occasion) {
  const { now } = occasion
  const states: Partial<Record<AlertName, AlertState>> = {}
  const notices: AlertNotice[] = []
  for (const reading of readings) {
    const before = book.states[reading.alert] ?? null
    const { state, event } = judge(before, reading, rules, book.checkedAt, now)
    states[reading.alert] = state
    if (event !== null)
      notices.push(noticeOf(reading.alert, event, state, state.since ?? before?.since ?? now, occasion))
  }
  for (const [alert, state] of Object.entries(book.states) as [AlertName, AlertState][])
    // Its rule was switched off.
    if (states[alert] === undefined && state.since !== null)
      notices.push(noticeOf(alert, 'resolved', { ...state, reason: null, text: '' }, state.since, occasion))
  return { states, notices }
}

/** The notice of a change. `since`: when it began to fire. */
export function noticeOf(
  alert: AlertName,
  event: AlertEvent,
  { reason, text, value, threshold }: Pick<AlertState, 'reason' | 'text' | 'value' | 'threshold'>,
  since: number,
  { now, instance }: Occasion,
): AlertNotice {
  const [began, at] = [new Date(since).toISOString(), new Date(now).toISOString()]
  const id = `${alert}@${began}/${event}${event === 'repeated' ? `@${at}` : ''}`
  return { id, event, alert, reason, text, value, threshold, since: began, at, instance }
}

/** A notice that is due and that this process can deliver somewhere is taken. */
function take(one: Pending, targets: AlertTargets, now: number): { kept: Pending; mine: boolean } {
  const can = new Set<Target>(['journal', ...targetsOf(targets)])
  if (one.notBefore > now || !one.left.some((target) => can.has(target))) return { kept: one, mine: false }
  return { kept: { ...one, tries: one.tries + 1, notBefore: now + TAKEN }, mine: true }
}

async function deliverAll(ports: AlertPorts, taken: readonly Pending[], signal: AbortSignal): Promise<void> {
  const left = new Map<string, readonly Target[]>()
  await Promise.all(
    taken.map(async (one) => {
      left.set(one.notice.id, await deliver(ports, one, signal))
    }),
  )
  const now = await ports.engine.now()
  await changeBook(ports.engine, (book) => ({
    book: { ...book, pending: book.pending.flatMap((one) => settle(one, left.get(one.notice.id), now)) },
    answer: null,
  }))
  for (const { notice } of taken)
    if ((left.get(notice.id) ?? []).length > 0 && isHopeless(notice, now))
      ports.log.error('an alert could not be delivered for a day: it is given up', { alert: notice.alert })
}

function settle(one: Pending, left: readonly Target[] | undefined, now: number): Pending[] {
  if (left === undefined) return isHopeless(one.notice, now) ? [] : [one]
  if (left.length === 0 || isHopeless(one.notice, now)) return []
  return [{ ...one, left, notBefore: now + Math.min(AGAIN_MOST, AGAIN * 2 ** Math.min(20, one.tries - 1)) }]
}

function isHopeless({ at }: AlertNotice, now: number): boolean {
  return now - Date.parse(at) > HOPELESS
}

/** Delivers a notice wherever it has not been yet; answers where it could not. */
async function deliver(ports: AlertPorts, { notice, left }: Pending, signal: AbortSignal): Promise<Target[]> {
  const failed: Target[] = []
  await Promise.all(
    left.map(async (target) => {
      try {
        if (!(await deliverTo(ports, target, notice, signal))) failed.push(target)
      } catch (error) {
        failed.push(target)
        const fields = { alert: notice.alert, target, error: wordsOf(error) }
        ports.log.warn('an alert could not be delivered; it is tried again', fields)
      }
    }),
  )
  return failed
}

/** False: this process cannot reach that target. */
async function deliverTo(
  { engine, log, targets }: AlertPorts,
  target: Target,
  notice: AlertNotice,
  signal: AbortSignal,
): Promise<boolean> {
  const { alert, at } = notice
  switch (target) {
    case 'journal': {
      const entry = { stream: ALERT_STREAM, key: alert, at: Date.parse(at), body: JSON.stringify(notice) }
      await engine.journal.append([entry])
      return true
    }
    case 'log':
      tellLog(log, notice)
      return true
    case 'command':
      if (targets.command === null) return false
      await runCommand({ command: targets.command, folder: targets.folder }, notice, signal)
      return true
    case 'webhook':
      if (targets.webhook === null) return false
      await postNotice(targets.webhook, notice, signal)
      return true
  }
}
