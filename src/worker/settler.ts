// Tells the store how attempts ended: in arrays, one call in flight, each outcome verbatim again and again until the
// store says applied, already or lost (CONTRACT rule 8). Waits with back-off while the store is away; never drops an
// ending. What an answer means for the attempt is the owner's business.

import { answerOf } from '../base/answer.ts'
import type { Cancel, Clock } from '../base/clock.ts'
import type { Log } from '../base/log.ts'
import { decide } from '../core/decide.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError, type ErrorCode } from '../core/errors.ts'
import type { Settlement, SettleReply } from '../core/hot-verbs.ts'
import { keepError } from '../core/kept-error.ts'
import { LIMITS } from '../core/limits.ts'
import type { TaskRecord } from '../core/record.ts'
import type { Attempt } from './attempt.ts'

/** An ending on its way. `attempt` null: a task that this process never ran. */
export interface Ended {
  settlement: Settlement
  readonly attempt: Attempt | null
}

export interface SettlerPorts {
  readonly engine: Engine
  readonly clock: Clock
  readonly log: Log
  readonly random: () => number
  /** How long the engine lets a call take, in ms. */
  readonly callTimeout: number
  readonly settled: (ended: Ended, reply: SettleReply) => void
  /** Endings leave now: what else is to be asked can travel with them. */
  readonly sending: () => void
  /** A call came back, so waiting endings made way. */
  readonly moved: () => void
}

/** Errors that are about the store and not about one row: waiting helps, splitting the batch does not. */
const STORE_ERRORS: ReadonlySet<ErrorCode> = new Set<ErrorCode>([
  'engine_closed',
  'engine_corrupt',
  'engine_full',
  'newer_schema',
  'not_migrated',
])

export class Settler {
  readonly #ports: SettlerPorts
  #queue: Ended[] = []
  #flying = 0
  #scheduled = false
  #failures = 0
  /** Batches shrink to find the one row that the store refuses, then grow again. */
  #most: number = LIMITS.batch
  #backoff: Cancel | null = null

  constructor(ports: SettlerPorts) {
    this.#ports = ports
  }

  /** Endings that the store has not answered yet. */
  get pending(): number {
    return this.#queue.length + this.#flying
  }

  push(ended: Ended): void {
    this.#queue.push(ended)
    this.#schedule()
  }

  /** Ends the back-off: the store was just reached. */
  retry(): void {
    if (this.#backoff === null) return
    this.#backoff()
    this.#backoff = null
    this.#schedule()
  }

  /** Endings of one tick share a call; those that come while a call flies share the next one. */
  #schedule(): void {
    if (this.#scheduled || this.#flying > 0 || this.#backoff !== null || this.#queue.length === 0) return
    this.#scheduled = true
    queueMicrotask(() => {
      this.#scheduled = false
      if (this.#flying === 0 && this.#queue.length > 0) void this.#flush()
    })
  }

  async #flush(): Promise<void> {
    const batch = this.#take()
    this.#flying = batch.length
    try {
      const { clock, engine, callTimeout } = this.#ports
      const settled = engine.settle(batch.map((one) => one.settlement))
      this.#ports.sending()
      const replies = await answerOf(clock, callTimeout, 'endings', settled)
      this.#flying = 0
      this.#failures = 0
      this.#most = Math.min(LIMITS.batch, this.#most * 2)
      for (const [i, ended] of batch.entries()) {
        const reply = replies[i]
        if (reply !== undefined) this.#ports.settled(ended, reply)
      }
    } catch (error) {
      this.#flying = 0
      this.#failed(batch, error)
    }
    this.#schedule()
    this.#ports.moved()
  }

  #take(): Ended[] {
    const queue = this.#queue
    let count = 0
    let bytes = 0
    for (const { settlement } of queue) {
      bytes += weightOf(settlement)
      if (count > 0 && (count >= this.#most || bytes > LIMITS.batchBytes)) break
      count++
    }
    if (count < queue.length) return queue.splice(0, count)
    this.#queue = []
    return queue
  }

  /** Everything goes back to the head of the line; only what surely is one row's fault is treated on its own. */
  #failed(batch: Ended[], error: unknown): void {
    const { clock, log, random } = this.#ports
    this.#queue = batch.concat(this.#queue)
    if (isRowsFault(error)) {
      if (batch.length > 1) {
        this.#most = batch.length >> 1
        return
      }
      if (replaceOutcome(batch[0], error)) return
    }
    this.#failures++
    const wait = Math.min(5_000, 50 * 2 ** Math.min(this.#failures, 10)) * (0.5 + random() / 2)
    if (this.#failures === 1 || this.#failures % 10 === 0)
      log.warn('endings could not be settled, they are kept and sent again', { endings: this.pending, error })
    this.#backoff = clock.timer(wait, () => {
      this.#backoff = null
      this.#schedule()
    })
  }
}

function weightOf({ outcome, followUps, logs }: Settlement): number {
  let bytes = outcome.result?.length ?? 0
  for (const one of followUps) bytes += one.payload.length
  for (const line of logs) bytes += line.message.length
  return bytes
}

function isRowsFault(error: unknown): boolean {
  return (
    error instanceof WindlassError && error.applied === 'no' && !error.retry && !STORE_ERRORS.has(error.code)
  )
}

const REFUSED = new WeakSet<Ended>()

/**
 * The store refuses what this ending carries, and surely took none of it. The task must end all the same: dead, with
 * the store's words. Once only; false when that was refused too.
 */
function replaceOutcome(ended: Ended | undefined, error: unknown): boolean {
  if (ended === undefined || REFUSED.has(ended)) return false
  REFUSED.add(ended)
  const judged = ended.attempt?.task ?? UNKNOWN_TASK
  const ending = { kind: 'fatal', error: keepError(error), reason: 'invalid_result', warnings: [] } as const
  const outcome = decide(ending, judged, 0)
  ended.settlement = { ...ended.settlement, outcome, followUps: [], logs: [] }
  return true
}

const UNKNOWN_TASK: Parameters<typeof decide>[1] & Partial<TaskRecord> = {
  retry: { kind: 'fixed', retries: 0, delay: 0 },
  crash: { crashes: 1, losses: 1, delays: [] },
  failures: 0,
  crashes: 0,
  losses: 0,
  timeout: null,
}
