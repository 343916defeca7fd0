// What one engine remembers of a store between units of work: only what never changes once it was committed, or
// what carries the number by which a change is noticed. Filled after commits, so that nothing rolled back stays.

import type { TaskSpec } from '../../core/record.ts'

/** The part of a task that tasks of one type share; stored once. */
export type Policy = Pick<TaskSpec, 'retry' | 'crash' | 'keep' | 'timeout' | 'codec' | 'payloadVersion'>

/** A session by its short number. */
export interface Worker {
  readonly session: string
  readonly name: string
}

/** What a settlement needs of the task that this engine claimed; true as long as the token is. */
export interface ClaimedTask {
  readonly seq: number
  readonly claimId: string
  readonly attempt: number
  readonly queue: string
  readonly type: string
  readonly keep: number
  /** To be freed at the end. */
  readonly uniqueKey: string | null
}

const CLAIMED = 20_000
const POLICIES = 10_000
const WORKERS = 10_000

export class Caches {
  /** Changes that a sweep leaves. */
  readonly changesKept: number
  readonly policies = new Map<number, Policy>()
  readonly policyNumbers = new Map<string, number>()
  readonly workers = new Map<number, Worker>()
  /** Paused queues as of a number of the settings. */
  paused: { readonly settings: number; readonly queues: ReadonlySet<string> } | null = null
  /** By task id. Bounded: the oldest make way, and a settlement without it reads the row. */
  readonly #claimed = new Map<string, ClaimedTask>()
  /** Finished tasks as last counted. */
  counted: { readonly count: number; readonly at: number } | null = null
  #last: { readonly of: Policy; readonly text: string } | null = null

  constructor(changesKept: number) {
    this.changesKept = changesKept
  }

  claimed(id: string): ClaimedTask | undefined {
    return this.#claimed.get(id)
  }

  forget(id: string): void {
    this.#claimed.delete(id)
  }

  rememberClaimed(id: string, task: ClaimedTask): void {
    this.#claimed.set(id, task)
    if (this.#claimed.size <= CLAIMED) return
    for (const oldest of this.#claimed.keys()) {
      this.#claimed.delete(oldest)
      break
    }
  }

  rememberWorker(n: number, worker: Worker): void {
    if (this.workers.size >= WORKERS) this.workers.clear()
    this.workers.set(n, worker)
  }

  rememberPolicy(n: number, text: string, policy: Policy): void {
    if (this.policies.size >= POLICIES) this.policies.clear()
    if (this.policyNumbers.size >= POLICIES) this.policyNumbers.clear()
    this.policies.set(n, policy)
    this.policyNumbers.set(text, n)
  }

  /** The text of a task's policy. Tasks of one type share the parts by reference, which spares writing it anew. */
  policyText(task: Policy): string {
    const last = this.#last?.of
    if (
      last !== undefined &&
      last.retry === task.retry &&
      last.crash === task.crash &&
      last.keep === task.keep &&
      last.timeout === task.timeout &&
      last.codec === task.codec &&
      last.payloadVersion === task.payloadVersion
    )
      return this.#last?.text ?? ''
    const { retry, crash, keep, timeout, codec, payloadVersion } = task
    const of = { retry, crash, keep, timeout, codec, payloadVersion }
    const text = JSON.stringify(of)
    this.#last = { of, text }
    return text
  }
}
