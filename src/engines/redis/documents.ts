// The cold verb groups documents and schedules: small versioned records with compare-and-set, and the firing of ticks.

import type { DocumentPut, Firing, PutReply, RemoveReply, SchedulePut } from '../../core/cold-verbs.ts'
import type { EnqueueReply } from '../../core/hot-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT, readQueueSettings } from '../../core/queue-settings.ts'
import type { DocumentRecord, ScheduleRecord } from '../../core/record.ts'
import type { Reply } from './link.ts'
import { encodeTasks, enqueueReplies } from './new-tasks.ts'
import { sortedWords } from './sessions.ts'
import { inParts, type Store } from './store.ts'
import { digits, FIELD, undigits, unword, word } from './words.ts'

type DocumentKey = { readonly kind: string; readonly key: string }

export async function getDocuments(
  store: Store,
  keys: readonly DocumentKey[],
): Promise<(DocumentRecord | null)[]> {
  return Promise.all(
    keys.map(async ({ kind, key }) => {
      const text = await store.command('HGET', `doc:${word(kind)}`, word(key))
      return typeof text === 'string' ? documentOf(kind, key, text) : null
    }),
  )
}

/** In the order of their keys, after the key `after`. */
export async function listDocuments(
  store: Store,
  kind: string,
  after: string | null,
  limit: number,
): Promise<DocumentRecord[]> {
  const from = after === null ? '-' : `(${word(after)}`
  const most = String(Math.min(limit, LIMITS.page))
  const keys = await store.texts('ZRANGEBYLEX', `docz:${word(kind)}`, from, '+', 'LIMIT', '0', most)
  const found = await getDocuments(
    store,
    keys.map((key) => ({ kind, key: unword(key) })),
  )
  return found.filter((document) => document !== null)
}

function documentOf(kind: string, key: string, text: string): DocumentRecord {
  const [version, updatedAt, ...body] = text.split(FIELD)
  return { kind, key, version: Number(version), updatedAt: Number(updatedAt), body: body.join(FIELD) }
}

export async function putDocuments(store: Store, items: readonly DocumentPut[]): Promise<PutReply[]> {
  return inParts(items, async (part) => {
    const args = part.flatMap(({ kind, key, version, body }) => [
      word(kind),
      word(key),
      String(version),
      body,
      kind === QUEUE_DOCUMENT ? (readQueueSettings(body).paused ? '1' : '0') : '',
    ])
    return putReplies(await store.run('documents', ['put', ...args]))
  })
}

export async function removeDocuments(
  store: Store,
  items: readonly (DocumentKey & { readonly version: number })[],
): Promise<RemoveReply[]> {
  return inParts(items, async (part) => {
    const args = part.flatMap(({ kind, key, version }) => [
      word(kind),
      word(key),
      String(version),
      kind === QUEUE_DOCUMENT ? '1' : '',
    ])
    return removeReplies(await store.run('documents', ['remove', ...args]))
  })
}

function putReplies(flat: readonly Reply[]): PutReply[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    status: flat[2 * i] as PutReply['status'],
    version: Number(flat[2 * i + 1]),
  }))
}

function removeReplies(flat: readonly Reply[]): RemoveReply[] {
  return Array.from({ length: flat.length / 2 }, (_, i) => ({
    status: flat[2 * i] as RemoveReply['status'],
  }))
}

// ── schedules ───────────────────────────────────────────────────────────────────────────────────────────────

export async function putSchedules(store: Store, items: readonly SchedulePut[]): Promise<PutReply[]> {
  return inParts(items, async (part) => {
    const args = part.flatMap(({ name, version, body, paused, dueAt }) => [
      word(name),
      String(version),
      body,
      paused ? '1' : '0',
      digits(dueAt),
    ])
    return putReplies(await store.run('schedules', ['put', ...args]))
  })
}

export async function removeSchedules(
  store: Store,
  items: readonly { readonly name: string; readonly version: number }[],
): Promise<RemoveReply[]> {
  return inParts(items, async (part) => {
    const args = part.flatMap(({ name, version }) => [word(name), String(version)])
    return removeReplies(await store.run('schedules', ['remove', ...args]))
  })
}

/** In the order of their names; names that do not exist are left out. */
export async function listSchedules(
  store: Store,
  names: readonly string[] | null,
): Promise<ScheduleRecord[]> {
  const all = new Map(
    names === null ? await store.pairs('sch') : await readSchedules(store, [...new Set(names.map(word))]),
  )
  return sortedWords([...all.keys()]).map((name) => scheduleOf(name, all.get(word(name)) ?? ''))
}

async function readSchedules(store: Store, names: readonly string[]): Promise<[string, string][]> {
  if (names.length === 0) return []
  const rows = await store.texts('HMGET', 'sch', ...names)
  return names.map((name, i): [string, string] => [name, rows[i] ?? '']).filter(([, row]) => row !== '')
}

export async function dueSchedules(
  store: Store,
  limit: number,
): Promise<{ now: number; schedules: ScheduleRecord[] }> {
  const [now, ...flat] = await store.run('due', [String(Math.min(limit, LIMITS.page))])
  const schedules = Array.from({ length: flat.length / 2 }, (_, i) =>
    scheduleOf(unword(String(flat[2 * i])), String(flat[2 * i + 1])),
  )
  return { now: Number(now), schedules }
}

function scheduleOf(name: string, row: string): ScheduleRecord {
  const [version, paused, due, fired, updated, ...body] = row.split(FIELD)
  return {
    name,
    version: Number(version),
    body: body.join(FIELD),
    paused: paused === '1',
    dueAt: undigits(due),
    lastFiredAt: undigits(fired),
    updatedAt: Number(updated),
  }
}

/** Fires ticks whose schedule still stands as it was read. */
export async function fire(
  store: Store,
  items: readonly Firing[],
): Promise<{ status: 'fired' | 'stale'; tasks: EnqueueReply[] }[]> {
  return inParts(
    items,
    async (part) => {
      const args = part.flatMap(({ name, version, dueAt, nextDueAt, tasks, journal }) => {
        const entries = journal.flatMap(({ stream, key, at, body }) => [
          word(stream),
          word(key),
          String(at),
          body,
        ])
        const follow = tasks.length === 0 ? [] : encodeTasks(tasks, store.reader.bodies)
        return [
          word(name),
          String(version),
          String(dueAt),
          digits(nextDueAt),
          String(journal.length),
          ...entries,
          String(follow.length),
          ...follow,
        ]
      })
      const answers = await store.run('fire', [String(part.length), ...args])
      return part.map(({ tasks }, i) => {
        const fired = answers[2 * i] === 'fired'
        const replies = fired ? enqueueReplies(tasks, answers[2 * i + 1] ?? null) : []
        return { status: fired ? ('fired' as const) : ('stale' as const), tasks: replies }
      })
    },
    ({ tasks }) => 1 + tasks.length,
  )
}
