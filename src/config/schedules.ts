// The schedules that a config declares: as an object by name, or as a list with names. Checked here but for their task
// types, which may live in files that are not imported by everybody. What they come to is core/schedule.ts.

import { show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { checkOwnName, readTiming, type ScheduleOptions } from '../core/schedule.ts'

/** As declared: rules and policies are known to be right. */
export interface DeclaredOptions {
  readonly name: string
  readonly options: ScheduleOptions
  /** Milliseconds that a bare number counts. */
  readonly unit: 1 | 1_000
}

/**
 * The declared schedules; null: the config says nothing of schedules.
 * @param where how the config is called for people
 * @throws WindlassError `config_invalid` that names the schedule
 */
export function readSchedules(
  value: unknown,
  where: string,
  unit: 1 | 1_000,
): readonly DeclaredOptions[] | null {
  if (value === undefined || value === null) return null
  if (typeof value !== 'object')
    throw new WindlassError('config_invalid', `${where}: schedules is an object by name, not ${show(value)}`)
  const entries: [unknown, unknown][] = Array.isArray(value) ? value.map(nameOf) : Object.entries(value)
  const seen = new Set<string>()
  return entries.map(([name, options]) => {
    const declared = readOne(name, options, where, unit)
    if (seen.has(declared.name))
      throw new WindlassError('config_invalid', `${where}: two schedules have the name ${show(name)}`)
    seen.add(declared.name)
    return declared
  })
}

function nameOf(entry: unknown): [unknown, unknown] {
  if (typeof entry !== 'object' || entry === null || !('name' in entry)) return [undefined, entry]
  const { name, ...options } = entry
  return [name, options]
}

function readOne(name: unknown, options: unknown, where: string, unit: 1 | 1_000): DeclaredOptions {
  try {
    const checked = checkOwnName(name)
    readTiming(options as ScheduleOptions, unit)
    return { name: checked, options: options as ScheduleOptions, unit }
  } catch (cause) {
    if (!(cause instanceof WindlassError)) throw cause
    const path = typeof name === 'string' ? `schedules.${name}` : 'schedules'
    throw new WindlassError('config_invalid', `${where}: ${path}: ${cause.message}`, {
      cause,
      hint: cause.hint,
      detail: { ...cause.detail, key: path },
    })
  }
}
