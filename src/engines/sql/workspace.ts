// What one unit of work knows and has changed: rows that were loaded (and locked) before, and what the verbs make of
// them. The verbs run here without waiting for anything; the engine loads before and stores afterwards, each in a
// few statements, whatever the number of items.
// Promises that a row is written once however often it changed. Leaves loading and storing to the engine.

import { DEFAULTS } from '../../core/limits.ts'
import type { LogLine } from '../../core/record.ts'
import { FeedNotes } from './feed-notes.ts'
import { HintNotes } from './hint-notes.ts'
import type { Policies, Policy } from './policies.ts'
import type { TaskRow } from './task-row.ts'
import { CANCELLED, codeOfOutcome, isFinalCode } from './words.ts'

/** In which table a row is. */
export type Home = 'tasks' | 'finished'

export interface Entry {
  readonly row: TaskRow
  /** Where it was loaded from; null: it is new. */
  readonly from: Home | null
  /** Where it belongs now; null: it is gone. */
  to: Home | null
  changed: boolean
  /** Of a new task. */
  readonly payload: string | null
}

/** Who holds a unique key. */
export interface KeyHolder {
  readonly task: string
  readonly until: number | null
}

/** An ended attempt with a row of its own. */
export interface KeptAttempt {
  readonly task: string
  readonly attempt: number
  readonly session: number | null
  readonly startedAt: number
  readonly endedAt: number
  readonly outcome: number
  readonly reason: string | null
  readonly error: string | null
  readonly warnings: string | null
  /** False: one that is there already stays. */
  readonly replace: boolean
}

export class Workspace {
  readonly now: number
  readonly policies: Policies
  readonly entries = new Map<string, Entry>()
  /** Loaded holders of keys, as they stand after the verbs so far; null: free. */
  readonly keys = new Map<string, KeyHolder | null>()
  readonly keysTaken = new Map<string, KeyHolder>()
  /** Keys to be freed if this task holds them. */
  readonly keysFreed: { readonly key: string; readonly task: string }[] = []
  /** Digests by the id of tasks that are gone. */
  readonly tombstones = new Map<string, string>()
  readonly buried: { readonly id: string; readonly digest: string; readonly until: number }[] = []
  /** Numbers of the sessions that live, as far as they were asked for. */
  readonly live = new Set<number>()
  readonly attempts: KeptAttempt[] = []
  /** Rows that came to another queue and rank than they waited in: nobody may have waited there before. */
  readonly moved: TaskRow[] = []
  readonly logs: { readonly task: string; readonly lines: readonly LogLine[] }[] = []
  readonly feed = new FeedNotes()
  readonly hints = new HintNotes()
  readonly #places: () => number

  /** @param places draws from the places that were reserved for this unit */
  constructor(now: number, policies: Policies, places: () => number) {
    this.now = now
    this.policies = policies
    this.#places = places
  }

  /** A place behind all that were drawn before. */
  draw(): number {
    return this.#places()
  }

  load(row: TaskRow, from: Home): void {
    this.entries.set(row.id, { row, from, to: from, changed: false, payload: null })
  }

  /** The row of a task that is there. */
  find(id: string): Entry | null {
    const entry = this.entries.get(id)
    return entry === undefined || entry.to === null ? null : entry
  }

  add(row: TaskRow, payload: string): void {
    this.entries.set(row.id, { row, from: null, to: 'tasks', changed: true, payload })
  }

  policyOf(row: TaskRow): Policy {
    return this.policies.of(row)
  }

  /** The task that holds a key now. */
  holderOf(key: string): string | null {
    const holder = this.keys.get(key)
    if (holder === undefined || holder === null) return null
    if (holder.until !== null && holder.until <= this.now) return null
    return this.find(holder.task) === null ? null : holder.task
  }

  takeKey(key: string, holder: KeyHolder): void {
    this.keys.set(key, holder)
    this.keysTaken.set(key, holder)
  }

  /** Frees a key that the task holds; not one that lapsed and was taken by another. */
  freeKey(key: string | null, task: string): void {
    if (key === null) return
    this.keysFreed.push({ key, task })
    if (this.keys.get(key)?.task !== task) return
    this.keys.set(key, null)
    this.keysTaken.delete(key)
  }

  /** Makes a task final; `kept` as its policy says. */
  finish(entry: Entry, state: 3 | 4 | 5): void {
    const { row } = entry
    const { keep } = this.policyOf(row)
    row.state = state
    row.finishedAt = this.now
    row.kept = state === 3 ? keep.succeeded : keep.dead
    row.back = 0
    entry.to = 'finished'
    entry.changed = true
    if (row.uniqueUntil === null) this.freeKey(row.uniqueKey, row.id)
  }

  /** Cancels a waiting task, because somebody asked or because its time is over. */
  cancelWaiting(entry: Entry, reason: 'cancelled' | 'expired'): void {
    const { row } = entry
    row.reason = reason
    row.outcome = codeOfOutcome(reason === 'expired' ? 'expire' : 'cancel')
    this.finish(entry, CANCELLED)
    this.feed.tell(row, CANCELLED)
    this.hints.note('change', row.queue)
  }

  /** Takes a finished task away with all that belongs to it; its id stays taken for a while. */
  bury(entry: Entry): void {
    const { row } = entry
    if (!isFinalCode(row.state)) return
    this.freeKey(row.uniqueKey, row.id)
    this.buried.push({ id: row.id, digest: row.digest, until: this.now + DEFAULTS.tombstone })
    this.tombstones.set(row.id, row.digest)
    entry.to = null
    entry.changed = true
    this.feed.tell(row, 9)
    this.hints.note('change', row.queue)
  }

  keepLogs(task: string, lines: readonly LogLine[]): void {
    if (lines.length > 0) this.logs.push({ task, lines })
  }
}
