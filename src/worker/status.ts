// What a worker tells about itself: where it stands, what it runs, what it did so far. Plain data for logs, commands
// and tests; counters of this process only, since its start.

import type { OutcomeKind } from '../core/record.ts'

export interface RunningTask {
  readonly id: string
  readonly type: string
  readonly queue: string
  readonly attempt: number
  /** How long the handler has run, in ms. */
  readonly runsFor: number
  /** Why it was told to stop; null: it was not. */
  readonly stopped: string | null
  /** Its attempt is over for the store, only the handler goes on. */
  readonly givenUp: boolean
}

export interface WorkerCounters {
  claimed: number
  /** Endings that the store took, by kind. */
  readonly settled: Record<OutcomeKind, number>
  /** Endings that came too late: the task was not ours any more. */
  stale: number
  /** Attempts that were told to stop because the task was not ours any more. */
  lost: number
  /** Tasks of dead workers that this one brought back. */
  rescued: number
  /** How often it was deaf. */
  deaf: number
}

/** Why a worker is taken to be deaf. */
export interface Deafness {
  /** `unanswered`: no claim was answered. `overlooked`: claims were, but tasks of its queues stayed ready all the while. */
  readonly kind: 'unanswered' | 'overlooked'
  /** For how long, in ms. */
  readonly time: number
  /** Ids of tasks that were overlooked, a few of them. */
  readonly tasks: readonly string[]
}

export interface WorkerStatus {
  readonly state: 'new' | 'running' | 'draining' | 'stopped'
  readonly name: string
  readonly session: string | null
  readonly concurrency: number
  readonly queues: readonly string[] | null
  readonly types: readonly string[]
  readonly running: readonly RunningTask[]
  /** Tasks that run in no slot yet: each waits to run alone. */
  readonly waiting: number
  /** Endings that the store has not taken yet. */
  readonly unsettled: number
  /** Paused queues, as last heard. */
  readonly paused: readonly string[]
  /** How long ago the store last answered a claim, in ms; null: never. Above 10 s only while no slot is free. */
  readonly claimAnswered: number | null
  readonly counters: Readonly<WorkerCounters>
}

/** All zero. */
export function newCounters(): WorkerCounters {
  return {
    claimed: 0,
    settled: {
      succeed: 0,
      retry: 0,
      die: 0,
      cancel: 0,
      snooze: 0,
      release: 0,
      crash: 0,
      loss: 0,
      deadline: 0,
      expire: 0,
    },
    stale: 0,
    lost: 0,
    rescued: 0,
    deaf: 0,
  }
}
