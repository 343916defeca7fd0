// Schedules, their ticks and who fires them, as text for people. Owns the words and columns; leaves what is shown to
// the verb.

import type { ScheduleJson, SchedulerJson, TickJson } from '../client/schedule-json.ts'
import { formatDuration } from '../core/duration.ts'
import { BUILT_IN_ORIGIN } from '../core/schedule-put.ts'
import { oneLine, type Output } from './output.ts'
import { formatFacts, formatTable } from './table.ts'

/** Later than that somebody should look; less is a busy moment. */
const LATE = 10_000

/** One line a schedule. */
export function scheduleTable(schedules: readonly ScheduleJson[], out: Output): string {
  if (schedules.length === 0) return out.say('schedule.none')
  return formatTable(
    [
      { title: out.say('head.schedule'), most: 40 },
      { title: out.say('head.task'), most: 30 },
      { title: out.say('head.when'), most: 44 },
      { title: out.say('head.next') },
      { title: out.say('head.last') },
      { title: '' },
    ],
    schedules.map((one) => [
      oneLine(one.name),
      oneLine(one.task),
      whenOf(one, out),
      one.next_at === null ? '–' : inZone(one.next_at, one.timezone),
      one.last_fired_at === null ? '–' : inZone(one.last_fired_at, one.timezone),
      stateOf(one, out),
    ]),
    (head) => out.style('bold', head),
  )
}

/** Who fires, or that nobody does; nothing where there is nothing to fire. */
export function schedulerLine(
  schedules: readonly ScheduleJson[],
  schedulers: readonly SchedulerJson[],
  out: Output,
): string {
  const alive = schedulers.filter((one) => one.alive).length
  const dead = schedulers.length - alive
  if (alive > 0) return dead === 0 ? '' : out.say('schedule.some_dead', { alive, dead })
  const theirs = schedules.filter(({ origin }) => origin !== BUILT_IN_ORIGIN)
  if (theirs.every(({ paused, next_at }) => paused || next_at === null)) return ''
  return out.style('red', out.say('schedule.no_scheduler'))
}

/** Everything about one. */
export function describeSchedule(one: ScheduleJson, out: Output): string {
  const at = (time: string | null): string | null => (time === null ? null : inZone(time, one.timezone))
  const state = stateOf(one, out)
  return formatFacts([
    [out.say('head.schedule'), oneLine(one.name)],
    [out.say('fact.state'), state === '' ? null : state],
    [out.say('head.when'), whenOf(one, out)],
    [out.say('fact.start'), at(one.start_at)],
    [out.say('fact.end'), at(one.end_at)],
    [out.say('fact.missed'), `${one.missed} (${formatDuration(one.grace_ms)})`],
    [out.say('fact.overlap'), one.overlap],
    [out.say('fact.jitter'), one.jitter_ms === 0 ? null : formatDuration(one.jitter_ms)],
    [out.say('fact.task'), oneLine(one.task)],
    [out.say('fact.queue'), out.say('fact.priority', { queue: oneLine(one.queue), priority: one.priority })],
    [out.say('fact.payload'), oneLine(JSON.stringify(one.payload)).slice(0, 500)],
    [out.say('fact.tags'), one.tags.length === 0 ? null : oneLine(one.tags.join(', '))],
    [out.say('fact.origin'), oneLine(one.origin)],
    [out.say('head.last'), at(one.last_fired_at)],
    [out.say('fact.unreadable'), one.unreadable ?? null],
  ])
}

/** The following ticks, each on the clock of the schedule. */
export function nextLines(next: readonly string[], timezone: string): string {
  return next.map((time) => `${time.replace('.000Z', 'Z')}  ${inZone(time, timezone)}`).join('\n')
}

/** What became of ticks, the newest first. */
export function tickTable(ticks: readonly TickJson[], out: Output): string {
  return formatTable(
    [
      { title: out.say('head.schedule'), most: 40 },
      { title: out.say('head.tick') },
      { title: out.say('head.outcome') },
      { title: out.say('head.late'), align: 'right' },
      { title: out.say('head.task'), most: 70 },
    ],
    ticks.map((tick) => [
      oneLine(tick.schedule),
      (tick.tick ?? tick.at).replace('.000Z', 'Z'),
      outcomeOf(tick, out),
      tick.late_ms === null ? '' : formatDuration(tick.late_ms),
      oneLine(tick.error ?? tick.task_id ?? ''),
    ]),
    (head) => out.style('bold', head),
  )
}

function outcomeOf({ outcome, reason, count }: TickJson, out: Output): string {
  if (outcome !== 'skipped') return out.say(`tick.${outcome}`)
  const word = out.say(`tick.${reason ?? 'missed'}`)
  return count === 1 ? word : `${word} × ${count ?? '…'}`
}

function whenOf(one: ScheduleJson, out: Output): string {
  if (one.every_ms !== null) return out.say('schedule.every', { time: formatDuration(one.every_ms) })
  return one.timezone === 'UTC' ? (one.cron ?? '') : `${one.cron ?? ''} ${one.timezone}`
}

function stateOf(one: ScheduleJson, out: Output): string {
  if (one.paused) return out.say('queue.paused')
  if (one.unreadable !== undefined) return out.say('fact.unreadable')
  if (one.next_at === null) return out.say('schedule.over')
  if (one.late_ms > LATE)
    return out.style('red', out.say('schedule.late', { time: formatDuration(one.late_ms) }))
  return one.origin === BUILT_IN_ORIGIN ? out.say('schedule.built_in') : ''
}

/** As a clock of the zone shows it, with the zone where it is not UTC. */
function inZone(time: string, timezone: string): string {
  const shown = new Intl.DateTimeFormat('sv-SE', {
    timeZone: timezone,
    dateStyle: 'short',
    timeStyle: 'medium',
  }).format(new Date(time))
  return timezone === 'UTC' ? `${shown}Z` : shown
}
