// The task type that figures about workers run, and the inputs they enqueue.

import { defineTask, type TaskType } from '../src/core/task-type.ts'

/** A handler that does nothing, and tells that it was called. */
export function noop(called: (id: string) => void = () => {}): TaskType<unknown, void> {
  return defineTask({
    name: 'sample',
    run: async (_payload: unknown, context) => {
      called(context.id)
    },
  })
}

/** About 200 bytes of JSON, the same for each. */
export const INPUT = { path: '/data/input/file.bin', note: 'x'.repeat(160) }

/** So many inputs, in chunks of 1,000. */
export function inputs(count: number): (typeof INPUT)[][] {
  const chunk = Array.from({ length: 1_000 }, () => INPUT)
  return Array.from({ length: Math.ceil(count / 1_000) }, (_, i) => chunk.slice(0, count - i * 1_000))
}
