// What `find` and bulk verbs may be asked for: read, checked and brought into the form that engines take.
// Unknown keys and states are refused with the nearest known one. Leaves paging to the callers.

import type { TaskFilter } from '../core/cold-verbs.ts'
import { show } from '../core/duration.ts'
import { WindlassError } from '../core/errors.ts'
import { checkKeys, suggest } from '../core/keys.ts'
import { LIMITS } from '../core/limits.ts'
import { readInstant } from '../core/new-task.ts'
import { TASK_STATES, type TaskRecord, type TaskState } from '../core/record.ts'
import { checkName } from '../core/task-type.ts'

/** What `find` looks for; every member narrows. */
export interface FindOptions {
  readonly state?: TaskState | readonly TaskState[]
  readonly queue?: string
  readonly type?: string
  readonly id?: string
  readonly tag?: string
  /** In id, type, unique key, tags, payload, error message; over the newest 20,000 that the rest leaves. */
  readonly text?: string
  readonly group?: string
  readonly parentId?: string
  /** Inclusive. */
  readonly createdFrom?: Date | string | number
  /** Exclusive. */
  readonly createdTo?: Date | string | number
  /** 1–1,000. Default 100. */
  readonly limit?: number
  /** `next` of the page before. */
  readonly cursor?: string | null
}

const FIND_KEYS = [
  'state',
  'queue',
  'type',
  'id',
  'tag',
  'text',
  'group',
  'parentId',
  'createdFrom',
  'createdTo',
  'limit',
  'cursor',
] as const

/** A filter for the engine. @throws WindlassError `unknown_option`, `invalid_option` */
export function readFilter(options: FindOptions): TaskFilter {
  checkKeys(options, FIND_KEYS, 'find')
  const text = (name: 'queue' | 'type' | 'tag' | 'group' | 'parentId') =>
    options[name] === undefined ? {} : { [name]: checkName(options[name], name) }
  return {
    ...readStates(options.state),
    ...text('queue'),
    ...text('type'),
    ...text('tag'),
    ...text('group'),
    ...text('parentId'),
    ...(options.text === undefined || options.text === '' ? {} : { text: checkName(options.text, 'text') }),
    ...(options.createdFrom === undefined
      ? {}
      : { createdFrom: readInstant(options.createdFrom, 'createdFrom') }),
    ...(options.createdTo === undefined ? {} : { createdTo: readInstant(options.createdTo, 'createdTo') }),
    limit: readLimit(options.limit, 100),
    cursor: options.cursor ?? null,
  }
}

function readStates(state: FindOptions['state']): { states?: readonly TaskState[] } {
  if (state === undefined) return {}
  const states = typeof state === 'string' ? [state] : state
  for (const one of states) {
    if (TASK_STATES.includes(one)) continue
    throw new WindlassError('invalid_option', `there is no state ${show(one)}${suggest(one, TASK_STATES)}`)
  }
  return states.length === 0 ? {} : { states }
}

/** A page's size, within its bounds. @throws WindlassError `invalid_option` */
export function readLimit(limit: unknown, fallback: number): number {
  if (limit === undefined) return fallback
  if (typeof limit === 'number' && Number.isInteger(limit) && limit >= 1) return Math.min(limit, LIMITS.page)
  throw new WindlassError(
    'invalid_option',
    `limit is a whole number from 1 to ${LIMITS.page}, not ${show(limit)}`,
  )
}

/** Does this very task fit? Text is not looked at. */
export function fitsFilter(task: TaskRecord, filter: TaskFilter): boolean {
  return (
    (filter.states === undefined || filter.states.includes(task.state)) &&
    (filter.queue === undefined || filter.queue === task.queue) &&
    (filter.type === undefined || filter.type === task.type) &&
    (filter.tag === undefined || task.tags.includes(filter.tag)) &&
    (filter.group === undefined || filter.group === task.group) &&
    (filter.parentId === undefined || filter.parentId === task.parentId) &&
    (filter.createdFrom === undefined || task.createdAt >= filter.createdFrom) &&
    (filter.createdTo === undefined || task.createdAt < filter.createdTo)
  )
}
