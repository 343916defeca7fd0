// When a worker process has done enough and another one is to take its place: by finished tasks, by age, by memory.
// One pure function over what the worker told. Leaves renewing it to slot.ts.

/** Limits of one worker process; null: none. */
export interface RecycleLimits {
  /** Attempts that it ended. */
  readonly tasks: number | null
  /** In ms. Each process draws its own between four fifths of it and all of it, so that not all go at once. */
  readonly age: number | null
  /** Resident memory in bytes. */
  readonly memory: number | null
}

export const NO_LIMITS: RecycleLimits = { tasks: null, age: null, memory: null }

/** Names the limit that was reached. */
export type RecycleReason = 'tasks' | 'age' | 'memory'

const JITTER = 0.2

/**
 * Why to renew it; null: it may go on.
 * @param told what it last told; null: nothing yet
 * @param age in ms
 * @param draw 0 ≤ x < 1, drawn once for each process
 */
export function whyRecycle(
  limits: RecycleLimits,
  told: { readonly finished: number; readonly rss: number } | null,
  age: number,
  draw: number,
): RecycleReason | null {
  if (limits.memory !== null && told !== null && told.rss > limits.memory) return 'memory'
  if (limits.tasks !== null && told !== null && told.finished >= limits.tasks) return 'tasks'
  if (limits.age !== null && age >= limits.age * (1 - JITTER * draw)) return 'age'
  return null
}
