// Tasks that a process died of once already wait here until they can run alone, so that a poisoned one takes nobody
// with it (CONTRACT rule 7). Claiming is held back meanwhile, so they do not starve; one that waited too long is handed
// back uncharged and taken again when nothing else runs, so that its deadline is not eaten by the wait.

import type { Attempt } from './attempt.ts'

/** Shortest wait that is worth handing a task back for. */
const PATIENCE = 1_000

export class Quarantine {
  readonly #waiting: Attempt[] = []
  #alone: Attempt | null = null
  #handedBack = false

  /** True for a task that must run alone. */
  static suspects(attempt: Attempt): boolean {
    return attempt.task.crashes > 0
  }

  get waiting(): readonly Attempt[] {
    return this.#waiting
  }

  /** How many tasks may be claimed when `free` slots are free and `running` are taken. */
  room(free: number, running: number): number {
    if (this.#waiting.length > 0 || this.#alone !== null) return 0
    // One that was handed back comes first at its old place: take one task, with nothing beside it.
    if (this.#handedBack) return running === 0 ? 1 : 0
    return free
  }

  /** A claim brought tasks, so the careful one is over. */
  claimed(): void {
    this.#handedBack = false
  }

  add(attempt: Attempt): void {
    this.#waiting.push(attempt)
  }

  /** Takes it out of the line; false: it does not wait. */
  remove(attempt: Attempt): boolean {
    const at = this.#waiting.indexOf(attempt)
    if (at >= 0) this.#waiting.splice(at, 1)
    return at >= 0
  }

  /** The next one, when nothing runs: to be started, or to be handed back because it waited too long. */
  next(running: number, now: number): { readonly attempt: Attempt; readonly start: boolean } | null {
    if (running > 0) return null
    const attempt = this.#waiting.shift()
    if (attempt === undefined) return null
    const start = now - attempt.claimedAt <= Math.max(PATIENCE, (attempt.task.timeout ?? 0) / 10)
    if (start || attempt.task.timeout === null) {
      this.#alone = attempt
      return { attempt, start: true }
    }
    this.#handedBack = true
    return { attempt, start: false }
  }

  /** It was handed back out of turn, before its deadline could pass. */
  handedBack(): void {
    this.#handedBack = true
  }

  /** A slot got free. */
  ended(attempt: Attempt): void {
    if (this.#alone === attempt) this.#alone = null
  }
}
