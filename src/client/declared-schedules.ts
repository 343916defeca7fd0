// The schedules of a config, from what is said there to what is put: task types found, payloads checked, defaults
// resolved. Leaves putting to the scheduler, which does it when it starts.

import { WindlassError } from '../core/errors.ts'
import type { Enqueuer } from '../core/new-task.ts'
import { CONFIG_ORIGIN, type DeclaredSchedule } from '../core/schedule-put.ts'
import { defineSchedule, type ScheduleOptions } from '../core/schedule.ts'
import type { TaskType } from '../core/task-type.ts'

/** As the config has it. */
export interface Declaration {
  readonly name: string
  readonly options: ScheduleOptions
  /** Milliseconds that a bare number counts. */
  readonly unit: 1 | 1_000
}

/** @throws WindlassError `config_invalid` that names the schedule */
export function defineDeclared(
  declared: readonly Declaration[],
  enqueuer: Enqueuer,
  find: (task: TaskType | string) => Promise<TaskType | string>,
): Promise<DeclaredSchedule[]> {
  return Promise.all(
    declared.map(async ({ name, options, unit }) => {
      try {
        const from = { ...enqueuer, origin: CONFIG_ORIGIN, bareUnit: unit }
        const schedule = await defineSchedule(await find(options.task), options, from)
        return { name, schedule, paused: options.paused ?? false }
      } catch (cause) {
        if (!(cause instanceof WindlassError)) throw cause
        throw new WindlassError('config_invalid', `schedules.${name}: ${cause.message}`, {
          cause,
          hint: cause.hint,
          detail: cause.detail,
        })
      }
    }),
  )
}
