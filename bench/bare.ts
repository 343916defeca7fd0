// The yardstick of each engine: what a careful hand could write for one purpose on the same store. It does the same
// durable work (the same durability, batches and columns, a unique id, priorities, a token that guards each settlement,
// results and history kept) and nothing else: no schedules, unique keys, retries, leases, feed, search or retention.

/** A task as a loop is given it. */
export interface BareTask {
  readonly id: string
  readonly payload: string
  readonly digest: string
}

export interface Bare {
  /** Enqueues in one commit. */
  enqueue(tasks: readonly BareTask[]): Promise<void> | void
  /** Claims and settles until nothing is left, with at most so many in hand; answers how many were settled. */
  workOff(concurrency: number): Promise<number> | number
  close(): Promise<void> | void
}

/** What a commit of a server takes does not keep the process busy: so many commits are under way at once. */
const LANES = 2

/** The number of tasks settled by `LANES` loops that share what may be in hand. */
export async function inLanes(
  concurrency: number,
  lane: (limit: number, index: number) => Promise<number>,
): Promise<number> {
  const limit = Math.max(1, Math.floor(concurrency / LANES))
  const counts = await Promise.all(Array.from({ length: LANES }, (_, index) => lane(limit, index)))
  return counts.reduce((sum, count) => sum + count, 0)
}

/** Turns until nothing is claimed: each settles what the one before claimed. */
export async function turns<Task>(
  turn: (held: readonly Task[]) => Promise<{ readonly settled: number; readonly claimed: readonly Task[] }>,
): Promise<number> {
  let count = 0
  let held: readonly Task[] = []
  do {
    const { settled, claimed } = await turn(held)
    count += settled
    held = claimed
  } while (held.length > 0)
  return count
}
