// The cold verb group journal: append-only streams, attempts and log lines of tasks.

import { cursorOf, partsOf } from '../../core/cursor.ts'
import type { JournalQuery } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import {
  isFinal,
  type AttemptRecord,
  type JournalEntry,
  type KeptError,
  type LogLine,
  type OutcomeKind,
  type Reason,
  type TaskRecord,
} from '../../core/record.ts'
import type { Reply } from './link.ts'
import { inParts, type Store } from './store.ts'
import { FIELD, unword, word } from './words.ts'

/** Entries that one script reads. */
const STEP = 250

export async function appendEntries(store: Store, entries: readonly JournalEntry[]): Promise<void> {
  await inParts(entries, (part) =>
    store.run(
      'append',
      part.flatMap(({ stream, key, at, body }) => [word(stream), word(key), String(at), body]),
    ),
  )
}

interface Numbered {
  readonly number: string
  readonly entry: JournalEntry
}

/** Newest first. */
export async function readEntries(
  store: Store,
  { stream, key, from, to, limit, cursor }: JournalQuery,
): Promise<{ entries: JournalEntry[]; next: string | null }> {
  let below = cursor === null ? '' : String(partsOf(cursor, ['number'])[0])
  const wanted = Math.min(limit, LIMITS.page)
  const found: Numbered[] = []
  for (;;) {
    const step = Math.min(STEP, wanted + 1 - found.length)
    const args = [word(stream), key === null ? '' : `=${word(key)}`, below, String(step)]
    const flat = await store.run('read', args)
    for (let i = 0; i + 3 < flat.length; i += 4) {
      const one = entryOf(stream, flat.slice(i, i + 4))
      const { at } = one.entry
      if ((from === null || at >= from) && (to === null || at < to)) found.push(one)
      below = one.number
    }
    if (found.length > wanted || flat.length < 4 * step) break
  }
  const page = found.slice(0, wanted)
  const last = page.at(-1)
  return {
    entries: page.map((one) => one.entry),
    next: last !== undefined && found.length > page.length ? cursorOf([Number(last.number)]) : null,
  }
}

function entryOf(stream: string, [number, key, at, body]: readonly Reply[]): Numbered {
  return {
    number: String(number),
    entry: { stream, key: unword(String(key)), at: Number(at), body: String(body) },
  }
}

export async function pruneEntries(
  store: Store,
  stream: string,
  before: number,
  limit: number,
): Promise<number> {
  let dropped = 0
  while (dropped < limit) {
    const most = Math.min(LIMITS.batch, limit - dropped)
    const [count] = await store.run('prune', [word(stream), String(before), String(most)])
    dropped += Number(count)
    if (Number(count) < most) break
  }
  return dropped
}

// ── attempts ────────────────────────────────────────────────────────────────────────────────────────────────

/** All attempts of each task that are kept, oldest first. */
export async function attemptsOf(store: Store, ids: readonly string[]): Promise<AttemptRecord[][]> {
  if (ids.length === 0) return []
  const [records, kept] = await Promise.all([
    inParts(ids, async (part) => store.reader.readAll(await store.run('get', ['', ...part.map(word)]))),
    Promise.all(ids.map((id) => store.texts('LRANGE', `a:${word(id)}`, '0', '-1'))),
  ])
  const told = records.map((task, i) => (task === null ? [] : attemptsOfTask(task, kept[i] ?? [])))
  const sessions = [...new Set(told.flat().flatMap(({ session }) => (session === null ? [] : [session])))]
  const names = sessions.length === 0 ? [] : await store.texts('HMGET', 'w', ...sessions.map(word))
  const workers = new Map(sessions.map((session, i) => [session, names[i] || null]))
  return told.map((attempts) =>
    attempts.map((attempt) => ({
      ...attempt,
      worker: attempt.session === null ? null : (workers.get(attempt.session) ?? null),
    })),
  )
}

/** The running attempt and the one that made the task final are told by the task itself, unless they have an entry. */
function attemptsOfTask(task: TaskRecord, rows: readonly string[]): AttemptRecord[] {
  const kept = rows.map(attemptOf)
  const { state, attempt, session, startedAt, finishedAt, outcome, reason, error } = task
  const running = state === 'running'
  const told = kept.at(-1)?.attempt === attempt
  if (attempt === 0 || told || !(running || isFinal(state))) return kept
  const last: AttemptRecord = {
    attempt,
    session,
    worker: null,
    startedAt: startedAt ?? 0,
    endedAt: running ? null : finishedAt,
    outcome: running ? null : outcome,
    reason: running ? null : reason,
    error: running ? null : error,
    warnings: [],
  }
  return [...kept, last].slice(-LIMITS.attempts)
}

function attemptOf(row: string): AttemptRecord {
  const [attempt, session = '', started, ended, kind, reason = '', ...json] = row.split(FIELD)
  const kept = JSON.parse(json.join(FIELD)) as { error: KeptError | null; warnings: string[] }
  return {
    attempt: Number(attempt),
    session: session === '' ? null : unword(session),
    worker: null,
    startedAt: Number(started),
    endedAt: Number(ended),
    outcome: kind as OutcomeKind,
    reason: reason === '' ? null : (reason as Reason),
    error: kept.error,
    warnings: kept.warnings,
  }
}

/** A page of log lines, oldest first, after a cursor. */
export async function readLogs(
  store: Store,
  id: string,
  after: string | null,
  limit: number,
): Promise<{ lines: LogLine[]; next: string | null }> {
  const from = after === null ? '-' : `(0-${Number(partsOf(after, ['number'])[0])}`
  const wanted = Math.min(limit, LIMITS.page)
  const reply = await store.command('XRANGE', `l:${word(id)}`, from, '+', 'COUNT', String(wanted + 1))
  const found = reply as readonly (readonly [string, readonly string[]])[]
  const page = found.slice(0, wanted)
  const last = page.at(-1)
  return {
    lines: page.map(([, [, at, , level, , message]]) => ({
      at: Number(at),
      level: level as LogLine['level'],
      message: message ?? '',
    })),
    next: last !== undefined && found.length > page.length ? cursorOf([Number(last[0].split('-')[1])]) : null,
  }
}
