// How a handler is called once everything is ready for it: by itself, or inside the middleware of the worker. The same
// in the worker's thread, in a thread of its own and in a process of its own. Knows nothing of attempts or the store.

import { WindlassError } from '../core/errors.ts'
import type { Middleware, TaskContext, TaskType } from '../core/task-type.ts'

/** Runs one handler; answers its result or a promise of it, throws or rejects as it does. */
export type Execute = (type: TaskType, payload: unknown, context: TaskContext) => unknown

/** Calls the handler in this thread. */
const inline: Execute = (type, payload, context) =>
  (type.run as ((payload: unknown, context: TaskContext) => unknown) | null)?.(payload, context)

/** The same inside of `middleware`, the first one outermost. Without any, nothing is put around the call. */
export function executeInside(middleware: readonly Middleware[]): Execute {
  if (middleware.length === 0) return inline
  return (type, payload, context) => {
    const step = async (at: number): Promise<unknown> => {
      const layer = middleware[at]
      if (layer === undefined) return inline(type, payload, context)
      let called = false
      return layer(context, () => {
        if (called)
          return Promise.reject(new WindlassError('invalid_option', 'a middleware called next() twice'))
        called = true
        return step(at + 1)
      })
    }
    return step(0)
  }
}

/** True for anything that can be awaited, also a promise of another library. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
