// Drops every table of one namespace in one transaction; other namespaces in the file are not touched. A file that was
// made for the namespace goes as well, unless it holds anything else or anybody else has it open.

import { rmSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'

import type { SqliteAddress } from './address.ts'
import { failureOf, isBusy } from './failure.ts'

// SQLite keeps tables of its own, such as statistics.
const OTHERS = "SELECT 1 FROM sqlite_schema WHERE substr(name, 1, 7) <> 'sqlite_' LIMIT 1"

/** Waits up to five seconds for others to end what they write. */
export function dropNamespace({ path, namespace }: SqliteAddress, andFile: boolean): void {
  if (path === ':memory:') return
  const db = new DatabaseSync(path, { timeout: 5_000, enableForeignKeyConstraints: false })
  try {
    db.exec('BEGIN IMMEDIATE')
    const tables = db
      .prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND substr(name, 1, ?) = ?")
      .all(namespace.length + 1, `${namespace}_`)
    for (const { name } of tables) db.exec(`DROP TABLE "${String(name).replaceAll('"', '""')}"`)
    db.exec('COMMIT')
    if (andFile && isOursAlone(db)) rmSync(path)
  } catch (error) {
    throw failureOf(error)
  } finally {
    db.close()
  }
}

/** Only a lone connection may leave WAL mode; from then on the lock keeps others out. */
function isOursAlone(db: DatabaseSync): boolean {
  try {
    db.exec('PRAGMA busy_timeout = 0; PRAGMA journal_mode = DELETE; BEGIN EXCLUSIVE')
    return db.prepare(OTHERS).get() === undefined
  } catch (error) {
    if (isBusy(error)) return false
    throw error
  }
}
