// What is wrong with the schedules: nobody fires them, or they are late. Promises that a system without schedules has no
// wrong finding. Leaves how late is too late for each to the eye: it looks for what stands still.

import type { ScheduleJson, SchedulerJson } from '../client/schedule-json.ts'
import { formatDuration } from '../core/duration.ts'
import { BUILT_IN_ORIGIN } from '../core/schedule-put.ts'
import { finding, type Finding } from './finding.ts'

/** A scheduler looks once a second; catching up of much may take some more. */
const LATE = 30_000
const NAMED = 5

/** Who fires, and whether it comes in time. */
export function judgeSchedules(
  schedules: readonly ScheduleJson[],
  schedulers: readonly SchedulerJson[],
): Finding[] {
  // Built-in ones are there as soon as a scheduler was: doctor-alerts.ts says when their work is not done.
  const active = schedules.filter(
    ({ paused, next_at, origin }) => !paused && next_at !== null && origin !== BUILT_IN_ORIGIN,
  )
  const alive = schedulers.filter((one) => one.alive).length
  if (active.length === 0) return [finding('schedules', true, 'none', '')]
  const detail = `${active.length} with a tick to come, ${alive} live schedulers`
  const late = active.filter(({ late_ms }) => late_ms > LATE)
  return [
    finding('schedules', alive > 0, detail, 'windlass up'),
    ...late
      .slice(0, NAMED)
      .map(({ name, late_ms }) =>
        finding(
          'late schedules',
          false,
          `${name} is late by ${formatDuration(late_ms)}`,
          `windlass schedule show ${name}`,
        ),
      ),
  ]
}
