// What the two lanes of enqueue have in common on all servers (CONTRACT rules 14, 16, 17): which tasks may go the plain
// one, and what becomes of a batch in the keyed one when somebody's open transaction holds an id or a key of it: item by
// item, so that only the one that is in somebody's way is told. Waits for no more than a few seconds.

import { WindlassError } from '../../core/errors.ts'
import type { EnqueueReply, NewTask } from '../../core/hot-verbs.ts'

/** When so many items are held up nothing more is tried: each was waited for as long as a lock is waited for. */
const PATIENCE = 3

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
  const replies: EnqueueReply[] = []
  const held: unknown[] = []
  for (const task of tasks) {
    try {
      replies.push(...(await enqueue([task])))
    } catch (error) {
      if (!holds(error)) throw inPart(error, replies)
      held.push(error)
      // Time that goes by while items are enqueued is no reason: a slow machine is in nobody's way.
      if (held.length === PATIENCE) break
    }
  }
  if (held.length === 0) return replies
  throw inPart(held[0], replies)
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
