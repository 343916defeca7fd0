// The Redis engine against the conformance suite on a real server: each store is a namespace of its own, each
// connection an engine as another process would open it; migrations are raced by real processes.

import { randomBytes } from 'node:crypto'
import { test } from 'node:test'

import { createClient } from '@redis/client'

import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { runConformance } from './run-conformance.ts'
import { migrateAtOnce } from './migrate-in-process.ts'

const server = process.env['WINDLASS_TEST_REDIS_URL']

/** The engine on a server, as the suite wants it. */
function redisAt(url: string): EngineFactory {
  return {
    name: 'redis',
    open: async (options) => {
      const namespace = `t${randomBytes(8).toString('hex')}`
      const store = `${url}?namespace=${namespace}`
      const connections: RedisEngine[] = []
      const connect = async (): Promise<RedisEngine> => {
        const engine = await openRedis(store, options)
        connections.push(engine)
        return engine
      }
      const key = (name: string): string => `{windlass:${namespace}}:${name}`
      return {
        engine: await connect(),
        reopen: connect,
        spawnMigrators: (count) => migrateAtOnce(store, count),
        makeNewer: () => byHand(url, ['HSET', key('m'), 'schema', '1000']),
        forgetSession: (session) =>
          byHand(
            url,
            ['HDEL', key('ss'), session],
            ['HDEL', key('si'), session],
            ['ZREM', key('live'), session],
          ),
        destroy: async () => {
          await Promise.all(connections.map((connection) => connection.close()))
          await dropNamespace(parseRedisAddress(store, 'windlass'))
        },
      }
    },
  }
}

/** Runs commands behind the engine's back. */
async function byHand(url: string, ...commands: readonly string[][]): Promise<void> {
  const client = createClient({ url })
  await client.connect()
  for (const command of commands) await client.sendCommand(command)
  client.destroy()
}

if (server === undefined) test('the conformance suite', { skip: 'NOT PROVEN HERE: redis' })
else runConformance(redisAt(server))
