// From figures to what they say of each rule. Pure: the whole meaning of the rules, of "no data" and of "idle" is here.
// Promises that an idle system is not wrong, and that a figure which could not be taken is. Leaves for how long something
// must be wrong to judge.ts.

import type { AlertName, AlertRules } from '../core/alert-rules.ts'
import type { QueueStats } from '../core/cold-verbs.ts'
import { formatDuration } from '../core/duration.ts'
import { unservedQueues } from '../core/queue-health.ts'
import type { DeathCause, SessionRecord } from '../core/record.ts'
import type { Rollup } from '../core/rollup.ts'
import type { Figure, Figures, Reading, UpkeepReport } from './alert-words.ts'

const ABNORMAL: ReadonlySet<DeathCause | null> = new Set(['killed', 'expired', 'deadline'])
/** Names that a text tells at most. */
const NAMED = 5
/** A report that is older than so many turns is none. */
const TURNS = 3

type Told = Omit<Reading, 'alert'>
const RIGHT = { wrong: false, reason: null, text: '' } as const
const UNKNOWN: Told = { wrong: null, reason: null, value: null, threshold: null, text: '' }

/**
 * What the figures say of each rule that is not switched off.
 * @param now engine time
 */
export function readFigures(figures: Figures, rules: AlertRules, now: number): Reading[] {
  const { queues, live, ended, rate, upkeep } = figures
  const { successRate, dead, backlog, workers, waiting } = rules
  const all: [AlertName, Told | null][] = [
    ['success_rate', successRate && of(rate, queues, (ends, at) => judgeRate(ends, at, successRate))],
    ['dead', dead && of(queues, queues, (at) => judgeDead(at, dead.above))],
    ['backlog', backlog && of(queues, queues, (at) => judgeBacklog(at, backlog))],
    ['workers', workers && of(live, ended, (alive, gone) => judgeWorkers(alive, gone, workers, now))],
    ['unserved', rules.unserved ? of(queues, live, judgeUnserved) : null],
    ['waiting', waiting && of(queues, queues, (at) => judgeWaiting(at, waiting.above))],
    ['stuck', rules.stuck ? of(upkeep, upkeep, (report) => judgeStuck(report, now)) : null],
  ]
  return all.flatMap(([alert, told]) => (told === null ? [] : [{ alert, ...told }]))
}

/** The judgement of two figures, or that one of them is missing. */
function of<A, B>(a: Figure<A>, b: Figure<B>, judge: (a: A, b: B) => Told): Told {
  if ('missing' in a) return noData(`the figure could not be taken: ${a.missing}`)
  if ('missing' in b) return noData(`the figure could not be taken: ${b.missing}`)
  return judge(a.value, b.value)
}

function noData(text: string): Told {
  return { wrong: true, reason: 'no_data', value: null, threshold: null, text }
}

/**
 * Enough ended: their share counts. Some, but too few to judge: as it was. Nothing: wrong where a task has been ready for
 * the whole window, else the system is idle.
 */
function judgeRate(
  { succeeded, dead }: Rollup,
  queues: readonly QueueStats[],
  { below, window, least }: NonNullable<AlertRules['successRate']>,
): Told {
  const count = succeeded + dead
  const time = formatDuration(window)
  if (count === 0) {
    if ((oldestOf(queues) ?? 0) < window) return { ...RIGHT, value: null, threshold: below }
    return noData(`no task ended within ${time} although tasks are ready`)
  }
  if (count < least) return UNKNOWN
  const value = succeeded / count
  if (value >= below) return { ...RIGHT, value, threshold: below }
  const text = `${percent(value)} % of ${count} tasks that ended within ${time} succeeded, less than ${percent(below)} %`
  return { wrong: true, reason: 'below', value, threshold: below, text }
}

function judgeDead(queues: readonly QueueStats[], threshold: number): Told {
  const value = sum(queues.map(({ counts }) => counts.dead))
  return above(value, threshold, `${value} tasks are dead, more than ${threshold}`)
}

/** Paused queues count: one that was forgotten is what this is for. */
function judgeBacklog(
  queues: readonly QueueStats[],
  { above: threshold, queues: wanted }: NonNullable<AlertRules['backlog']>,
): Told {
  const counted = queues.filter(({ queue }) => wanted === null || wanted.includes(queue))
  const value = sum(counted.map(({ counts }) => counts.ready))
  return above(value, threshold, `${value} tasks are ready, more than ${threshold}`)
}

function judgeWorkers(
  live: readonly SessionRecord[],
  ended: readonly SessionRecord[],
  { below, died }: NonNullable<AlertRules['workers']>,
  now: number,
): Told {
  const value = live.length
  const told = { value, threshold: below }
  if (value < below)
    return { ...told, wrong: true, reason: 'below', text: `${value} live workers, fewer than ${below}` }
  const gone =
    died === null
      ? []
      : ended.filter(({ cause, endedAt }) => ABNORMAL.has(cause) && (endedAt ?? 0) > now - died)
  if (died === null || gone.length === 0) return { ...RIGHT, ...told }
  const names = list(gone.map(({ name }) => name))
  const text = `${gone.length} workers ended abnormally within ${formatDuration(died)}: ${names}`
  return { wrong: true, reason: 'died', value: gone.length, threshold: 0, text }
}

function judgeUnserved(queues: readonly QueueStats[], live: readonly SessionRecord[]): Told {
  const unserved = unservedQueues(queues, live)
  const value = sum(unserved.map(({ counts }) => counts.ready))
  const names = list(unserved.map(({ queue }) => queue))
  return above(value, 0, `${value} ready tasks are in queues that no worker takes from: ${names}`)
}

function judgeWaiting(queues: readonly QueueStats[], threshold: number): Told {
  const value = oldestOf(queues) ?? 0
  const text = `a task has been ready for ${formatDuration(value)}, longer than ${formatDuration(threshold)}`
  return above(value, threshold, text)
}

function judgeStuck(report: UpkeepReport | null, now: number): Told {
  if (report === null) return UNKNOWN
  const age = now - report.at
  if (age > TURNS * report.every)
    return noData(`nothing was reported by the upkeep for ${formatDuration(age)}`)
  const { stuck } = report
  return above(stuck, 0, `${stuck} tasks run although their worker is gone or their time is over`)
}

function above(value: number, threshold: number, text: string): Told {
  if (value <= threshold) return { ...RIGHT, value, threshold }
  return { wrong: true, reason: 'above', value, threshold, text }
}

/** Paused queues wait because somebody wants it. */
function oldestOf(queues: readonly QueueStats[]): number | null {
  const ages = queues.flatMap(({ paused, oldest }) => (paused || oldest === null ? [] : [oldest]))
  return ages.length === 0 ? null : Math.max(...ages)
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, one) => total + one, 0)
}

function list(names: readonly string[]): string {
  const shown = names.slice(0, NAMED).join(', ')
  return names.length > NAMED ? `${shown}, …` : shown
}

/** One decimal, rounded down: a share below the threshold never looks as if it had reached it. */
function percent(share: number): number {
  return Math.floor(share * 1_000 + 1e-9) / 10
}
