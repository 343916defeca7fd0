// Whether a task is one that a filter asks for, for engines that have no index for it. Pure, so that every engine finds
// the same: text is looked for without regard to case, in id, type, unique key, tags, payload and error message.

import type { TaskFilter } from './cold-verbs.ts'
import type { TaskRecord } from './record.ts'

/** By the fields that an index may narrow down. */
export function isSelected(task: TaskRecord, filter: TaskFilter): boolean {
  return (
    (filter.states === undefined || filter.states.includes(task.state)) &&
    (filter.queue === undefined || filter.queue === task.queue) &&
    (filter.type === undefined || filter.type === task.type) &&
    (filter.group === undefined || filter.group === task.group) &&
    (filter.parentId === undefined || filter.parentId === task.parentId) &&
    (filter.createdFrom === undefined || filter.createdFrom <= task.createdAt) &&
    (filter.createdTo === undefined || task.createdAt < filter.createdTo)
  )
}

/** By tag and text, for which every row has to be looked at. */
export function matcherOf({ tag, text }: TaskFilter): (task: TaskRecord) => boolean {
  const wanted = text?.toLowerCase()
  return (task) =>
    (tag === undefined || task.tags.includes(tag)) &&
    (wanted === undefined ||
      [task.id, task.type, task.uniqueKey, ...task.tags, task.payload, task.error?.message].some(
        (field) => field?.toLowerCase().includes(wanted) === true,
      ))
}
