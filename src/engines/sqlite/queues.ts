// Which queues there are to claim from, and which are paused.
// Names are found by stepping through an index (one probe for each queue, however many tasks it has); settings are
// read once and kept until the number that rises with each change of them says otherwise.

import { QUEUE_DOCUMENT, readQueueSettings } from '../../core/queue-settings.ts'
import type { Caches } from './caches.ts'
import type { Connection } from './connection.ts'
import type { StateCode } from '../sql/words.ts'

const SETTINGS = 'SELECT key, body FROM windlass_documents WHERE kind = ? ORDER BY key'
const NEXT_READY = 'SELECT queue FROM windlass_states WHERE state = 1 AND queue > ? ORDER BY queue LIMIT 1'
const NEXT_SCHEDULED =
  'SELECT queue FROM windlass_states WHERE state = 0 AND queue > ? ORDER BY queue LIMIT 1'
const FIRST_DUE = 'SELECT run_at FROM windlass_states WHERE state = 0 AND queue = ? ORDER BY run_at LIMIT 1'

/**
 * Queues whose settings say paused.
 * @param caches null: remember nothing
 * @param settings the number of the settings that the caller read
 */
export function readPaused(
  connection: Connection,
  caches: Caches | null,
  settings: number,
): ReadonlySet<string> {
  if (caches?.paused?.settings === settings) return caches.paused.queues
  const rows = connection.all(SETTINGS, QUEUE_DOCUMENT)
  const queues = new Set(
    rows.filter(([, body]) => readQueueSettings(body as string).paused).map(([key]) => key as string),
  )
  if (caches !== null) caches.paused = { settings, queues }
  return queues
}

/** The queues that are asked for, or all with waiting tasks; without the paused ones. */
export function openQueues(
  connection: Connection,
  asked: readonly string[] | null,
  paused: ReadonlySet<string>,
): string[] {
  const queues = asked === null ? waitingQueues(connection) : new Set(asked)
  return [...queues].filter((queue) => !paused.has(queue))
}

function waitingQueues(connection: Connection): Set<string> {
  return new Set([...stepThrough(connection, NEXT_READY), ...stepThrough(connection, NEXT_SCHEDULED)])
}

/**
 * Rows of one state (not `running`) through the index that lists them; more conditions follow with AND.
 * SQLite takes a partial index only where its own condition is said again, and would take another one by itself.
 */
export function listed(code: StateCode): string {
  return `windlass_states INDEXED BY windlass_states_list WHERE state <> 2 AND state = ${code}`
}

/** The different values of an index's first column: each probe goes on behind the last value. */
export function stepThrough(connection: Connection, next: string): string[] {
  const found: string[] = []
  for (
    let row = connection.get(next, '');
    row !== undefined;
    row = connection.get(next, found.at(-1) ?? '')
  ) {
    found.push(row[0] as string)
  }
  return found
}

/** Time until the first scheduled task of these queues is due; null: none is scheduled. */
export function nextDueIn(connection: Connection, queues: readonly string[], now: number): number | null {
  let first = Infinity
  for (const queue of queues) {
    const row = connection.get(FIRST_DUE, queue)
    if (row !== undefined) first = Math.min(first, row[0] as number)
  }
  return first === Infinity ? null : Math.max(0, first - now)
}
