// Documents: small versioned texts with compare-and-set. Those of kind `queue` are settings that claims obey, so
// each change of one raises the number by which engines notice.

import type { DocumentPut, PutReply, RemoveReply } from '../../core/cold-verbs.ts'
import { LIMITS } from '../../core/limits.ts'
import { QUEUE_DOCUMENT } from '../../core/queue-settings.ts'
import type { DocumentRecord } from '../../core/record.ts'
import type { Row } from './connection.ts'
import type { Unit } from './unit.ts'
import type { View } from './view.ts'

const COLUMNS = 'kind, key, version, body, updated_at'
const GET = `SELECT ${COLUMNS} FROM windlass_documents WHERE kind = ? AND key = ?`
const LIST = `SELECT ${COLUMNS} FROM windlass_documents WHERE kind = ? AND key > ? ORDER BY key LIMIT ?`
const PUT =
  'INSERT OR REPLACE INTO windlass_documents (kind, key, version, body, updated_at) VALUES (?, ?, ?, ?, ?)'
const REMOVE = 'DELETE FROM windlass_documents WHERE kind = ? AND key = ?'

interface DocumentKey {
  readonly kind: string
  readonly key: string
}

export function getDocuments(view: View, keys: readonly DocumentKey[]): (DocumentRecord | null)[] {
  return keys.map(({ kind, key }) => {
    const row = view.connection.get(GET, kind, key)
    return row === undefined ? null : documentOf(row)
  })
}

/** In the order of their keys, after the key `after`. */
export function listDocuments(
  view: View,
  kind: string,
  after: string | null,
  limit: number,
): DocumentRecord[] {
  return view.connection.all(LIST, kind, after ?? '', Math.min(limit, LIMITS.page)).map(documentOf)
}

export function putDocuments(unit: Unit, items: readonly DocumentPut[]): PutReply[] {
  return items.map(({ kind, key, version, body }) => {
    const standing = (unit.connection.get(GET, kind, key)?.[2] as number | undefined) ?? 0
    if (version !== standing) return { status: 'conflict', version: standing }
    unit.connection.run(PUT, kind, key, standing + 1, body, unit.now)
    noteSettings(unit, kind, key)
    return { status: 'put', version: standing + 1 }
  })
}

export function removeDocuments(
  unit: Unit,
  items: readonly (DocumentKey & { readonly version: number })[],
): RemoveReply[] {
  return items.map(({ kind, key, version }) => {
    const row = unit.connection.get(GET, kind, key)
    if (row === undefined) return { status: 'not_found' }
    if (row[2] !== version) return { status: 'conflict' }
    unit.connection.run(REMOVE, kind, key)
    noteSettings(unit, kind, key)
    return { status: 'removed' }
  })
}

/** A queue that is paused no more has work at once. */
function noteSettings(unit: Unit, kind: string, key: string): void {
  if (kind !== QUEUE_DOCUMENT) return
  unit.touchSettings()
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
