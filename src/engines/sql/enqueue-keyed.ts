// What the two lanes of enqueue have in common on all servers (CONTRACT rules 14, 16, 17): which tasks may go the plain
// one, and what becomes of a batch in the keyed one when somebody's open transaction holds an id or a key of it: item by
// item, so that only the one that is in somebody's way is told. Waits for no more than a few seconds.

import { WindlassError } from '../../core/errors.ts'
import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'

/** Time after which nothing more is tried when several items are held up, in ms. */
const PATIENCE = 3_000

/** Nobody else can have the id, no key is asked for, and whether it is due does not depend on the clock. */
export function isPlain({ minted, unique, due, expires }: NewTask): boolean {
  return (
    minted && unique === null && 'after' in due && due.after >= 0 && (expires === null || 'after' in expires)
  )
}

/**
 * Enqueues a batch, or item by item where it is held up.
 * @param enqueue one unit of work
 * @param isHeldUp is somebody else's open transaction what the unit failed of?
 * @throws WindlassError `engine_busy`, with `unknown` where some items were enqueued and one was not
 */
export async function enqueueKeyed(
  tasks: readonly NewTask[],
  enqueue: (tasks: readonly NewTask[]) => Promise<EnqueueReply[]>,
  isHeldUp: (error: WindlassError) => boolean,
): Promise<EnqueueReply[]> {
  const holds = (error: unknown): boolean => error instanceof WindlassError && isHeldUp(error)
  try {
    return await enqueue(tasks)
  } catch (error) {
    if (tasks.length === 1 || !holds(error)) throw error
  }
  const until = performance.now() + PATIENCE
  const replies: EnqueueReply[] = []
  let held: unknown = null
  for (const task of tasks) {
    if (performance.now() > until) break
    try {
      replies.push(...(await enqueue([task])))
    } catch (error) {
      if (!holds(error)) throw inPart(error, replies)
      held = error
    }
  }
  if (replies.length === tasks.length) return replies
  throw inPart(held, replies)
}

/** Some items were enqueued and one was not: only repeating with the same ids tells which. */
function inPart(error: unknown, done: readonly EnqueueReply[]): unknown {
  if (done.length === 0 || !(error instanceof WindlassError)) return error
  return new WindlassError(error.code, error.message, {
    cause: error,
    applied: 'unknown',
    detail: error.detail,
  })
}
