// The Redis engine against the conformance suite on a real server: each store is a namespace of its own, each
// connection an engine as another process would open it; migrations are raced by real processes.

import { spawn } from 'node:child_process'
import { randomBytes } from 'node:crypto'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'

import { createClient } from '@redis/client'

import { parseRedisAddress } from '../../src/engines/redis/address.ts'
import { dropNamespace } from '../../src/engines/redis/drop-namespace.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import type { EngineFactory } from '../../src/testing/index.ts'
import { runConformance } from './run-conformance.ts'

const MIGRATOR = fileURLToPath(new URL('./migrate-store.ts', import.meta.url))
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
        spawnMigrators: (count) => Promise.all(Array.from({ length: count }, () => migrateInProcess(store))),
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

if (server === undefined) test('the conformance suite', { skip: 'NOT PROVEN HERE: redis' })
else runConformance(redisAt(server))
