// Reading the changes feed (ADR 0005). Units append what they changed without a cursor; whoever reads gives cursors to
// what has become visible since, in the order of appending, one reader at a time, which is the engine's business.
// Promises that a reader who is too late is told of the gap.

import type { Change, ChangePage } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { unpackChanges } from './feed-notes.ts'
import type { Row } from './task-row.ts'

/** How an engine reads rows of the feed. */
export interface FeedLooks<L> {
  /** The oldest cursor that is kept, null for none, and the newest. */
  ends(look: L): Promise<{ readonly oldest: number | null; readonly newest: number }>
  /** Rows from the one that holds a cursor on: first, at, items. */
  rows(look: L, from: number, limit: number): Promise<readonly Row[]>
}

/** Rows that are read at once: each holds one change at least, most hold many. */
const STEP = 100

/** A page of changes after `since`, all of which have cursors; `since` below 0 asks for the newest cursor only. */
export async function readPage<L>(
  looks: FeedLooks<L>,
  look: L,
  since: number,
  limit: number,
): Promise<ChangePage> {
  const { oldest, newest } = await looks.ends(look)
  if (since < 0) return { changes: [], cursor: newest, gap: false }
  const dropped = oldest === null ? newest : oldest - 1
  const start = Math.max(since, dropped)
  const changes = await readAfter(looks, look, start, Math.min(limit, LIMITS.page))
  return { changes, cursor: changes.at(-1)?.cursor ?? start, gap: since < dropped }
}

async function readAfter<L>(looks: FeedLooks<L>, look: L, start: number, wanted: number): Promise<Change[]> {
  const changes: Change[] = []
  let from = start + 1
  while (changes.length < wanted) {
    const rows = await looks.rows(look, from, Math.min(STEP, wanted - changes.length))
    const found = rows
      .flatMap(([first, at, items]) => unpackChanges(first as number, at as number, items as string))
      .filter((change) => change.cursor >= from)
    const last = found.at(-1)
    if (last === undefined) break
    changes.push(...found.slice(0, wanted - changes.length))
    from = last.cursor + 1
  }
  return changes
}
