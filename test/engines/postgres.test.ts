// The PostgreSQL engine against the conformance suite, on the server that WINDLASS_TEST_POSTGRES_URL names: each store
// is a namespace of its own, each connection an engine as another process would open it.

import { test } from 'node:test'

import { openPostgres, type PostgresEngine } from '../../src/engines/postgres/postgres-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { newPlace, SERVER } from './postgres-place.ts'
import { runConformance } from './run-conformance.ts'
import { migrateAtOnce } from './migrate-in-process.ts'

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
      spawnMigrators: (count) => migrateAtOnce(place.url, count),
      makeNewer: () => place.run('INSERT INTO @migrations VALUES (1000, 0)'),
      forgetSession: (session) => place.run(`DELETE FROM @sessions WHERE id = '${session}'`),
      destroy: async () => {
        await Promise.all(connections.map((connection) => connection.close()))
        await place.drop()
      },
    }
  },
}

if (SERVER === null)
  test('PostgreSQL', { skip: 'NOT PROVEN HERE: no WINDLASS_TEST_POSTGRES_URL' }, () => undefined)
else runConformance(postgres)
