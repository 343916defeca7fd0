// The PostgreSQL engine against the conformance suite, on the server that WINDLASS_TEST_POSTGRES_URL names: each store
// is a namespace of its own, each connection an engine as another process would open it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

import { openPostgres, type PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { newPlace, SERVER } from './postgres-place.ts'
import { runConformance } from './run-conformance.ts'

const MIGRATOR = fileURLToPath(new URL('./migrate-postgres.ts', import.meta.url))

const postgres: EngineFactory = {
  name: 'postgres',
  transactions: 'a client of `pg` in an open transaction',
  open: async (options) => {
    const place = newPlace()
    const connections: PostgresEngine[] = []
    const connect = async (): Promise<PostgresEngine> => {
      const engine = await openPostgres(place.url, {
        ...options,
        pool: { size: 2, maxOverflow: 6, timeout: null },
      })
      connections.push(engine)
      return engine
    }
    return {
      engine: await connect(),
      reopen: connect,
      spawnMigrators: (count) =>
        Promise.all(Array.from({ length: count }, () => migrateInProcess(place.url))),
      makeNewer: () => place.run('INSERT INTO @migrations VALUES (1000, 0)'),
      forgetSession: (session) => place.run(`DELETE FROM @sessions WHERE id = '${session}'`),
      destroy: async () => {
        await Promise.all(connections.map((connection) => connection.close()))
        await place.drop()
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

if (SERVER === null)
  test('PostgreSQL', { skip: 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' }, () => undefined)
else runConformance(postgres)
