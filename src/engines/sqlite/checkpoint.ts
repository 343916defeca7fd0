// Checkpoints: what was committed to the write-ahead log goes to its place in the database, so that the log can begin
// anew. The sweep does it; SQLite itself does it in a commit only when the log grows beyond a bound in between.
// A log that is written over costs half of what a growing one does (measured), so it is kept, up to a size.

import type { Connection } from './connection.ts'

/** Pages in the log at which SQLite checkpoints by itself: 8 MiB, some 15 ms of work. */
export const LOG_PAGES = 2_000
/** Largest log that is kept for writing over. */
export const LOG_BYTES = 64 * 1024 * 1024

/** Moves what no reader needs any more; cuts a log that a long reader let grow. Never waits, and never fails. */
export function checkpoint(connection: Connection): void {
  try {
    const [, pages] = connection.get('PRAGMA wal_checkpoint(PASSIVE)') ?? []
    if (Number(pages) * 4_096 > LOG_BYTES) connection.get('PRAGMA wal_checkpoint(TRUNCATE)')
  } catch {
    // Another process is at it, or the disk is full: the next sweep tries again.
  }
}
