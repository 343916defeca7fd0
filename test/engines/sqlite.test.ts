// The SQLite engine against the conformance suite: each store is a file in a folder of its own, each connection
// an engine as another process would open it; migrations are raced by real processes.

import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { DatabaseSync } from 'node:sqlite'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

import { openSqlite, type SqliteEngine } from '../../src/engines/sqlite/sqlite-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { runConformance } from './run-conformance.ts'

const MIGRATOR = fileURLToPath(new URL('./migrate-store.ts', import.meta.url))

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
      spawnMigrators: (count) =>
        Promise.all(Array.from({ length: count }, () => migrateInProcess(`sqlite:${path}`))),
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

/** Migrates the store from a process of its own; answers what it was told. */
function migrateInProcess(url: string): Promise<{ from: number; to: number }> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, ['--conditions=windlass-source', MIGRATOR, url], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    let output = ''
    child.stdout.on('data', (text: Buffer) => {
      output += text.toString()
    })
    child.on('error', reject)
    child.on('close', (code) => {
      if (code === 0) resolve(JSON.parse(output) as { from: number; to: number })
      else reject(new Error(`a migrating process ended with ${code}`))
    })
  })
}

runConformance(sqlite)
