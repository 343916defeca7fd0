// The reference model of schedules, documents and journal streams: versions, compare-and-set, append-only lists.
// Tells the task model which queues are paused and enqueues what a schedule fires. Leaves cursors to the comparer.

import type { EnqueueReply } from '../../core/hot-verbs.ts'
import type { DocumentPut, Firing, PutReply, RemoveReply, SchedulePut } from '../../core/cold-verbs.ts'
import type { DocumentRecord, JournalEntry, ScheduleRecord } from '../../core/record.ts'
import { readQueueSettings } from '../../core/queue-settings.ts'
import type { Model } from './model.ts'

type Versioned = { readonly version: number }

export class ColdModel {
  readonly #tasks: Model
  readonly schedules = new Map<string, ScheduleRecord>()
  /** By kind and key. */
  readonly documents = new Map<string, DocumentRecord>()
  readonly journal: JournalEntry[] = []

  constructor(tasks: Model) {
    this.#tasks = tasks
  }

  putSchedule({ version, ...item }: SchedulePut): PutReply {
    const known = this.schedules.get(item.name)
    return put(known, version, (next) => {
      const times = { lastFiredAt: known?.lastFiredAt ?? null, updatedAt: this.#tasks.now }
      this.schedules.set(item.name, { ...item, ...times, version: next })
    })
  }

  removeSchedule(item: { readonly name: string; readonly version: number }): RemoveReply {
    return remove(this.schedules.get(item.name), item.version, () => this.schedules.delete(item.name))
  }

  dueSchedules(): ScheduleRecord[] {
    return [...this.schedules.values()]
      .filter(({ paused, dueAt }) => !paused && dueAt !== null && dueAt <= this.#tasks.now)
      .toSorted((a, b) => (a.dueAt ?? 0) - (b.dueAt ?? 0))
  }

  fire(firing: Firing): { status: 'fired' | 'stale'; tasks: EnqueueReply[] } {
    const { name, version, dueAt, nextDueAt, tasks, journal } = firing
    const known = this.schedules.get(name)
    if (known === undefined || known.paused || known.version !== version || known.dueAt !== dueAt)
      return { status: 'stale', tasks: [] }
    this.schedules.set(name, { ...known, dueAt: nextDueAt, lastFiredAt: this.#tasks.now })
    this.journal.push(...journal)
    return { status: 'fired', tasks: this.#tasks.enqueue(tasks) }
  }

  putDocument({ version, ...item }: DocumentPut): PutReply {
    const place = `${item.kind} ${item.key}`
    return put(this.documents.get(place), version, (next) => {
      this.documents.set(place, { ...item, version: next, updatedAt: this.#tasks.now })
      if (item.kind === 'queue') this.#pause(item.key, readQueueSettings(item.body).paused)
    })
  }

  removeDocument(item: {
    readonly kind: string
    readonly key: string
    readonly version: number
  }): RemoveReply {
    const place = `${item.kind} ${item.key}`
    return remove(this.documents.get(place), item.version, () => {
      this.documents.delete(place)
      if (item.kind === 'queue') this.#pause(item.key, false)
    })
  }

  #pause(queue: string, paused: boolean): void {
    if (paused) this.#tasks.pausedQueues.add(queue)
    else this.#tasks.pausedQueues.delete(queue)
  }

  prune(stream: string, before: number): number {
    const kept = this.journal.filter((entry) => entry.stream !== stream || entry.at >= before)
    return this.journal.splice(0, this.journal.length, ...kept).length - kept.length
  }
}

/** 0 creates, else that very version is replaced. */
function put(known: Versioned | undefined, version: number, write: (next: number) => void): PutReply {
  const stands = known?.version ?? 0
  if (stands !== version) return { status: 'conflict', version: stands }
  write(stands + 1)
  return { status: 'put', version: stands + 1 }
}

function remove(known: Versioned | undefined, version: number, drop: () => void): RemoveReply {
  if (known === undefined) return { status: 'not_found' }
  if (known.version !== version) return { status: 'conflict' }
  drop()
  return { status: 'removed' }
}
