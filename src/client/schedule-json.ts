// The public shape of schedules, of their ticks and of schedulers: one JSON form for TypeScript, command line and HTTP.
// Times are ISO-8601 UTC, lengths of time are milliseconds in names that end in `_ms`.

import { WindlassError } from '../core/errors.ts'
import type { DocumentRecord, JournalEntry, Json, ScheduleRecord } from '../core/record.ts'
import { readTick } from '../core/schedule-tick.ts'
import { missedWord } from '../core/schedule-ticks.ts'
import { readSchedule, type Schedule } from '../core/schedule.ts'
import { PRESENCE_ENDS, readPresence } from '../core/scheduler-presence.ts'
import { iso, isoOrNull, shown, type Lens } from './task-json.ts'

export interface ScheduleJson {
  readonly name: string
  /** Task type. */
  readonly task: string
  readonly cron: string | null
  readonly every_ms: number | null
  readonly timezone: string
  readonly start_at: string | null
  readonly end_at: string | null
  readonly missed: string
  readonly grace_ms: number
  readonly overlap: string
  readonly jitter_ms: number
  readonly queue: string
  readonly priority: number
  readonly payload: Json
  readonly tags: readonly string[]
  readonly paused: boolean
  /** Who put it: `config`, `client`, `cli`; `built-in` for those that come with Windlass. */
  readonly origin: string
  /** The next tick, or until when it waits for the end of an earlier task; null: paused, or there is none. */
  readonly next_at: string | null
  /** When a scheduler last took a tick of it. */
  readonly last_fired_at: string | null
  /** How long a tick waits for a scheduler already; 0: none does. */
  readonly late_ms: number
  readonly version: number
  readonly updated_at: string
  /** Why it cannot be read or shown; only then. */
  readonly unreadable?: string
}

/** What became of ticks, as the ledger has it. */
export interface TickJson {
  readonly schedule: string
  readonly at: string
  /** `run`: by hand. */
  readonly outcome: 'fired' | 'skipped' | 'run' | 'failed'
  /** The planned time; of several skipped ticks the first. */
  readonly tick: string | null
  /** Of several skipped ticks the last. */
  readonly until: string | null
  /** Skipped ticks; null: more than were counted. */
  readonly count: number | null
  readonly reason: 'missed' | 'overlap' | null
  /** The task of the tick, or the one that had not ended. */
  readonly task_id: string | null
  readonly late_ms: number | null
  readonly error: string | null
}

export interface SchedulerJson {
  readonly host: string
  readonly pid: number
  readonly seen_at: string
  /** It has shown itself within 30 s. */
  readonly alive: boolean
}

/** The public form of a schedule. Never throws: what cannot be read is told in `unreadable`. */
export function scheduleJson(record: ScheduleRecord, lens: Lens, now: number): ScheduleJson {
  const { schedule, payload, problem } = open(record, lens)
  const { name, paused, dueAt, version } = record
  return {
    name,
    ...timingJson(schedule),
    queue: schedule?.task.queue ?? '',
    priority: schedule?.task.priority ?? 0,
    payload,
    tags: schedule?.task.tags ?? [],
    paused,
    origin: schedule?.origin ?? '',
    next_at: paused ? null : isoOrNull(dueAt),
    last_fired_at: isoOrNull(record.lastFiredAt),
    late_ms: paused || dueAt === null ? 0 : Math.max(0, now - dueAt),
    version,
    updated_at: iso(record.updatedAt),
    ...(problem === null ? {} : { unreadable: problem }),
  }
}

function timingJson(schedule: Schedule | null) {
  const rule = schedule?.rule
  return {
    task: schedule?.task.type ?? '',
    cron: rule?.cron ?? null,
    every_ms: rule?.every ?? null,
    timezone: rule?.timezone ?? 'UTC',
    start_at: isoOrNull(rule?.start ?? null),
    end_at: isoOrNull(rule?.end ?? null),
    missed: missedWord(schedule?.missed ?? 0),
    grace_ms: schedule?.grace ?? 0,
    overlap: schedule?.overlap ?? 'allow',
    jitter_ms: schedule?.jitter ?? 0,
  }
}

interface Opened {
  readonly schedule: Schedule | null
  readonly payload: Json
  readonly problem: string | null
}

function open(record: ScheduleRecord, lens: Lens): Opened {
  let schedule: Schedule | null = null
  try {
    schedule = readSchedule(record.body)
    const { payload, codec } = schedule.task
    return { schedule, payload: shown(lens.codecs.decode(payload, codec), lens), problem: null }
  } catch (error) {
    const problem = error instanceof WindlassError ? error.message : 'what is stored cannot be decoded'
    return { schedule, payload: null, problem }
  }
}

/** The public form of an entry of the ledger; null: this version did not write it. */
export function tickJson({ key, at, body }: JournalEntry): TickJson | null {
  const entry = readTick(body)
  if (entry === null) return null
  const none = {
    tick: null,
    until: null,
    count: null,
    reason: null,
    task_id: null,
    late_ms: null,
    error: null,
  }
  const head = { ...none, schedule: key, at: iso(at), outcome: entry.outcome }
  switch (entry.outcome) {
    case 'fired':
      return { ...head, tick: iso(entry.tick), count: 1, task_id: entry.task, late_ms: entry.late }
    case 'skipped': {
      const { from, to, count, reason, task } = entry
      return { ...head, tick: iso(from), until: iso(to), count, reason, task_id: task }
    }
    case 'run':
      return { ...head, task_id: entry.task }
    case 'failed':
      return { ...head, error: entry.error }
  }
}

/** The public form of a scheduler's document. */
export function schedulerJson(document: DocumentRecord, now: number): SchedulerJson {
  const { host, pid } = readPresence(document)
  return { host, pid, seen_at: iso(document.updatedAt), alive: now - document.updatedAt <= PRESENCE_ENDS }
}
