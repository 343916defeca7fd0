// All data of one memory store, and the indexes over its tasks. Several engines (connections) may share one store.
// Promises that every index is true after insert, change and remove, and that each change of state is told in the
// changes feed. Knows no rule of any verb: those are in the files named after the verbs.

import { claimIdOf, mintToken } from '../../core/ids.ts'
import { LIMITS } from '../../core/limits.ts'
import { readQueueSettings, QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import {
  isFinal,
  type DocumentRecord,
  type JournalEntry,
  type ScheduleRecord,
  type SessionRecord,
  type TaskRecord,
} from '../../core/record.ts'
import { compareBytes } from './byte-order.ts'
import { ChangeFeed } from './change-feed.ts'
import { Hints } from './hints.ts'
import { Lane } from './lane.ts'
import { Ordered } from './ordered.ts'
import type { Row } from './row.ts'

/** Order of creation, which `find` walks from its end. */
export type CreationKey = { readonly task: Pick<TaskRecord, 'createdAt' | 'id'> }

/** An id that stays taken after its task is gone. */
export interface Tombstone {
  readonly digest: string
  readonly until: number
}

export interface MemoryStoreOptions {
  /** Changes that a sweep leaves; tests make it small. */
  readonly changesKept?: number
}

export class MemoryStore {
  readonly instanceId = mintToken()
  /** Version of the schema; 0 before the first migration. */
  version = 0
  /** Engine time of the unit that runs; each verb sets it once, before its change. */
  now = 0
  lastSweep: number | null = null

  readonly tasks = new Map<string, Row>()
  readonly lanes = new Map<string, Lane>()
  readonly created = new Ordered<Row, CreationKey>((left, right) => by(left, right, (task) => task.createdAt))
  /** Waiting tasks that expire. */
  readonly expiring = new Ordered<Row>((left, right) => by(left, right, (task) => task.expiresAt ?? 0))
  readonly finished = new Ordered<Row>((left, right) => by(left, right, (task) => task.finishedAt ?? 0))
  /** Finished tasks by the time when their retention is over. */
  readonly retained = new Ordered<Row>((left, right) => by(left, right, keptUntil))
  /** Running tasks of each session. */
  readonly running = new Map<string, Set<Row>>()
  /** Running tasks of each claim, in claim order. */
  readonly claims = new Map<string, Set<Row>>()
  readonly tombstones = new Map<string, Tombstone>()
  /** Who holds each unique key; `until` null: until the task is final. */
  readonly uniques = new Map<string, { readonly id: string; readonly until: number | null }>()

  readonly sessions = new Map<string, SessionRecord>()
  readonly documents = new Map<string, Map<string, DocumentRecord>>()
  readonly schedules = new Map<string, ScheduleRecord>()
  readonly streams = new Map<string, { readonly number: number; readonly entry: JournalEntry }[]>()
  readonly changes: ChangeFeed
  readonly hints = new Hints()
  #lastPlace = 0
  #lastEntry = 0

  constructor(options: MemoryStoreOptions = {}) {
    this.changes = new ChangeFeed(options.changesKept ?? LIMITS.changes)
  }

  drawPlace(): number {
    return ++this.#lastPlace
  }

  drawEntryNumber(): number {
    return ++this.#lastEntry
  }

  lane(queue: string): Lane {
    const known = this.lanes.get(queue)
    if (known !== undefined) return known
    const lane = new Lane(queue)
    this.lanes.set(queue, lane)
    return lane
  }

  isPaused(queue: string): boolean {
    const document = this.documents.get(QUEUE_DOCUMENT)?.get(queue)
    return document !== undefined && readQueueSettings(document.body).paused
  }

  isLive(session: string): boolean {
    return this.sessions.get(session)?.state === 'live'
  }

  /** A new task; the first state it has is told. */
  insert(row: Row): void {
    this.tasks.set(row.task.id, row)
    this.created.add(row)
    this.#enter(row)
    this.changes.tell(row.task, row.task.state, this.now)
  }

  /** Replaces fields of a task; a change of its state is told. */
  change(row: Row, fields: Partial<TaskRecord>): void {
    const before = row.task.state
    this.#leave(row)
    row.task = { ...row.task, ...fields }
    this.#enter(row)
    if (row.task.state !== before) this.changes.tell(row.task, row.task.state, this.now)
  }

  /** Replaces fields that no index and no reader of changes looks at. */
  annotate(row: Row, fields: Pick<Partial<TaskRecord>, 'progress' | 'cancelRequestedAt'>): void {
    row.task = { ...row.task, ...fields }
  }

  /** Scheduled → ready with a new place: the one change of state that is not told. */
  promote(row: Row): void {
    this.#leave(row)
    row.task = { ...row.task, state: 'ready', place: this.drawPlace() }
    this.#enter(row)
  }

  /** Takes a task out with all that belongs to it, and tells. */
  remove(row: Row): void {
    this.#leave(row)
    this.created.delete(row)
    this.tasks.delete(row.task.id)
    this.changes.tell(row.task, 'deleted', this.now)
  }

  #enter(row: Row): void {
    const { task } = row
    this.lane(task.queue).enter(row)
    if (task.state === 'running') {
      addTo(this.running, task.session ?? '', row)
      addTo(this.claims, claimIdOf(task.claim ?? ''), row)
    } else if (isFinal(task.state)) {
      this.finished.add(row)
      this.retained.add(row)
    } else if (task.expiresAt !== null) {
      this.expiring.add(row)
    }
  }

  #leave(row: Row): void {
    const { task } = row
    this.lane(task.queue).leave(row)
    if (task.state === 'running') {
      removeFrom(this.running, task.session ?? '', row)
      removeFrom(this.claims, claimIdOf(task.claim ?? ''), row)
    } else if (isFinal(task.state)) {
      this.finished.delete(row)
      this.retained.delete(row)
    } else if (task.expiresAt !== null) {
      this.expiring.delete(row)
    }
  }
}

/** When the retention of a finished task is over. */
export function keptUntil(task: TaskRecord): number {
  return (task.finishedAt ?? 0) + (task.state === 'succeeded' ? task.keep.succeeded : task.keep.dead)
}

function by<K extends { readonly task: { readonly id: string } }>(
  left: K,
  right: K,
  numberOf: (task: K['task']) => number,
): number {
  return numberOf(left.task) - numberOf(right.task) || compareBytes(left.task.id, right.task.id)
}

function addTo(index: Map<string, Set<Row>>, key: string, row: Row): void {
  const set = index.get(key)
  if (set === undefined) index.set(key, new Set([row]))
  else set.add(row)
}

function removeFrom(index: Map<string, Set<Row>>, key: string, row: Row): void {
  const set = index.get(key)
  set?.delete(row)
  if (set?.size === 0) index.delete(key)
}
