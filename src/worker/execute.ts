// How a handler is called. `inline` calls it here, in this thread; threads and processes become further ways behind
// the same seam. Knows nothing of attempts, retries or the store.

import type { TaskContext, TaskType } from '../core/task-type.ts'

/** Runs one handler; answers its result or a promise of it, throws or rejects as it does. */
export type Execute = (type: TaskType, payload: unknown, context: TaskContext) => unknown

/** Calls the handler in this thread. */
export const inline: Execute = (type, payload, context) =>
  (type.run as ((payload: unknown, context: TaskContext) => unknown) | null)?.(payload, context)

/** True for anything that can be awaited, also a promise of another library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
