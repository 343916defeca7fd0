// How a schedule takes its place beside what stands under its name: the same for the client and for a deploy.
// Promises that a change of anything but the rule loses no open tick, that a changed rule starts from now, and that a
// paused schedule stays so until somebody says otherwise.

import type { SchedulePut } from './cold-verbs.ts'
import type { ScheduleRecord } from './record.ts'
import { nextTick } from './schedule-rule.ts'
import { readSchedule, writeSchedule, type Schedule } from './schedule.ts'

/**
 * The put that makes it so.
 * @param paused null: as it is, or not paused where nothing stands
 * @param now engine time
 */
export function putOf(
  name: string,
  schedule: Schedule,
  paused: boolean | null,
  standing: ScheduleRecord | null,
  now: number,
): SchedulePut {
  const stays = standing !== null && standing.dueAt !== null && hasRule(standing, schedule)
  const rests = standing?.paused === true && paused === false
  return {
    name,
    version: standing?.version ?? 0,
    body: writeSchedule(schedule),
    paused: paused ?? standing?.paused ?? false,
    dueAt: stays && !rests ? standing.dueAt : nextTick(schedule.rule, now),
  }
}

/** What stands is this very schedule. */
export function isSame(standing: ScheduleRecord, schedule: Schedule): boolean {
  return standingSchedule(standing)?.digest === schedule.digest
}

/** Null: another version wrote it. */
export function standingSchedule(standing: ScheduleRecord): Schedule | null {
  try {
    return readSchedule(standing.body)
  } catch {
    return null
  }
}

function hasRule(standing: ScheduleRecord, { rule }: Schedule): boolean {
  const is = standingSchedule(standing)?.rule
  return is !== undefined && JSON.stringify(is) === JSON.stringify(rule)
}

/** A schedule that a config declares. */
export interface DeclaredSchedule {
  readonly name: string
  readonly schedule: Schedule
  /** Where it is new; one that stands stays as it is. */
  readonly paused: boolean
}

/** Who put the schedules of a config: these are removed when it does not declare them any more. */
export const CONFIG_ORIGIN = 'config'

/** Who put the schedules that come with Windlass. A tick of theirs is no task: the scheduler that fires it does the job. */
export const BUILT_IN_ORIGIN = 'built-in'
