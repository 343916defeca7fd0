// Writing notices of deaths before the deaths are settled (core/death-notice.ts), for workers, supervisors and sweeps.
// Promises that when it resolves each task has a notice of its present attempt. Finding them again and calling `onDead`
// is the worker's business, for only it knows the task types.

import { DEATH_DOCUMENT, writeDeathNotice } from '../core/death-notice.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { TaskRecord } from '../core/record.ts'

/** What it needs of the contract. */
export interface NoticeBoard {
  readonly documents: Pick<Engine['documents'], 'put'>
}

const REPEATS = 5

/** Writes a notice for each task that is about to be settled as dead. */
export async function writeDeathNotices(
  { documents }: NoticeBoard,
  tasks: readonly TaskRecord[],
): Promise<void> {
  let open = tasks.map(({ id, type, attempt }) => ({
    kind: DEATH_DOCUMENT,
    key: id,
    version: 0,
    body: writeDeathNotice({ type, attempt, until: 0 }),
  }))
  for (let tries = 0; open.length > 0; tries++) {
    if (tries === REPEATS)
      throw new WindlassError('engine_busy', 'a notice of a death changes all the time', { applied: 'no' })
    const replies = await documents.put(open)
    // One of an earlier death, or of a settlement that never came: this one takes its place.
    open = open.flatMap((one, i) => {
      const reply = replies[i]
      return reply?.status === 'conflict' ? [{ ...one, version: reply.version }] : []
    })
  }
}
