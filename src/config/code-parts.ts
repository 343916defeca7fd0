// What only a config in code can hold, as it was given: task types, middleware, codecs. Checked by shape, as another copy
// of the package may have made them. Leaves task types that are named by globs to tasks.ts.

import type { Codec } from '../core/codec.ts'
import { show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import type { Middleware, TaskType } from '../core/task-type.ts'

export function readTasks(tasks: unknown): readonly (TaskType | string)[] {
  if (tasks === undefined || tasks === null) return []
  const list: unknown[] = Array.isArray(tasks) ? tasks : [tasks]
  return list.map((one) => {
    if (typeof one === 'string' && one !== '') return one
    if (isTaskType(one)) return one
    throw new WindlassError('config_invalid', `tasks takes task types and globs of files, not ${show(one)}`, {
      hint: 'Make task types with defineTask({ name, run, … }).',
    })
  })
}

export function readDefaultTask(value: unknown): string | null {
  if (value === undefined || value === null) return null
  if (typeof value === 'string' && value !== '') return value
  if (isTaskType(value)) return value.name
  throw new WindlassError('config_invalid', `defaultTask is a task type or its name, not ${show(value)}`)
}

export function readMiddleware(middleware: unknown): readonly Middleware[] {
  if (middleware === undefined || middleware === null) return []
  if (Array.isArray(middleware) && middleware.every((one) => typeof one === 'function'))
    return middleware as Middleware[]
  throw new WindlassError('config_invalid', 'middleware is a list of functions (ctx, next)')
}

export function readCodecs(codecs: unknown): readonly Codec[] {
  if (codecs === undefined || codecs === null) return []
  if (Array.isArray(codecs) && codecs.every(isCodec)) return codecs
  throw new WindlassError('config_invalid', 'codecs is a list of { name, encode(text), decode(text) }')
}

function isCodec(value: unknown): value is Codec {
  const codec = value as Partial<Codec> | null
  return (
    typeof codec === 'object' &&
    typeof codec?.name === 'string' &&
    typeof codec.encode === 'function' &&
    typeof codec.decode === 'function'
  )
}

/** By shape: another copy of the package may have made it. */
export function isTaskType(value: unknown): value is TaskType {
  if (typeof value !== 'object' || value === null) return false
  return 'name' in value && typeof value.name === 'string' && 'retryFunction' in value && 'isolation' in value
}
