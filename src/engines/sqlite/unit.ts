// A unit of work: one write transaction as the verbs see it. Engine time is read once, numbers are drawn from the
// counters row, changes of state are gathered for the feed, hints for after the commit.
// Promises that counters and feed are written with the unit or not at all. Leaves BEGIN and COMMIT to writer.ts.

import type { Caches } from './caches.ts'
import type { Connection } from './connection.ts'
import { FeedNotes } from './feed.ts'
import { HintNotes } from '../sql/hint-notes.ts'
import { readPaused } from './queues.ts'
import { View } from './view.ts'

const READ = 'SELECT next, change, settings, work, cancels FROM windlass_counters WHERE one = 1'
const WRITE =
  'UPDATE windlass_counters SET next = ?, change = ?, settings = ?, work = ?, cancels = ? WHERE one = 1'

export class Unit extends View {
  readonly hints = new HintNotes()
  readonly feed = new FeedNotes()
  readonly #read: readonly number[]
  #next: number
  #settings: number
  readonly #after: (() => void)[] = []

  constructor(connection: Connection, caches: Caches, now: number) {
    super(connection, caches, now)
    this.#read = connection.get(READ) as unknown as number[]
    this.#next = this.#read[0] ?? 1
    this.#settings = this.#read[2] ?? 1
  }

  /** A number larger than all before: of a new task, or a place. */
  draw(): number {
    return this.#next++
  }

  /** To be done once the unit is committed, and never if it is not. */
  override remember(fact: () => void): void {
    this.#after.push(fact)
  }

  override paused(): ReadonlySet<string> {
    // Settings that this unit has changed are not committed yet: nothing of them may be remembered.
    const settled = this.#settings === this.#read[2]
    return readPaused(this.connection, settled ? this.caches : null, this.#settings)
  }

  /** Settings of a queue were changed: everybody reads them anew. */
  touchSettings(): void {
    this.#settings++
  }

  /** Writes what was gathered; the last step before the commit. */
  close(): void {
    const [next, change = 1, settings, work = 0, cancels = 0] = this.#read
    const { hints } = this
    const claimable = hints.has('work') || hints.has('due') || hints.has('any')
    const asked = hints.has('cancel')
    const told = this.feed.count
    this.feed.write(this.connection, change, this.now)
    if (this.#next === next && told === 0 && this.#settings === settings && !claimable && !asked) return
    this.connection.run(
      WRITE,
      this.#next,
      change + told,
      this.#settings,
      work + (claimable ? 1 : 0),
      cancels + (asked ? 1 : 0),
    )
  }

  /** Runs what waits for the commit. */
  committed(): void {
    for (const action of this.#after) action()
  }
}
