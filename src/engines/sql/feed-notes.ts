// The changes of one unit of work, packed into one text (ADR 0005), and the way back to single changes.
// Consecutive changes that are alike in all but the id share a run. Where cursors come from is the engine's business.

import type { Change } from '../../core/cold-verbs.ts'
import { stateOf, type StateCode } from './words.ts'

/** Stands for a state: the task is gone. */
export const DELETED = 9
export type Told = StateCode | typeof DELETED

/** Consecutive changes that are alike in all but the id. */
type Run = [type: string, queue: string, state: Told, attempt: number, ids: string[]]

export class FeedNotes {
  readonly #runs: Run[] = []
  count = 0

  tell(
    { id, type, queue, attempt }: { id: string; type: string; queue: string; attempt: number },
    state: Told,
  ): void {
    this.count++
    const run = this.#runs.at(-1)
    if (run !== undefined && run[2] === state && run[3] === attempt && run[0] === type && run[1] === queue) {
      run[4].push(id)
    } else {
      this.#runs.push([type, queue, state, attempt, [id]])
    }
  }

  /** All changes as one text. */
  pack(): string {
    return JSON.stringify(this.#runs)
  }
}

/** The changes of a packed text, the first of which has the cursor `first`. */
export function unpackChanges(first: number, at: number, items: string): Change[] {
  let cursor = first
  return (JSON.parse(items) as Run[]).flatMap(([type, queue, code, attempt, ids]) => {
    const state = code === DELETED ? 'deleted' : stateOf(code)
    return ids.map((id) => ({ cursor: cursor++, at, id, type, queue, state, attempt }))
  })
}
