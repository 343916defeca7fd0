// What one engine remembers of the store between calls beside what every SQL engine does: kinds (queue and type) that are
// registered, and the queues as a claim needs them, which each claim checks.

import type { ClaimedTask } from '../sql/claimed-tasks.ts'
import { SqlMemory } from '../sql/memory.ts'

/** Queues as a claim needs them; checked by each claim. */
export interface KnownQueues {
  /** Of all kinds, paused ones as well. */
  readonly all: readonly string[]
  /** How many kinds there were: kinds are only ever added. */
  readonly kinds: number
  readonly paused: readonly string[]
}

export class Memory extends SqlMemory<ClaimedTask> {
  queues: KnownQueues = { all: [], kinds: 0, paused: [] }
}
