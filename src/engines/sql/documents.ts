// Documents: small versioned texts with compare-and-set. Those of kind `queue` are settings that claims obey: the
// paused queues have a table of their own, so that no server has to read a document.

import type { DocumentPut, PutReply, RemoveReply } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT, readQueueSettings } from '../../core/queue-settings.ts'
import type { DocumentRecord } from '../../core/record.ts'
import type { SqlSession, SqlUnit } from './session.ts'
import type { Row } from './task-row.ts'

const COLUMNS = 'kind, key, version, body, updated_at'
const GET = `SELECT ${COLUMNS} FROM @documents WHERE kind = ? AND key = ?`
const LIST = `SELECT ${COLUMNS} FROM @documents WHERE kind = ? AND key > ? ORDER BY key LIMIT ?`
const ALL = `SELECT ${COLUMNS} FROM @documents WHERE kind = ? ORDER BY key`
const INSERT = 'INSERT INTO @documents (kind, key, version, body, updated_at) VALUES (?, ?, ?, ?, ?)'
const UPDATE = 'UPDATE @documents SET version = ?, body = ?, updated_at = ? WHERE kind = ? AND key = ?'
const REMOVE = 'DELETE FROM @documents WHERE kind = ? AND key = ?'
const PAUSE = 'INSERT INTO @paused (queue) VALUES (?)'
const RESUME = 'DELETE FROM @paused WHERE queue = ?'

interface DocumentKey {
  readonly kind: string
  readonly key: string
}

/** Documents by their keys; null for one that is not there. */
export async function getDocuments(
  session: SqlSession,
  keys: readonly DocumentKey[],
): Promise<(DocumentRecord | null)[]> {
  const found = await Promise.all(keys.map(({ kind, key }) => session.all(GET, [kind, key])))
  return found.map(([row]) => (row === undefined ? null : documentOf(row)))
}

/** In the order of their keys, after the key `after`. */
export async function listDocuments(
  session: SqlSession,
  kind: string,
  after: string | null,
  limit: number,
): Promise<DocumentRecord[]> {
  const wanted = Math.min(limit, LIMITS.page)
  const rows =
    after === null
      ? await session.all(ALL + ' LIMIT ?', [kind, wanted])
      : await session.all(LIST, [kind, after, wanted])
  return rows.map(documentOf)
}

/** Creates or replaces documents whose version the caller has seen. */
export async function putDocuments(unit: SqlUnit, items: readonly DocumentPut[]): Promise<PutReply[]> {
  const replies: PutReply[] = []
  for (const { kind, key, version, body } of items) {
    const standing = await versionOf(unit, kind, key)
    if (version !== standing) {
      replies.push({ status: 'conflict', version: standing })
      continue
    }
    const next = standing + 1
    if (standing === 0) await unit.run(INSERT, [kind, key, next, body, unit.now])
    else await unit.run(UPDATE, [next, body, unit.now, kind, key])
    await noteSettings(unit, kind, key, body)
    replies.push({ status: 'put', version: next })
  }
  return replies
}

/** Removes documents whose version the caller has seen. */
export async function removeDocuments(
  unit: SqlUnit,
  items: readonly (DocumentKey & { readonly version: number })[],
): Promise<RemoveReply[]> {
  const replies: RemoveReply[] = []
  for (const { kind, key, version } of items) {
    const standing = await versionOf(unit, kind, key)
    if (standing === 0) replies.push({ status: 'not_found' })
    else if (standing !== version) replies.push({ status: 'conflict' })
    else {
      await unit.run(REMOVE, [kind, key])
      await noteSettings(unit, kind, key, '{}')
      replies.push({ status: 'removed' })
    }
  }
  return replies
}

async function versionOf(unit: SqlUnit, kind: string, key: string): Promise<number> {
  const [row] = await unit.all(`${GET} FOR UPDATE`, [kind, key])
  return row === undefined ? 0 : (row[2] as number)
}

/** A queue that is paused no more has work at once. */
async function noteSettings(unit: SqlUnit, kind: string, key: string, body: string): Promise<void> {
  if (kind !== QUEUE_DOCUMENT) return
  await unit.run(RESUME, [key])
  if (readQueueSettings(body).paused) await unit.run(PAUSE, [key])
  unit.hints.note('work', key)
}

function documentOf(row: Row): DocumentRecord {
  return {
    kind: row[0] as string,
    key: row[1] as string,
    version: row[2] as number,
    body: row[3] as string,
    updatedAt: row[4] as number,
  }
}
