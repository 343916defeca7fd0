// The MySQL engine against the conformance suite, on the server that WINDLASS_TEST_MYSQL_URL names: each store
// is a namespace of its own, each connection an engine as another process would open it.

import { spawn } from 'node:child_process'
import { fileURLToPath } from 'node:url'
import { test } from 'node:test'

import { openMysql, type MysqlEngine } from '../../src/engines/mysql/mysql-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { newPlace, SERVER } from './mysql-place.ts'
import { runConformance } from './run-conformance.ts'

const MIGRATOR = fileURLToPath(new URL('./migrate-mysql.ts', import.meta.url))

const mysql: EngineFactory = {
  name: 'mysql',
  transactions: 'a connection of `mysql2` in an open transaction',
  open: async (options) => {
    const place = newPlace()
    const connections: MysqlEngine[] = []
    const connect = async (): Promise<MysqlEngine> => {
      const engine = await openMysql(place.url, {
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

if (SERVER === null) test('MySQL', { skip: 'NOT PROVEN HERE: no WINDLASS_TEST_MYSQL_URL' }, () => undefined)
else runConformance(mysql)
