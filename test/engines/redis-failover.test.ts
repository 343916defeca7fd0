// A fail-over that forgets writes: a replica that missed the last ones takes over. What was forgotten runs again, and
// who holds a forgotten claim settles nothing: never are two settlements of one attempt accepted.

import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'

import { createClient } from '@redis/client'

import type { TestServer } from '../../scripts/test/servers/servers.ts'
import { mintToken } from '../../src/core/ids.ts'
import type { TaskRecord } from '../../src/core/record.ts'
import { openRedis, type RedisEngine } from '../../src/engines/redis/redis-engine.ts'
import { newSession, newTask, outcomes, TcpProxy } from '../../src/testing/index.ts'
import { startOwn } from '../servers/own-server.ts'

interface Pair {
  readonly master: TestServer
  /** A server of its own still. */
  readonly replica: TestServer
}

/** Runs a test on two fresh servers. */
function onPair(t: TestContext, judge: (pair: Pair) => Promise<void>): Promise<void> {
  // A replica that comes has not to wait for others.
  const own = { kind: 'redis', settings: { 'repl-diskless-sync-delay': '0' } } as const
  return startOwn(t, own, (master) => startOwn(t, own, (replica) => judge({ master, replica })))
}

async function command(url: string, ...words: string[]): Promise<string> {
  const client = createClient({ url })
  await client.connect()
  try {
    return await client.sendCommand<string>(words)
  } finally {
    client.destroy()
  }
}

/** Makes one server the replica of the other. */
async function follow(replica: string, master: string): Promise<void> {
  const { port, password } = new URL(master)
  await command(replica, 'CONFIG', 'SET', 'masterauth', decodeURIComponent(password))
  await command(replica, 'REPLICAOF', '127.0.0.1', port)
}

/** Waits until the replica has all that the master has. */
async function inStep(master: string, replica: string): Promise<void> {
  for (const late = performance.now() + 20_000; ;) {
    const info = [await command(master, 'INFO', 'replication'), await command(replica, 'INFO', 'replication')]
    const [sent, got] = info.map((text) => /(?:slave_repl_offset|master_repl_offset):(\d+)/.exec(text)?.[1])
    if (info[1]?.includes('master_link_status:up') === true && sent === got) return
    assert.ok(performance.now() < late, 'the replica does not get in step')
    await new Promise((resolve) => setTimeout(resolve, 50))
  }
}

async function claimOne(engine: RedisEngine, session: string): Promise<TaskRecord> {
  const [reply] = await engine.claim([{ session, claimId: mintToken(), queues: null, limit: 1 }])
  const [task] = reply?.tasks ?? []
  assert.ok(task !== undefined, 'nothing to claim')
  return task
}

async function succeed(engine: RedisEngine, task: TaskRecord): Promise<string | undefined> {
  const claim = task.claim ?? ''
  const settlement = { id: task.id, claim, guard: 'claim', followUps: [], logs: [] } as const
  const [reply] = await engine.settle([{ ...settlement, outcome: outcomes.succeed('1') }])
  return reply?.status
}

suite('a Redis fail-over that forgets writes', () => {
  test('runs a task again whose claim was forgotten, and takes one ending only', (t) =>
    onPair(t, async ({ master, replica }) => {
      // Whoever is asked through the proxy is the one that counts, as behind a Sentinel's address.
      const atMaster = await TcpProxy.open(master.url)
      const atReplica = await TcpProxy.open(replica.url)
      t.after(() => Promise.all([atMaster.close(), atReplica.close()]))
      await follow(replica.url, master.url)
      const before = await openRedis(atMaster.through(master.url))
      t.after(() => before.close())
      await before.migrate()
      const session = newSession()
      await before.startSession([session])
      await before.enqueue([newTask({ id: 'forgotten-claim' })])
      await inStep(master.url, replica.url)
      await command(replica.url, 'REPLICAOF', 'NO', 'ONE')
      // The replica knows the task as ready; all this is forgotten.
      const old = await claimOne(before, session.id)
      await before.enqueue([newTask({ id: 'forgotten-task' })])
      const after = await openRedis(atReplica.through(replica.url))
      t.after(() => after.close())
      assert.equal(after.instanceId, before.instanceId)
      assert.equal(await succeed(after, old), 'lost')
      assert.deepEqual(await after.records.get(['forgotten-task']), [null])
      const again = await claimOne(after, session.id)
      assert.deepEqual([again.id, again.attempt], [old.id, old.attempt])
      assert.notEqual(again.claim, old.claim)
      assert.equal(await succeed(after, old), 'lost')
      assert.equal(await succeed(after, again), 'applied')
      assert.equal(await succeed(after, old), 'lost')
    }))

  test('leaves a master that became a replica, and says that nothing was applied', (t) =>
    onPair(t, async ({ master, replica }) => {
      const engine = await openRedis(master.url, { callTimeout: 2_000 })
      t.after(() => engine.close())
      await engine.migrate()
      await follow(replica.url, master.url)
      await inStep(master.url, replica.url)
      await command(replica.url, 'REPLICAOF', 'NO', 'ONE')
      await follow(master.url, replica.url)
      await assert.rejects(engine.enqueue([newTask()]), { code: 'engine_unreachable', applied: 'no' })
      await inStep(replica.url, master.url)
      await command(master.url, 'REPLICAOF', 'NO', 'ONE')
      const [reply] = await engine.enqueue([newTask()])
      assert.equal(reply?.outcome, 'created')
    }))
})
