// What a Redis server says of itself when it is opened: it is refused where tasks could vanish, and its durability
// class is told by its settings, also where it keeps them to itself.

import assert from 'node:assert/strict'
import { suite, test, type TestContext } from 'node:test'

import { createClient } from '@redis/client'

import { WindlassError } from '../../src/core/errors.ts'
import { openRedis } from '../../src/engines/redis/redis-engine.ts'
import { startOwn } from '../servers/own-server.ts'

/** Runs a test on a fresh server with these settings. */
function serve(
  t: TestContext,
  settings: Readonly<Record<string, string>>,
  judge: (url: string) => Promise<void>,
): Promise<void> {
  return startOwn(t, { kind: 'redis', settings }, ({ url }) => judge(url))
}

const CLASSES = [
  [{ appendfsync: 'always' }, 'D3', /before it is acknowledged/],
  [{ appendfsync: 'everysec' }, 'D2', /may lose a second/],
  [{ appendonly: 'no', save: '60 1' }, 'D1', /last snapshot/],
  [{ appendonly: 'no' }, 'D0', /lost when the server ends/],
] as const

suite('a Redis server that is opened', () => {
  test('is refused where it may evict keys, with the setting that mends it', (t) =>
    serve(t, { 'maxmemory-policy': 'allkeys-lru' }, async (url) => {
      const refused = await openRedis(url).catch((error: unknown) => error)
      assert.ok(refused instanceof WindlassError)
      assert.deepEqual([refused.code, refused.applied], ['engine_unsafe', 'no'])
      assert.match(refused.message, /allkeys-lru/)
      assert.match(refused.hint, /maxmemory-policy noeviction/)
    }))

  for (const [settings, wanted, text] of CLASSES)
    test(`tells durability class ${wanted}`, (t) =>
      serve(t, settings, async (url) => {
        const engine = await openRedis(url)
        const durability = await engine.durability()
        await engine.close()
        assert.equal(durability.class, wanted)
        assert.match(durability.text, text)
      }))

  test('may keep its settings to itself: that is said, and it works', (t) =>
    serve(t, {}, async (url) => {
      const admin = createClient({ url })
      await admin.connect()
      await admin.sendCommand(['ACL', 'SETUSER', 'app', 'on', '>pw', '~*', '&*', '+@all', '-config'])
      admin.destroy()
      const { port } = new URL(url)
      const engine = await openRedis(`redis://app:pw@127.0.0.1:${port}/0`)
      await engine.migrate()
      const durability = await engine.durability()
      await engine.close()
      assert.equal(durability.class, 'D1')
      assert.match(durability.text, /does not tell its settings/)
    }))

  test('refuses a wrong password without repeating it', (t) =>
    serve(t, {}, async (url) => {
      const { port } = new URL(url)
      const refused = await openRedis(`redis://:wrong-secret@127.0.0.1:${port}/0`).catch(
        (error: unknown) => error,
      )
      assert.ok(refused instanceof WindlassError)
      assert.deepEqual([refused.code, refused.applied], ['engine_unreachable', 'no'])
      assert.doesNotMatch(`${refused.message} ${String(refused.cause)}`, /wrong-secret/)
    }))

  test('that is not there is told at once', async () => {
    const refused = await openRedis('redis://127.0.0.1:1/0').catch((error: unknown) => error)
    assert.ok(refused instanceof WindlassError)
    assert.deepEqual([refused.code, refused.applied], ['engine_unreachable', 'no'])
  })
})

suite('a Redis server with foreign keys', () => {
  test('is refused where another program has written one of the keys', (t) =>
    serve(t, {}, async (url) => {
      const other = createClient({ url })
      await other.connect()
      await other.set('{windlass:windlass}:b', 'not a hash')
      const refused = await openRedis(url).catch((error: unknown) => error)
      other.destroy()
      assert.ok(refused instanceof WindlassError)
      assert.deepEqual([refused.code, refused.applied], ['engine_corrupt', 'no'])
    }))
})
