// The part of a task that tasks of one type share: stored once, under a number, and remembered by each engine.
// Promises that only committed facts are remembered. Where there are too many different ones, the text is on the row.

import type { TaskSpec } from '../../core/record.ts'

/** The part of a task that tasks of one type share. */
export type Policy = Pick<TaskSpec, 'retry' | 'crash' | 'keep' | 'timeout' | 'codec' | 'payloadVersion'>

/** More different policies than this are written into each task instead. */
export const SHARED_POLICIES = 1_000
const REMEMBERED = 10_000

export class Policies {
  readonly #byNumber = new Map<number, Policy>()
  readonly #numbers = new Map<string, number | null>()
  #last: { readonly of: Policy; readonly text: string } | null = null

  /** The number of a shared policy; null: it is written into the task; undefined: not known yet. */
  numberOf(text: string): number | null | undefined {
    return this.#numbers.get(text)
  }

  remember(n: number, text: string): void {
    if (this.#byNumber.size >= REMEMBERED) this.#byNumber.clear()
    if (this.#numbers.size >= REMEMBERED) this.#numbers.clear()
    this.#byNumber.set(n, JSON.parse(text) as Policy)
    this.#numbers.set(text, n)
  }

  /** There are too many: this one stays in its tasks. */
  rememberUnshared(text: string): void {
    if (this.#numbers.size >= REMEMBERED) this.#numbers.clear()
    this.#numbers.set(text, null)
  }

  knows(n: number | null): boolean {
    return n === null || this.#byNumber.has(n)
  }

  /** The policy of a row, which must be known. */
  of({ policy, policyText }: { readonly policy: number | null; readonly policyText: string | null }): Policy {
    const known = policy === null ? undefined : this.#byNumber.get(policy)
    return known ?? (JSON.parse(policyText ?? '{}') as Policy)
  }

  /** The text of a task's policy. Tasks of one type share the parts by reference, which spares writing it anew. */
  textOf(task: Policy): string {
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
