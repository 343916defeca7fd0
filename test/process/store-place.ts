/**
 * A fresh store for tests with real processes, whatever engine keeps it, and what such a test asks beside the engine.
 * Promises that nothing of it is left afterwards. Leaves starting processes to worker-system.ts.
 */
import assert from 'node:assert/strict'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'

export interface StorePlace {
  readonly url: string
  /** Nobody is inside a transaction: a process that is stopped now keeps no lock from the others. */
  isCalm(): Promise<boolean>
  /** What the server says of each connection to this store. */
  connections(): Promise<readonly string[]>
  /** Fails where the store itself is broken. */
  check(): Promise<void>
  /** Removes everything; nobody may have it open. */
  drop(): Promise<void>
}

/** Makes a place; one kind of them for each engine. */
export type Settle = () => Promise<StorePlace>

/** An SQLite file. */
export function settleSqlite(): Promise<StorePlace> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-store-'))
  const path = join(folder, 'windlass.db')
  return Promise.resolve({
    url: `sqlite:${path}`,
    isCalm: () => {
      const db = new DatabaseSync(path, { timeout: 100 })
      try {
        db.exec('BEGIN IMMEDIATE; ROLLBACK')
        return Promise.resolve(true)
      } catch {
        return Promise.resolve(false)
      } finally {
        db.close()
      }
    },
    connections: () => Promise.resolve([]),
    check: () => {
      const db = new DatabaseSync(path)
      assert.deepEqual({ ...db.prepare('PRAGMA integrity_check').get() }, { integrity_check: 'ok' })
      db.close()
      return Promise.resolve()
    },
    drop: () => Promise.resolve(rmSync(folder, { recursive: true, force: true })),
  })
}
