// The SQLite engine against the conformance suite: each store is a file in a folder of its own, each connection
// an engine as another process would open it; migrations are raced by real processes.

import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

import { openSqlite, type SqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { runConformance } from './run-conformance.ts'
import { migrateAtOnce } from './migrate-in-process.ts'

const sqlite: EngineFactory = {
  name: 'sqlite',
  transactions: 'an open `DatabaseSync` of `node:sqlite` on the same file',
  open: async (options) => {
    const folder = await mkdtemp(join(tmpdir(), 'windlass-sqlite-'))
    const path = join(folder, 'store.db')
    const connections: SqliteEngine[] = []
    const connect = async (): Promise<SqliteEngine> => {
      const engine = await openSqlite({ path, synchronous: 'full', namespace: 'windlass' }, options)
      connections.push(engine)
      return engine
    }
    return {
      engine: await connect(),
      reopen: connect,
      spawnMigrators: (count) => migrateAtOnce(`sqlite:${path}`, count),
      makeNewer: async () => {
        const db = new DatabaseSync(path)
        db.exec('INSERT INTO windlass_migrations VALUES (1000, 0)')
        db.close()
      },
      forgetSession: async (session) => {
        const db = new DatabaseSync(path)
        db.prepare('DELETE FROM windlass_sessions WHERE id = ?').run(session)
        db.close()
      },
      destroy: async () => {
        await Promise.all(connections.map((connection) => connection.close()))
        await rm(folder, { recursive: true, force: true })
      },
    }
  },
}

runConformance(sqlite)
