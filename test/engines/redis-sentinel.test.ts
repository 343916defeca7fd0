// A fail-over by real Sentinels: three of them, a master and a replica. The master is killed, the replica takes over, and
// whoever was told the Sentinels' address goes on: what was claimed before ends once, what was forgotten runs again.

import assert from 'node:assert/strict'
import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { suite, test, type TestContext } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'

import { createClient } from '@redis/client'

import { findProgram } from '../../scripts/test/servers/programs.ts'
import type { TestServer } from '../../scripts/test/servers/servers.ts'
import { defineTask } from '../../src/core/task-type.ts'
import { openRedis } from '../../src/engines/redis/redis-engine.ts'
import { Windlass } from '../../src/windlass.ts'
import { startOwn } from '../servers/own-server.ts'

const NAME = 'shop'
const LATE = 60_000

async function command(url: string, ...words: string[]): Promise<unknown> {
  const client = createClient({ url, RESP: 2 })
  client.on('error', () => {})
  await client.connect()
  try {
    return await client.sendCommand<unknown>(words)
  } finally {
    client.destroy()
  }
}

async function until(what: string, look: () => Promise<boolean>): Promise<void> {
  for (const late = performance.now() + LATE; ; await sleep(50)) {
    if (await look().catch(() => false)) return
    assert.ok(performance.now() < late, `${what} did not happen`)
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  const address = server.address()
  server.close()
  await once(server, 'close')
  return typeof address === 'object' && address !== null ? address.port : 0
}

/** Starts a Sentinel that watches a master; it is gone when the test has ended. Answers its port. */
async function startSentinel(t: TestContext, program: string, master: URL): Promise<number> {
  const folder = mkdtempSync(join(tmpdir(), 'windlass-sentinel-'))
  const port = await freePort()
  const file = join(folder, 'sentinel.conf')
  const lines = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir "${folder}"`,
    `sentinel monitor ${NAME} 127.0.0.1 ${master.port} 2`,
    `sentinel auth-pass ${NAME} ${decodeURIComponent(master.password)}`,
    `sentinel down-after-milliseconds ${NAME} 1000`,
    `sentinel failover-timeout ${NAME} 10000`,
    '',
  ]
  writeFileSync(file, lines.join('\n'), { mode: 0o600 })
  const child = spawn(program, [file, '--sentinel'], { stdio: 'ignore' })
  const ended = once(child, 'exit')
  t.after(async () => {
    child.kill('SIGKILL')
    await ended
    rmSync(folder, { recursive: true, force: true })
  })
  await until(
    'the start of a Sentinel',
    async () => (await command(`redis://127.0.0.1:${port}`, 'PING')) === 'PONG',
  )
  return port
}

/** Both servers have one password, as behind Sentinels they must; the second follows the first. */
async function pair(master: TestServer, replica: TestServer): Promise<void> {
  const { port, password } = new URL(master.url)
  const secret = decodeURIComponent(password)
  await command(master.url, 'CONFIG', 'SET', 'masterauth', secret)
  await command(replica.url, 'CONFIG', 'SET', 'requirepass', secret)
  const follower = new URL(replica.url)
  follower.password = password
  await command(follower.href, 'CONFIG', 'SET', 'masterauth', secret)
  await command(follower.href, 'REPLICAOF', '127.0.0.1', port)
  await until('the replica in step', async () =>
    String(await command(follower.href, 'INFO', 'replication')).includes('master_link_status:up'),
  )
}

/** All three know of each other and of the replica. */
async function agreed(ports: readonly number[]): Promise<boolean> {
  for (const port of ports) {
    const flat = await command(`redis://127.0.0.1:${port}`, 'SENTINEL', 'MASTER', NAME)
    assert.ok(Array.isArray(flat))
    const field = (name: string): string => String(flat[flat.indexOf(name) + 1])
    if (field('num-slaves') !== '1' || field('num-other-sentinels') !== '2') return false
  }
  return true
}

/** Runs with the address of a store behind three Sentinels, and the server that is its master. */
function behindSentinels(
  t: TestContext,
  judge: (url: string, master: TestServer) => Promise<void>,
): Promise<void> {
  const own = { kind: 'redis', settings: {} } as const
  return startOwn(t, own, (master) =>
    startOwn(t, own, async (replica) => {
      const program = findProgram(['redis-server', 'valkey-server'])
      assert.ok(program !== null)
      await pair(master, replica)
      const at = new URL(master.url)
      const ports: number[] = []
      for (let i = 0; i < 3; i++) ports.push(await startSentinel(t, program, at))
      await until('an agreement of the Sentinels', () => agreed(ports))
      const hosts = ports.map((port) => `127.0.0.1:${port}`).join(',')
      await judge(`redis://:${at.password}@${hosts}/0?sentinel=${NAME}`, master)
    }),
  )
}

suite('Redis behind Sentinels', () => {
  test('a worker goes on after its master was killed, and every task ends once', (t) =>
    behindSentinels(t, async (url, master) => {
      const runs = new Map<number, number>()
      const gate = Promise.withResolvers<void>()
      const task = defineTask({
        name: 'count',
        run: async (n: number) => {
          runs.set(n, (runs.get(n) ?? 0) + 1)
          if (n === 0) await gate.promise
          return n
        },
      })
      const windlass = new Windlass({
        engine: url,
        tasks: [task],
        limits: { enqueue: LATE },
        log: { level: 'silent' },
      })
      t.after(() => windlass.close())
      const worker = windlass.worker({ types: [task], concurrency: 5 })
      const first = await windlass.enqueue(task, 0)
      await worker.start()
      await until('the first start', async () => runs.has(0))
      process.kill(master.pid() ?? 0, 'SIGKILL')
      // It is repeated until the new master takes it.
      const handles = await Promise.all([1, 2, 3].map((n) => windlass.enqueue(task, n)))
      gate.resolve()
      for (const { id } of [first, ...handles]) {
        const { state } = await windlass.tasks.wait(id, { timeout: LATE })
        assert.equal(state, 'succeeded')
      }
      await worker.stop()
    }))

  test('an address without a Sentinel that answers is told so', async () => {
    const port = await freePort()
    await assert.rejects(
      openRedis(`redis://:s3cret@127.0.0.1:${port}/0?sentinel=${NAME}`),
      (error: unknown) => {
        assert.ok(error instanceof Error && 'code' in error)
        assert.equal(error.code, 'engine_unreachable')
        assert.match(error.message, /master shop/)
        assert.doesNotMatch(`${error.message} ${String(error.cause)}`, /s3cret/)
        return true
      },
    )
  })
})
