// What is kept of alerts: one document with the state of each and the notices that were not delivered everywhere yet.
// Changed by compare-and-set, so that any number of schedulers act as one. Pure but for reading and writing it.
// Promises that a notice is in the document as soon as its alert changed, and a bounded document.

import type { AlertName } from '../core/alert-rules.ts'
import type { DocumentRecord } from '../core/record.ts'
import type { Engine } from '../core/engine.ts'
import { WindlassError } from '../core/errors.ts'
import type { AlertNotice, AlertState } from './alert-words.ts'

/** Where a notice goes; `journal` is the history. */
export type Target = 'journal' | 'log' | 'command' | 'webhook'

/** A notice on its way. */
export interface Pending {
  readonly notice: AlertNotice
  readonly left: readonly Target[]
  /** How often it was taken for delivery. */
  readonly tries: number
  /** Whoever took it has it for itself until then, or it rests until then. Engine time. */
  readonly notBefore: number
}

export interface AlertBook {
  /** Engine time of the last check; null: none yet. */
  readonly checkedAt: number | null
  /** Between two checks, in ms. */
  readonly every: number
  readonly states: Readonly<Partial<Record<AlertName, AlertState>>>
  readonly pending: readonly Pending[]
}

const DOCUMENT = { kind: 'alert', key: 'book' }
const VERSION = 1
/** Compare-and-set is tried this often; each lost round means that somebody else changed it meanwhile. */
const ROUNDS = 20
/** Notices that wait at most; older ones make way. They are in the history before anybody else is told. */
const MOST_PENDING = 20

const EMPTY: AlertBook = { checkedAt: null, every: 0, states: {}, pending: [] }

/** The book as it stands. What another version wrote counts as empty. */
export async function readBook(engine: Engine): Promise<AlertBook> {
  const [document = null] = await engine.documents.get([DOCUMENT])
  return parse(document)
}

/**
 * Changes the book; `edit` may be called several times.
 * @returns what `edit` answered beside the book that was written
 * @throws what the store says; `version_conflict` when others change it all the time
 */
export async function changeBook<T>(
  engine: Engine,
  edit: (book: AlertBook) => { readonly book: AlertBook; readonly answer: T },
): Promise<T> {
  for (let round = 0; round < ROUNDS; round++) {
    const [document = null] = await engine.documents.get([DOCUMENT])
    const { book, answer } = edit(parse(document))
    const bounded = { ...book, pending: book.pending.slice(-MOST_PENDING) }
    const body = JSON.stringify({ version: VERSION, ...bounded })
    const [reply] = await engine.documents.put([{ ...DOCUMENT, version: document?.version ?? 0, body }])
    if (reply?.status === 'put') return answer
  }
  throw new WindlassError('version_conflict', 'the state of alerts is changed by others all the time')
}

function parse(document: Pick<DocumentRecord, 'body'> | null): AlertBook {
  if (document === null) return EMPTY
  try {
    const kept = JSON.parse(document.body) as AlertBook & { readonly version: unknown }
    return kept.version === VERSION ? kept : EMPTY
  } catch {
    return EMPTY
  }
}
